package query

import "strings"

// SavepointControl tells that a command of TransactionControl stays inside the transaction.
func SavepointControl(command string) bool {
	return command == "SAVEPOINT" || command == "RELEASE" || command == "ROLLBACK TO"
}

func changesSession(statement []Token) bool {
	switch keyword(statement) {
	case "SET":
		return !starts(statement, "SET", "LOCAL") && !starts(statement, "SET", "TRANSACTION") &&
			!starts(statement, "SET", "CONSTRAINTS")
	case "RESET", "LISTEN", "UNLISTEN", "DEALLOCATE", "DISCARD", "LOAD", "DO", "CALL":
		return true
	case "PREPARE":
		return !starts(statement, "PREPARE", "TRANSACTION")
	case "DECLARE":
		return holds(statement)
	}
	return touchesSession(statement)
}

func holds(statement []Token) bool {
	for i := range statement {
		if starts(statement[i:], "WITH", "HOLD") {
			return true
		}
	}
	return false
}

// touchesSession looks for session functions anywhere and for temporary objects. Names in quotes count as well.
func touchesSession(statement []Token) bool {
	for i, t := range statement {
		switch {
		case t.Kind == Word && temporary(t) && i > 0:
			return true
		case (t.Kind == Word || t.Kind == QuotedWord) && sessionFunction(t.Text):
			return true
		}
	}
	return false
}

func temporary(t Token) bool { return t.Is("TEMP") || t.Is("TEMPORARY") }

func sessionFunction(name string) bool {
	name = strings.ToLower(strings.Trim(name, `"`))
	switch name {
	case "set_config", "setseed", "dblink_connect", "dblink_connect_u":
		return true
	}
	return strings.Contains(name, "advisory_lock") || strings.Contains(name, "advisory_unlock")
}
