package query

import "strings"

type scanner struct {
	sql string
	pos int
}

func (s *scanner) scan() Kind {
	c := s.sql[s.pos]
	switch {
	case isSpace(c):
		s.while(isSpace)
		return Space
	case s.at("--"):
		s.while(inLine)
		return Comment
	case s.at("/*"):
		s.blockComment()
		return Comment
	case c == '\'':
		return s.literal(1, false)
	case c == '"':
		return s.quotedWord(1)
	case c == '$':
		return s.dollar()
	case startsWord(c):
		return s.word()
	case isDigit(c), c == '.' && s.digitAt(s.pos+1):
		return s.number()
	case s.at("::"), s.at(":="), s.at(".."):
		s.pos += 2
		return Operator
	case isOperator(c):
		return s.operator()
	}
	s.pos++
	return Punctuation
}

func (s *scanner) at(prefix string) bool { return strings.HasPrefix(s.sql[s.pos:], prefix) }

func (s *scanner) digitAt(i int) bool { return i < len(s.sql) && isDigit(s.sql[i]) }

func (s *scanner) while(accept func(byte) bool) {
	for s.pos < len(s.sql) && accept(s.sql[s.pos]) {
		s.pos++
	}
}

func (s *scanner) blockComment() {
	depth := 0
	for s.pos < len(s.sql) {
		switch {
		case s.at("/*"):
			depth++
			s.pos += 2
		case s.at("*/"):
			depth--
			s.pos += 2
			if depth == 0 {
				return
			}
		default:
			s.pos++
		}
	}
}

// quoted reads up to the closing quote; doubled quotes stay inside. It reports whether there was one.
func (s *scanner) quoted(quote byte, escapes bool) bool {
	for s.pos < len(s.sql) {
		c := s.sql[s.pos]
		s.pos++
		switch {
		case c == '\\' && escapes && s.pos < len(s.sql):
			s.pos++
		case c == quote && s.pos < len(s.sql) && s.sql[s.pos] == quote:
			s.pos++
		case c == quote:
			return true
		}
	}
	return false
}

// literal reads a string whose prefix and quote have the given length. A literal goes on after white space with a line
// break; an escape string keeps its escapes there, which is why this is not left to the next token.
func (s *scanner) literal(prefix int, escapes bool) Kind {
	s.pos += prefix
	for s.quoted('\'', escapes) && s.continues() {
	}
	return String
}

func (s *scanner) continues() bool {
	ahead := scanner{sql: s.sql, pos: s.pos}
	newline := false
	for ahead.pos < len(ahead.sql) {
		switch c := ahead.sql[ahead.pos]; {
		case isSpace(c):
			newline = newline || c == '\n' || c == '\r'
			ahead.pos++
		case ahead.at("--"):
			ahead.while(inLine)
		case c == '\'' && newline:
			s.pos = ahead.pos + 1
			return true
		default:
			return false
		}
	}
	return false
}

func (s *scanner) quotedWord(prefix int) Kind {
	s.pos += prefix
	s.quoted('"', false)
	return QuotedWord
}

func (s *scanner) dollar() Kind {
	if s.digitAt(s.pos + 1) {
		s.pos++
		s.while(isDigit)
		return Parameter
	}
	end := s.pos + 1
	if end < len(s.sql) && startsWord(s.sql[end]) {
		for end < len(s.sql) && inTag(s.sql[end]) {
			end++
		}
	}
	if end >= len(s.sql) || s.sql[end] != '$' {
		s.pos++
		return Punctuation
	}
	tag := s.sql[s.pos : end+1]
	s.pos = end + 1
	if i := strings.Index(s.sql[s.pos:], tag); i >= 0 {
		s.pos += i + len(tag)
	} else {
		s.pos = len(s.sql)
	}
	return String
}

func (s *scanner) word() Kind {
	rest := s.sql[s.pos:]
	if len(rest) > 1 && rest[1] == '\'' && strings.IndexByte("eEbBxXnN", rest[0]) >= 0 {
		return s.literal(2, rest[0] == 'e' || rest[0] == 'E')
	}
	if len(rest) > 2 && (rest[0] == 'u' || rest[0] == 'U') && rest[1] == '&' {
		switch rest[2] {
		case '\'':
			return s.literal(3, false)
		case '"':
			return s.quotedWord(3)
		}
	}
	s.while(inWord)
	return Word
}

func (s *scanner) number() Kind {
	s.while(isDigit)
	if s.pos < len(s.sql) && s.sql[s.pos] == '.' && !s.at("..") {
		s.pos++
		s.while(isDigit)
	}
	if s.pos < len(s.sql) && (s.sql[s.pos] == 'e' || s.sql[s.pos] == 'E') {
		sign := s.pos + 1
		if sign < len(s.sql) && (s.sql[sign] == '+' || s.sql[sign] == '-') {
			sign++
		}
		if s.digitAt(sign) {
			s.pos = sign
			s.while(isDigit)
		}
	}
	return Number
}

// operator takes the longest run of operator characters that holds no start of a comment. Such a run may end in + or -
// only if it has a character that the standard's operators do not use.
func (s *scanner) operator() Kind {
	start := s.pos
	for s.pos < len(s.sql) && isOperator(s.sql[s.pos]) && (s.pos == start || !s.at("--") && !s.at("/*")) {
		s.pos++
	}
	if !strings.ContainsAny(s.sql[start:s.pos], "~!@#%^&|`?") {
		for s.pos > start+1 && (s.sql[s.pos-1] == '+' || s.sql[s.pos-1] == '-') {
			s.pos--
		}
	}
	return Operator
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func inLine(c byte) bool { return c != '\n' && c != '\r' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func startsWord(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func inTag(c byte) bool { return startsWord(c) || isDigit(c) }

func inWord(c byte) bool { return inTag(c) || c == '$' }

func isOperator(c byte) bool { return strings.IndexByte("+-*/<>=~!@#%^&|`?", c) >= 0 }
