package query

// Facts is what the text of a statement tells before it is sent. Classification errs on the side of caution; what the
// server answers decides everything else.
type Facts struct {
	Keyword        string   // of the first statement, in upper case
	Statements     int      // empty ones do not count
	Control        []string // the transaction-control commands among them, in order: "BEGIN", "ROLLBACK TO", …
	CopyStdio      bool
	PlainRead      bool
	Cacheable      bool
	ChangesSession bool
}

// Inspect reads a text once; the functions below are its parts.
func Inspect(sql string) Facts {
	all := statements(sql)
	f := Facts{Statements: len(all)}
	for _, statement := range all {
		if c := control(statement); c != "" {
			f.Control = append(f.Control, c)
		}
		f.CopyStdio = f.CopyStdio || copiesStdio(statement)
		f.ChangesSession = f.ChangesSession || changesSession(statement)
	}
	if len(all) > 0 {
		f.Keyword = keyword(all[0])
	}
	if len(all) == 1 {
		f.Cacheable = cacheable(all[0])
		f.PlainRead = plainRead(all[0])
	}
	return f
}

// Empty tells that there is nothing to run: white space, comments and semicolons only.
func Empty(sql string) bool { return len(statements(sql)) == 0 }

// Multiple tells that a second statement follows.
func Multiple(sql string) bool { return len(statements(sql)) > 1 }

// TransactionControl lists the transaction-control commands of the text: BEGIN, START TRANSACTION, COMMIT, END, ROLLBACK,
// ABORT, SAVEPOINT, RELEASE, ROLLBACK TO, PREPARE TRANSACTION (COMMIT and ROLLBACK PREPARED count as COMMIT and ROLLBACK).
func TransactionControl(sql string) []string { return Inspect(sql).Control }

// CopyStdio tells that the text holds COPY … FROM STDIN or TO STDOUT.
func CopyStdio(sql string) bool { return Inspect(sql).CopyStdio }

// PlainRead tells that the text is one statement that can run twice without a trace.
func PlainRead(sql string) bool { return Inspect(sql).PlainRead }

// Cacheable tells that the text is one statement that is worth keeping prepared.
func Cacheable(sql string) bool { return Inspect(sql).Cacheable }

// ChangesSession tells that the connection may be left different: settings, listeners, prepared statements, held cursors,
// temporary tables, advisory locks. What a function of the database does inside is not seen.
func ChangesSession(sql string) bool { return Inspect(sql).ChangesSession }
