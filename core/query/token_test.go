package query

import (
	"reflect"
	"strings"
	"testing"
)

func joined(tokens []Token) string {
	var b strings.Builder
	for _, t := range tokens {
		b.WriteString(t.Text)
	}
	return b.String()
}

func TestTokenize(t *testing.T) {
	t.Parallel()
	cases := []struct {
		sql   string
		texts []string
	}{
		{"select $1::int", []string{"select", " ", "$1", "::", "int"}},
		{`'it''s' E'a\'b' x`, []string{`'it''s'`, " ", `E'a\'b'`, " ", "x"}},
		{`'a\' b`, []string{`'a\'`, " ", "b"}},
		{"E'a'\n'b\\'c' d", []string{"E'a'\n'b\\'c'", " ", "d"}},
		{"'a' -- x\n 'b';", []string{"'a' -- x\n 'b'", ";"}},
		{"'a' 'b'", []string{"'a'", " ", "'b'"}},
		{`U&'\0041' U&"x""y" b'01' X'ff' n'q'`, []string{`U&'\0041'`, " ", `U&"x""y"`, " ", "b'01'", " ", "X'ff'", " ", "n'q'"}},
		{"/* a /* b */ c */ d", []string{"/* a /* b */ c */", " ", "d"}},
		{"-- a\nb", []string{"-- a", "\n", "b"}},
		{"$$a'b$$ $x$ $$ $x$ $", []string{"$$a'b$$", " ", "$x$ $$ $x$", " ", "$"}},
		{"tbl$1 a$b$c", []string{"tbl$1", " ", "a$b$c"}},
		{"1.5e-3 .5 1..2 a.b 7e", []string{"1.5e-3", " ", ".5", " ", "1", "..", "2", " ", "a", ".", "b", " ", "7", "e"}},
		{"a=-1 a@-b a--b", []string{"a", "=", "-", "1", " ", "a", "@-", "b", " ", "a", "--b"}},
		{"a*/*x*/b", []string{"a", "*", "/*x*/", "b"}},
		{"f(a:=:b)", []string{"f", "(", "a", ":=", ":", "b", ")"}},
		{"d ?| $1 ?& $2", []string{"d", " ", "?|", " ", "$1", " ", "?&", " ", "$2"}},
		{"'open", []string{"'open"}},
		{"/* open", []string{"/* open"}},
		{"$q$ open", []string{"$q$ open"}},
		{`"open`, []string{`"open`}},
		{"naïve 姓名", []string{"naïve", " ", "姓名"}},
	}
	for _, c := range cases {
		var texts []string
		for _, token := range Tokenize(c.sql) {
			texts = append(texts, token.Text)
		}
		if !reflect.DeepEqual(texts, c.texts) {
			t.Errorf("Tokenize(%q)\n got %q\nwant %q", c.sql, texts, c.texts)
		}
	}
}

func FuzzTokenize(f *testing.F) {
	for _, seed := range []string{"select $1", "'a' \n 'b'", "E'\\", "$a$ $a$", "/* /* */", "a--b", "U&\"", "1.e+", ":=::", "\x00\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		tokens := Tokenize(sql)
		if joined(tokens) != sql {
			t.Fatalf("%q became %q", sql, joined(tokens))
		}
		for _, token := range tokens {
			if token.Text == "" {
				t.Fatalf("empty token in %q", sql)
			}
		}
		Inspect(sql)
	})
}
