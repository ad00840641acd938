package query

import "strings"

// splitter finds the semicolons that end statements.
type splitter struct {
	current        []Token // of the statement that is being read, without the silent ones
	parens, blocks int
}

// ends takes the next token and tells whether it is the end of a statement.
func (s *splitter) ends(t Token) bool {
	switch {
	case t.silent():
		return false
	case t.mark(";") && s.parens == 0 && s.blocks == 0:
		return true
	case t.mark("("):
		s.parens++
	case t.mark(")") && s.parens > 0:
		s.parens--
	case s.parens == 0 && t.Kind == Word && routine(s.current):
		s.blocks = nesting(t, s.blocks)
	}
	s.current = append(s.current, t)
	return false
}

// take starts the next statement and returns the tokens of this one.
func (s *splitter) take() []Token {
	tokens := s.current
	s.current = nil
	return tokens
}

// statements splits a text at its top-level semicolons into the tokens that count, without empty statements.
func statements(sql string) [][]Token {
	var all [][]Token
	var s splitter
	for _, t := range Tokenize(sql) {
		if s.ends(t) && len(s.current) > 0 {
			all = append(all, s.take())
		}
	}
	if len(s.current) > 0 {
		all = append(all, s.current)
	}
	return all
}

// Split parts a text at its top-level semicolons. Comments stay with the statement behind them; the semicolons, and
// statements of nothing but comments, are left out.
func Split(sql string) []string {
	var all []string
	var s splitter
	start, end, pos := -1, 0, 0 // of what is neither white space nor a semicolon
	keep := func() {
		if len(s.take()) > 0 {
			all = append(all, sql[start:end])
		}
		start = -1
	}
	for _, t := range Tokenize(sql) {
		from := pos
		pos += len(t.Text)
		switch {
		case s.ends(t):
			keep()
		case t.Kind != Space:
			if start < 0 {
				start = from
			}
			end = pos
		}
	}
	keep()
	return all
}

// routine recognises CREATE [OR REPLACE] FUNCTION | PROCEDURE, whose body may be BEGIN ATOMIC … END with semicolons.
func routine(statement []Token) bool {
	if !starts(statement, "CREATE") {
		return false
	}
	rest := statement[1:]
	if starts(rest, "OR", "REPLACE") {
		rest = rest[2:]
	}
	return starts(rest, "FUNCTION") || starts(rest, "PROCEDURE")
}

func nesting(t Token, blocks int) int {
	switch {
	case t.Is("BEGIN"), t.Is("CASE") && blocks > 0:
		return blocks + 1
	case t.Is("END") && blocks > 0:
		return blocks - 1
	}
	return blocks
}

func starts(tokens []Token, words ...string) bool {
	if len(tokens) < len(words) {
		return false
	}
	for i, word := range words {
		if !tokens[i].Is(word) {
			return false
		}
	}
	return true
}

// FirstKeyword is the first word of the text in upper case, behind white space, comments, semicolons and opening
// parentheses; "" when something else comes first.
func FirstKeyword(sql string) string {
	all := statements(sql)
	if len(all) == 0 {
		return ""
	}
	return keyword(all[0])
}

func keyword(statement []Token) string {
	for _, t := range statement {
		if t.Kind == Word {
			return strings.ToUpper(t.Text)
		}
		if !t.mark("(") {
			break
		}
	}
	return ""
}

// control names the transaction-control command that the statement is, or "".
func control(statement []Token) string {
	switch word := keyword(statement); word {
	case "BEGIN", "COMMIT", "END", "ABORT", "SAVEPOINT", "RELEASE":
		return word
	case "START":
		return when(starts(statement, "START", "TRANSACTION"), "START TRANSACTION")
	case "PREPARE":
		return when(starts(statement, "PREPARE", "TRANSACTION"), "PREPARE TRANSACTION")
	case "ROLLBACK":
		rest := statement[1:]
		if starts(rest, "WORK") || starts(rest, "TRANSACTION") {
			rest = rest[1:]
		}
		if starts(rest, "TO") {
			return "ROLLBACK TO"
		}
		return word
	}
	return ""
}

func when(condition bool, text string) string {
	if condition {
		return text
	}
	return ""
}

// copiesStdio recognises a COPY that would switch the connection to the copy protocol.
func copiesStdio(statement []Token) bool {
	if !starts(statement, "COPY") {
		return false
	}
	parens := 0
	for i, t := range statement[:len(statement)-1] {
		next := statement[i+1]
		switch {
		case t.mark("("):
			parens++
		case t.mark(")"):
			parens--
		case parens == 0 && (t.Is("FROM") || t.Is("TO")) && (next.Is("STDIN") || next.Is("STDOUT")):
			return true
		}
	}
	return false
}

func cacheable(statement []Token) bool {
	switch keyword(statement) {
	case "SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "VALUES", "TABLE":
		return true
	}
	return false
}
