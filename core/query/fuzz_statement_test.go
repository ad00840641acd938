package query

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"ouroboros-postgres/core/wire"
)

// secret marks the values of arguments: no SQL text may contain it.
const secret = "zq7x"

// given makes arguments for the first n slots.
func given(n int) []wire.Arg {
	args := make([]wire.Arg, n)
	for i := range args {
		args[i] = wire.Arg{Kind: wire.Text, Text: secret + strconv.Itoa(i)}
	}
	return args
}

// inspectCompiled checks what holds for every statement: its placeholders are $1 to $n, one for each parameter, and the
// values are nowhere in the text.
func inspectCompiled(t *testing.T, c *Compiled, first int) {
	t.Helper()
	used := map[int]bool{}
	for _, token := range Tokenize(c.SQL) {
		if token.Kind != Parameter {
			continue
		}
		n, err := placeholder(token)
		if err != nil {
			t.Fatalf("%s in %q", token.Text, c.SQL)
		}
		used[n] = true
	}
	for n := first; n < first+len(c.Parameters); n++ {
		if !used[n] {
			t.Fatalf("no $%d in %q", n, c.SQL)
		}
	}
	if len(used) != len(c.Parameters) {
		t.Fatalf("%d placeholders and %d parameters: %q", len(used), len(c.Parameters), c.SQL)
	}
	const arguments = 64
	bound, err := c.Bind(given(arguments))
	if strings.Contains(c.SQL, secret) || err == nil && len(bound) != len(c.Parameters) {
		t.Fatalf("%q with %d of %d arguments", c.SQL, len(bound), len(c.Parameters))
	}
}

func seedTrees(f *testing.F) {
	f.Helper()
	cases, err := filepath.Glob("testdata/statements/*/in.json")
	if err != nil || len(cases) == 0 {
		f.Fatal(cases, err)
	}
	for _, path := range cases {
		raw, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		var c statementCase
		if err := json.Unmarshal(raw, &c); err != nil {
			f.Fatal(err)
		}
		const longest = 4096
		for _, tree := range []json.RawMessage{c.Statement, c.Expression, c.Where} {
			if tree != nil && len(tree) < longest {
				f.Add(string(tree))
			}
		}
	}
}

// FuzzCompile reads any bytes as each kind of tree.
func FuzzCompile(f *testing.F) {
	seedTrees(f)
	f.Fuzz(func(t *testing.T, tree string) {
		if strings.Contains(tree, secret) {
			return
		}
		for _, compile := range []func(string, int) (*Compiled, error){Compile, CompileExpression, CompileWhere} {
			const first = 3
			if c, err := compile(tree, first); err == nil {
				inspectCompiled(t, c, first)
			}
		}
	})
}

// treeMaker makes random trees of the right shape from random numbers.
type treeMaker struct {
	*rand.Rand
	slots int
	texts []string
}

// text is a name, or now and then something hostile.
func (m *treeMaker) text(names ...string) string {
	if m.IntN(16) == 0 {
		return m.texts[m.IntN(len(m.texts))]
	}
	if names == nil {
		names = []string{"id", "name", "order", "createdAt", "姓名", "users_1", `"a""b"`}
	}
	return pick(m, names...)
}

func pick[T any](m *treeMaker, items ...T) T { return items[m.IntN(len(items))] }

func (m *treeMaker) slot() any {
	switch m.IntN(8) {
	case 0:
		return nil
	case 1:
		return m.list(func() any { return m.slot() })
	}
	m.slots++
	return m.slots - 1
}

func (m *treeMaker) list(item func() any) []any {
	items := make([]any, m.IntN(3))
	for i := range items {
		items[i] = item()
	}
	return items
}

type fields = map[string]any

func (m *treeMaker) expression(depth int) any {
	if depth <= 0 {
		if m.IntN(3) == 0 {
			return fields{"column": fields{"name": m.text("a", "a.b", "s.a.b")}}
		}
		return fields{"column": fields{"name": m.text(), "of": pick(m, "u", "v", "w"), "outer": m.IntN(2) == 0, "as": pick(m, "", "x")}}
	}
	next := func() any { return m.expression(depth - 1) }
	switch m.IntN(12) {
	case 0:
		return fields{"value": m.slot()}
	case 1:
		return fields{"raw": fields{"sql": m.text("x = 1", "'$1'", "a -- $1\n"), "args": []any{}}}
	case 2:
		n := m.IntN(3)
		return fields{"raw": fields{"sql": strings.Repeat("$1 $$ $2 $$ ", n), "args": make([]any, min(n, 1))}}
	case 3, 4:
		return fields{"boolean": fields{"operator": pick(m, "AND", "OR", "NOT"), "members": []any{next(), next()}[:1+m.IntN(2)], "enclosed": m.IntN(2) == 0}}
	case 5:
		return fields{"exists": fields{"query": m.query(depth - 1), "negated": m.IntN(2) == 0}}
	case 6:
		return fields{"query": m.query(depth - 1)}
	case 7:
		return fields{"aggregate": fields{"function": m.text("count", "SUM", "count_distinct"), "column": next()}}
	case 8:
		return fields{"window": fields{
			"function": m.text("lag", "lead", "nth_value"), "column": next(), "offset": 0,
			"default": pick(m, nil, m.slot()), "partition": m.list(next), "order": m.orders(depth - 1), "frame": pick[any](m, nil, []any{"rows", -1, nil}),
		}}
	case 9:
		return fields{"path": fields{"left": next(), "keys": m.list(m.slot)}}
	case 10:
		return fields{"match": fields{"left": next(), "query": m.slot(), "config": m.text("english")}}
	}
	compare := fields{"left": next(), "operator": m.operator(), "array": m.IntN(3) == 0, "cast": pick(m, "", "", "jsonb")}
	if m.IntN(3) == 0 {
		compare["right"] = next()
	} else {
		compare["value"] = m.list(m.slot)
	}
	return fields{"compare": compare}
}

func (m *treeMaker) operator() string {
	return m.text("=", "!=", "<>", "in", "not_in", "is_null", "any", "?|", "?&", "array_contains", "IS TRUE")
}

func (m *treeMaker) orders(depth int) []any {
	return m.list(func() any {
		return fields{"expression": m.expression(depth), "direction": m.text("asc", "DESC NULLS LAST")}
	})
}

func (m *treeMaker) source(depth int) any {
	source := fields{"keys": []any{pick(m, "u", "v")}, "alias": m.text("", "", "users_1"), "fixed": m.IntN(4) == 0}
	if depth > 0 && m.IntN(3) == 0 {
		source["query"], source["alias"] = m.query(depth-1), "q"
	} else {
		source["table"] = pick[any](m, "users", []any{"public", "users"}, m.text("s.t", `"T"`), []any{m.text("T")})
	}
	return source
}

func (m *treeMaker) query(depth int) any {
	if depth <= 0 {
		return fields{"sql": m.text("SELECT 1", "SELECT '$1'"), "args": []any{}}
	}
	return fields{"select": m.selected(depth)}
}

func (m *treeMaker) selected(depth int) fields {
	next := func() any { return m.expression(depth - 1) }
	s := fields{
		"from": m.source(depth - 1), "where": m.list(next), "group_by": m.list(next), "having": m.list(next),
		"distinct": m.IntN(2) == 0, "distinct_on": m.list(next), "qualified": m.IntN(2) == 0, "order": m.orders(depth - 1),
		"limit": pick[any](m, nil, 0), "recursive": m.IntN(2) == 0,
		"columns": m.list(func() any { return fields{"expression": next(), "label": m.text("", "n")} }),
		"joins": m.list(func() any {
			return fields{"kind": m.text("left", "FULL"), "source": m.source(depth - 1), "on": next()}
		}),
		"ctes": m.list(func() any { return fields{"name": m.text(), "query": m.query(depth - 1)} }),
		"sets": m.list(func() any {
			return fields{"operation": m.text("union", "EXCEPT_ALL"), "query": m.query(depth - 1)}
		}),
	}
	if m.IntN(4) == 0 {
		s["lock"] = fields{"strength": m.text("update", "share"), "of": m.list(func() any { return pick(m, "u", "v") })}
	}
	return s
}

func (m *treeMaker) statement(depth int) any {
	where := m.list(func() any { return m.expression(depth) })
	table := fields{"table": pick[any](m, "users", []any{"s", m.text("t", "T")}), "keys": []any{"u"}}
	switch m.IntN(4) {
	case 0:
		return fields{"update": fields{"table": table, "set": []any{[]any{m.text(), m.slot()}}, "where": where, "returning": []any{m.text()}}}
	case 1:
		return fields{"delete": fields{"table": table, "where": where, "returning": m.list(func() any { return m.text() })}}
	}
	return fields{"select": m.selected(depth)}
}

// FuzzCompileShape compiles random trees of the right shape, with hostile texts as names, operators, functions and aliases.
func FuzzCompileShape(f *testing.F) {
	f.Add(uint64(1), uint8(2), `x"; DROP TABLE users; --`)
	f.Add(uint64(2), uint8(3), "users'")
	f.Add(uint64(3), uint8(4), "$1")
	f.Add(uint64(4), uint8(3), "\x00")
	f.Add(uint64(5), uint8(3), `"a""b"`)
	f.Fuzz(func(t *testing.T, seed uint64, depth uint8, text string) {
		if strings.Contains(text, secret) {
			return
		}
		m := &treeMaker{Rand: rand.New(rand.NewPCG(seed, 0)), texts: []string{text, text + ".x", " " + text}}
		tree, err := json.Marshal(m.statement(int(depth % 5)))
		if err != nil {
			t.Fatal(err)
		}
		c, err := Compile(string(tree), 1)
		if err != nil {
			return
		}
		inspectCompiled(t, c, 1)
		again, err := Compile(string(tree), 1)
		if err != nil || again.SQL != c.SQL {
			t.Fatalf("%q and %q (%v)", c.SQL, again.SQL, err)
		}
		balanced(t, c.SQL)
	})
}

// balanced checks that what stands in parentheses ends there.
func balanced(t *testing.T, sql string) {
	t.Helper()
	depth := 0
	for _, token := range Tokenize(sql) {
		switch {
		case token.mark("("):
			depth++
		case token.mark(")"):
			depth--
		case token.mark(";"):
			t.Fatalf("two statements in %q", sql)
		}
		if depth < 0 {
			t.Fatalf("unbalanced: %q", sql)
		}
	}
	if depth != 0 {
		t.Fatalf("unbalanced: %q", sql)
	}
}
