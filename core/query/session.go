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

// touchesSession looks for session functions and the temporary schema anywhere, and for temporary objects. Names in quotes count as well.
func touchesSession(statement []Token) bool {
	for i, t := range statement {
		switch {
		case i > 0 && temporary(t) && creates(statement[i-1]):
			return true
		case (t.Kind == Word || t.Kind == QuotedWord) && sessionFunction(t.Text):
			return true
		}
	}
	return false
}

func temporary(t Token) bool { return t.Is("TEMP") || t.Is("TEMPORARY") }

// creates tells that TEMP behind this word is no column: CREATE [OR REPLACE] [LOCAL | GLOBAL] TEMP, SELECT INTO TEMP.
func creates(t Token) bool {
	return t.Is("CREATE") || t.Is("REPLACE") || t.Is("LOCAL") || t.Is("GLOBAL") || t.Is("INTO")
}

func sessionFunction(name string) bool {
	name = strings.ToLower(strings.Trim(name, `"`))
	switch name {
	case "set_config", "setseed", "dblink_connect", "dblink_connect_u", "pg_temp":
		return true
	}
	return strings.Contains(name, "advisory_lock") || strings.Contains(name, "advisory_unlock")
}
