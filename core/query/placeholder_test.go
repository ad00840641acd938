package query

import (
	"reflect"
	"strconv"
	"strings"
	"testing"

	"ouroboros-postgres/core/pgerr"
)

func TestNamed(t *testing.T) {
	t.Parallel()
	names := map[string]int{"a": 1, "b": 2, "long_name": 3, "unused": 4, "名": 5}
	cases := []struct {
		sql, want string
		order     []string
	}{
		{"select :a, :b, :a", "select $1, $2, $1", []string{"a", "b"}},
		{"select :a::int, ':a', \":b\", $$:a$$, E'\\':a' -- :a\n/* :b */", "select $1::int, ':a', \":b\", $$:a$$, E'\\':a' -- :a\n/* :b */", []string{"a"}},
		{"select a[1:2], a[1:b], a[1 : b], a[:a], array[:a, :b]", "select a[1:2], a[1:b], a[1 : b], a[$1], array[$1, $2]", []string{"a", "b"}},
		{"select x[f(:a) : b], x[case when :a then :b end]", "select x[f($1) : b], x[case when $1 then $2 end]", []string{"a", "b"}},
		{"f(x := :long_name, y:=:a)", "f(x := $1, y:=$2)", []string{"long_name", "a"}},
		{"where a=:a and b>=:b", "where a=$1 and b>=$2", []string{"a", "b"}},
		{"(:a)::text[]", "($1)::text[]", []string{"a"}},
		{"select :名", "select $1", []string{"名"}},
		{"select 'x':a", "select 'x':a", nil},
	}
	for _, c := range cases {
		sql, order, err := Named(c.sql, names)
		if err != nil || sql != c.want || !reflect.DeepEqual(order, c.order) {
			t.Errorf("Named(%q)\n got %q %v %v\nwant %q %v", c.sql, sql, order, err, c.want, c.order)
		}
	}
}

func TestNamedRefuses(t *testing.T) {
	t.Parallel()
	for sql, part := range map[string]string{"select :missing": ":missing", "select :a, $1": "$1"} {
		_, _, err := Named(sql, map[string]int{"a": 1})
		if err == nil || pgerr.From(err).Kind != pgerr.Query || !strings.Contains(err.Error(), part) {
			t.Errorf("%q: %v", sql, err)
		}
	}
}

func TestFragment(t *testing.T) {
	t.Parallel()
	cases := []struct {
		sql   string
		count int
		want  string
	}{
		{"a = $1 ; -- done", 1, "a = $3"},
		{"a = $2 OR b = $1 OR c = $2", 2, "a = $4 OR b = $3 OR c = $4"},
		{"", 0, ""},
		{"a = ';'", 0, "a = ';'"},
		{`$1 = a AND tbl$1 = '$1' AND "$1" = $2 AND $$ $1 $$ <> E'\'$1' /* $1 /* $2 */ $1 */ OR $1 -- $1`, 2, `$3 = a AND tbl$1 = '$1' AND "$1" = $4 AND $$ $1 $$ <> E'\'$1' /* $1 /* $2 */ $1 */ OR $3`},
		{"a = 'x'\n'y' OR b = ')'", 0, "a = 'x'\n'y' OR b = ')'"},
		{"a = 'x'\n", 0, "a = 'x'"},
		{"(a) = ANY(b) -- (", 0, "(a) = ANY(b)"},
	}
	for _, c := range cases {
		if got, err := Fragment(c.sql, c.count, 2); got != c.want || err != nil {
			t.Errorf("%q: %q %v", c.sql, got, err)
		}
	}
	for sql, count := range map[string]int{
		"a = $2": 1, "a = $1": 2, "a = 1": 1, "a = 1; delete from t": 0, "$0": 0, "a = '\x00'": 0,
		"$65536": 1, "$99999999999999999999": 1, "a = 'x": 0, `"a`: 0, "$q$ $q": 0, "E'\\'": 0, "a) OR (b": 0, "(a": 0, "a)": 0,
	} {
		if _, err := Fragment(sql, count, 0); err == nil || pgerr.From(err).Kind != pgerr.Query {
			t.Errorf("%q: %v", sql, err)
		}
	}
}

func FuzzNamed(f *testing.F) {
	f.Add("select :a::int, a[1:b], ':a' where b = :b")
	f.Fuzz(func(t *testing.T, sql string) {
		out, order, err := Named(sql, map[string]bool{"a": true, "b": true})
		if err != nil {
			return
		}
		highest := 0
		for _, token := range Tokenize(out) {
			if token.Kind == Parameter {
				highest = max(highest, int(token.Text[1]-'0'))
			}
		}
		if highest != len(order) {
			t.Fatalf("%q became %q with %v", sql, out, order)
		}
	})
}

// FuzzFragment: outside of placeholders a text stays what it is, byte for byte; it cannot reach what is written around it.
func FuzzFragment(f *testing.F) {
	f.Add("a = $1 and b = '$2' and c = $2", 2, 5)
	f.Add("a = 'x'\n'y' -- $1\n;", 0, 1)
	f.Add("$$ $1 $$ /* $1 */ $1", 1, 65535)
	f.Add("(a) ) (", 0, 0)
	f.Fuzz(func(t *testing.T, sql string, count, n int) {
		if n < 0 || n > MaxParameters || count < 0 || count > 9 {
			return
		}
		out, err := Fragment(sql, count, n)
		if err != nil {
			return
		}
		before, after := Tokenize(sql), Tokenize("("+out+"\n)")
		if last := len(after) - 1; !after[last].mark(")") {
			t.Fatalf("%q becomes %q, which swallows what is behind it", sql, out)
		}
		after = after[1:]
		for i, token := range Tokenize(out) {
			same := before[i] == token
			if token.Kind == Parameter {
				number, _ := strconv.Atoi(before[i].Text[1:])
				same = before[i].Kind == Parameter && token.Text == "$"+strconv.Itoa(number+n)
			}
			if !same || after[i] != token && i > 0 {
				t.Fatalf("%q became %q at %q", sql, out, token.Text)
			}
		}
	})
}
