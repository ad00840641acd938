package query

import "strings"

// Kind is the lexical class of a token.
type Kind uint8

const (
	Space Kind = iota
	Comment
	String      // every literal in quotes or dollar quotes, with its prefix and its continuation lines
	Word        // key word or bare identifier
	QuotedWord  // "identifier", with the U& prefix if there is one
	Number      //
	Parameter   // $1
	Operator    // by PostgreSQL's rules, and :: := ..
	Punctuation // one of ( ) [ ] , ; . : or a character that SQL does not know
)

// Token is a piece of SQL text.
type Token struct {
	Kind Kind
	Text string
}

// Is tells whether the token is this bare word, whatever its case; word is in upper case.
func (t Token) Is(word string) bool {
	return t.Kind == Word && len(t.Text) == len(word) && strings.EqualFold(t.Text, word)
}

func (t Token) mark(text string) bool { return t.Kind == Punctuation && t.Text == text }

func (t Token) silent() bool { return t.Kind == Space || t.Kind == Comment }

// Tokenize splits SQL text as PostgreSQL's scanner does (with standard_conforming_strings). It never fails: what is not
// terminated becomes one last token, and the texts of all tokens joined are the input.
func Tokenize(sql string) []Token {
	tokens := make([]Token, 0, len(sql)/4+1)
	s := scanner{sql: sql}
	for s.pos < len(sql) {
		start := s.pos
		kind := s.scan()
		tokens = append(tokens, Token{Kind: kind, Text: sql[start:s.pos]})
	}
	return tokens
}
