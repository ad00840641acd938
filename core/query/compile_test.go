package query

import (
	"fmt"
	"strings"
	"testing"

	"ouroboros-postgres/core/pgerr"
)

// nested is an expression of n NOTs.
func nested(n int) string {
	return strings.Repeat(`{"boolean":{"operator":"NOT","members":[`, n) + `{"constant":true}` + strings.Repeat(`]}}`, n)
}

func TestCompileDepth(t *testing.T) {
	t.Parallel()
	c, err := CompileExpression(nested(900), 1)
	if err != nil || c.SQL != strings.Repeat("NOT (", 900)+"TRUE"+strings.Repeat(")", 900) {
		t.Errorf("%.40q %v", c.SQL, err)
	}
	for _, tree := range []string{nested(1100), strings.Repeat(`{"boolean":{"members":[`, 2_000_000)} {
		if _, err := CompileExpression(tree, 1); pgerr.From(err).Message != "the statement is nested too deeply" {
			t.Error(err)
		}
	}
}

func TestCompiledKnowsWhatItIs(t *testing.T) {
	t.Parallel()
	const from = `"from":{"table":"t"}`
	for tree, want := range map[string]string{
		`{"select":{` + from + `}}`:                                                                               "read true rows true unsure false",
		`{"select":{` + from + `,"lock":{"strength":"share"}}}`:                                                   "read false rows true unsure false",
		`{"select":{` + from + `,"where":[{"raw":{"sql":"f()"}}]}}`:                                               "read false rows true unsure false",
		`{"select":{` + from + `,"sets":[{"operation":"union","query":{"sql":"SELECT 1"}}]}}`:                     "read false rows true unsure false",
		`{"select":{"from":{"query":{"sql":"SELECT 1"},"alias":"s"}}}`:                                            "read false rows true unsure true",
		`{"select":{` + from + `,"columns":[{"expression":{"star":{}}},{"expression":{"value":0},"label":"n"}]}}`: "read true rows true unsure true",
		`{"select":{` + from + `,"columns":[{"expression":{"raw":{"sql":"1"}}}]}}`:                                "read false rows true unsure false",
		`{"delete":{"table":{"table":"t"}}}`:                                                                      "read false rows false unsure false",
		`{"delete":{"table":{"table":"t"},"returning":["*"]}}`:                                                    "read false rows true unsure false",
	} {
		c, err := Compile(tree, 1)
		if err != nil {
			t.Fatal(tree, err)
		}
		if got := fmt.Sprintf("read %t rows %t unsure %t", c.Read, c.Rows, c.Unsure); got != want {
			t.Errorf("%s: %s", tree, got)
		}
	}
}

func TestCompiledKnowsTheShape(t *testing.T) {
	t.Parallel()
	const (
		from  = `{"select":{"from":{"table":"t"},"columns":[{"expression":{"column":{"name":"id"}}}`
		plain = `,{"expression":{"column":{"name":"a"}},"label":"l"}`
	)
	nest := func(label, nest string) string {
		return `,{"expression":{"column":{"name":"a"}},"label":"` + label + `","nest":` + nest + `}`
	}
	c, err := Compile(from+nest("m", `{"name":"x","fields":["a"],"key":0}`)+nest("n", `{"name":"y","fields":["b","c"],"key":1}`)+
		plain+`],"fold":true}}`, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(c.Shape); got != "{[{m x [a] 0} {n y [b c] 1}] true map[]}" {
		t.Error(got)
	}
	one := nest("m", `{"name":"x","fields":["a"],"key":0}`)
	inner := strings.TrimSuffix(from+one+`]}}`, "}")
	const wrong = "nest needs a name, fields, and the index of one of them"
	for tree, want := range map[string]string{
		from + nest("m", `{"name":"x","fields":["a","b"],"key":0}`) + one + `]}}`: "nest needs as many fields as there are columns",
		from + one + plain + `]}}`:                                                       "nest needs as many fields as there are columns",
		from + `],"fold":true}}`:                                                         "fold needs a nest",
		from + nest("", `{"name":"x","fields":["a"],"key":0}`) + `]}}`:                   "a column with nest needs a label",
		from + nest("m", `{"name":"","fields":["a"],"key":0}`) + `]}}`:                   wrong,
		from + nest("m", `{"name":"x","fields":[],"key":0}`) + `]}}`:                     wrong,
		from + nest("m", `{"name":"x","fields":["a"],"key":1}`) + `]}}`:                  wrong,
		from + nest("m", `{"name":"x","fields":["a"],"key":-1}`) + `]}}`:                 wrong,
		`{"select":{"from":{"alias":"s","query":` + inner + `}}}}`:                       "nest and fold are only for the rows of a statement",
		`{"select":{"from":{"table":"s"},"ctes":[{"name":"c","query":` + inner + `}}]}}`: "nest and fold are only for the rows of a statement",
	} {
		if _, err := Compile(tree, 1); err == nil || !strings.Contains(pgerr.From(err).Message, want) {
			t.Errorf("%s: %v", tree, err)
		}
	}
}

func TestCompileTooManyParameters(t *testing.T) {
	t.Parallel()
	in := `{"compare":{"left":{"column":{"name":"id"}},"operator":"IN","value":[` + strings.Repeat("0,", 999) + `0]}}`
	tree := `{"boolean":{"operator":"OR","members":[` + strings.Repeat(in+",", 65) + in + `]}}`
	if _, err := CompileExpression(tree, 1); pgerr.From(err).Message != "a statement can have 65535 parameters, not 66000" {
		t.Error(err)
	}
	if _, err := CompileExpression(`{"value":0}`, MaxParameters+1); pgerr.From(err).Kind != pgerr.Value {
		t.Error(err)
	}
}

// TestCompileWithPartsMissing leaves out what a node needs, or everything: an error or a statement, never a panic.
func TestCompileWithPartsMissing(t *testing.T) {
	t.Parallel()
	for _, kind := range strings.Fields("column star value compare boolean raw constant query exists aggregate window path match") {
		for _, of := range []string{"null", "{}", `{"left":null,"query":null,"column":null}`, "[null]", "[{}]"} {
			_, err := CompileExpression(`{"`+kind+`":`+of+`}`, 1)
			if simple := kind == "star" || kind == "value" || kind == "constant"; err == nil && !simple {
				t.Error(kind, of)
			}
		}
	}
	fields := `ctes recursive distinct distinct_on columns from joins qualified where group_by having order limit offset left sets
		lock table set returning`
	for _, field := range strings.Fields(fields) {
		for _, of := range []string{"[null]", "[{}]", "{}", `[{"query":null}]`, `[{"expression":null}]`, `[{"source":null,"on":null}]`, `[[null]]`} {
			for _, kind := range []string{"select", "update", "delete"} {
				_, _ = Compile(`{"`+kind+`":{"`+field+`":`+of+`}}`, 1)
				if c, err := Compile(`{"`+kind+`":{"from":{"table":"t"},"`+field+`":`+of+`}}`, 1); err == nil {
					t.Error(kind, field, of, c.SQL)
				}
			}
		}
		if c, err := Compile(`{"select":{"from":{"table":"t"},"`+field+`":null}}`, 1); err == nil && c.SQL != "SELECT * FROM t" {
			t.Error(field, c.SQL)
		}
	}
	for _, tree := range []string{`null`, `{"select":null}`, `{"update":null}`, `{"delete":{}}`, `{"update":{"table":{"table":null},"set":[["a",0]]}}`} {
		if c, err := Compile(tree, 1); err == nil {
			t.Error(tree, c.SQL)
		}
	}
}
