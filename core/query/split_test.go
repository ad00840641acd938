package query

import (
	"reflect"
	"strings"
	"testing"
)

func TestSplit(t *testing.T) {
	t.Parallel()
	cases := []struct {
		sql  string
		want []string
	}{
		{"", nil},
		{" ;; -- only\n ; /* ; */", nil},
		{"A; B", []string{"A", "B"}},
		{"A ;\n-- about b;\nB;\n-- the end", []string{"A", "-- about b;\nB"}},
		{"/* c; /* ; */ */ A; B -- ;\n;", []string{"/* c; /* ; */ */ A", "B -- ;"}},
		{`'a;b' E'\';' "x;y" 'a''; $$'; B`, []string{`'a;b' E'\';' "x;y" 'a''; $$'`, "B"}},
		{"$$ ; $$; $a$ ; $$ ; $a$; B", []string{"$$ ; $$", "$a$ ; $$ ; $a$", "B"}},
		{"a$b$c; d$b$e", []string{"a$b$c", "d$b$e"}},
		{"CREATE RULE r AS ON INSERT TO t DO (A; B); C", []string{"CREATE RULE r AS ON INSERT TO t DO (A; B)", "C"}},
		{
			"create or replace function f() returns int begin atomic select case when true then 1 end; select 2; end; B",
			[]string{"create or replace function f() returns int begin atomic select case when true then 1 end; select 2; end", "B"},
		},
		{"A\u00a0;\u00a0", []string{"A\u00a0", "\u00a0"}}, // to the server a no-break space is part of a name
		{"BEGIN; A; END; B", []string{"BEGIN", "A", "END", "B"}},
		{"CREATE PROCEDURE p() BEGIN ATOMIC A; END; B", []string{"CREATE PROCEDURE p() BEGIN ATOMIC A; END", "B"}},
	}
	for _, c := range cases {
		if got := Split(c.sql); !reflect.DeepEqual(got, c.want) {
			t.Errorf("Split(%q)\n got %q\nwant %q", c.sql, got, c.want)
		}
	}
}

// loud joins what counts in a text, without the semicolons.
func loud(texts ...string) string {
	var b strings.Builder
	for _, text := range texts {
		for _, t := range Tokenize(text) {
			if !t.silent() && !t.mark(";") {
				b.WriteString(t.Text + "\x00")
			}
		}
	}
	return b.String()
}

func FuzzSplit(f *testing.F) {
	for _, seed := range []string{
		"A; -- c\nB", "'a;' $$;$$ ;", "CREATE FUNCTION f() BEGIN ATOMIC A; END; B", "(;)", "/* ; */ A;;", "U&\"", "1;e", "a--b;\r;",
		"E'x';\n'y'",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		parts := Split(sql)
		if got, want := loud(parts...), loud(sql); got != want {
			t.Fatalf("%q lost tokens: %q", sql, parts)
		}
		if len(parts) != Inspect(sql).Statements {
			t.Fatalf("%q became %d statements, not %d", sql, len(parts), Inspect(sql).Statements)
		}
		for _, part := range parts {
			if part == "" || Inspect(part).Statements != 1 {
				t.Fatalf("%q gave %q", sql, part)
			}
		}
	})
}
