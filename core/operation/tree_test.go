package operation

import (
	"fmt"
	"strings"
	"testing"

	"ouroboros-postgres/core/engine"
	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/query"
)

func TestStatements(t *testing.T) {
	d := open(t)
	d.exec(`CREATE TABLE people (id int PRIMARY KEY, name text, age int, tags text[])`)
	d.exec(`INSERT INTO people VALUES (1, 'Ada', 36, '{a,b}'), (2, 'Bob', NULL, '{}'), (3, 'Cyd', 20, '{c}')`)
	adults := `{"select":{"columns":[{"expression":{"column":{"name":"name","of":"p"}}}],"from":{"table":["people"],"keys":["p"]},
		"where":[{"compare":{"left":{"column":{"name":"age","of":"p"}},"operator":">","value":1}}],
		"order":[{"expression":{"column":{"name":"id"}},"direction":"DESC"}],"limit":0}}`
	d.want(`{"op":"statement","args":[5,19],"statement":`+adults+`}`, `[{"name":"Cyd"},{"name":"Ada"}]`)
	d.want(`{"op":"statement","args":[1,19],"statement":`+adults+`,"purpose":"query"}`, `[{"name":"Cyd"}]`)
	d.want(`{"op":"statement","args":["x",5,6],"statement":{"update":{"table":{"table":["people"]},"set":[["name",0],["age",null]],
		"where":[{"compare":{"left":{"column":{"name":"id"}},"operator":"IN","value":[1,2]}}]}}}`, `0`)
}

func TestStatementsThatWrite(t *testing.T) {
	d := open(t)
	d.exec(`CREATE TABLE people (id int PRIMARY KEY, name text, tags text[])`)
	d.exec(`INSERT INTO people VALUES (1, 'Ada', '{}'), (2, 'Bob', '{}')`)
	set := `{"table":{"table":["people"]},"set":[["name",0],["tags",[1,null]]],"where":[{"compare":{"left":{"column":{"name":"id"}},"operator":"=","value":2}}]`
	d.want(`{"op":"statement","args":["x","t",1],"statement":{"update":`+set+`}}}`, `1`)
	d.want(`{"op":"statement","args":["y","t",1],"statement":{"update":`+set+`,"returning":["*"]}}}`, `[{"id":1,"name":"y","tags":["t",null]}]`)
	d.want(`{"op":"statement","args":["y","t",9],"statement":{"update":`+set+`,"returning":["id"]}}}`, `[]`)
	remove := `{"table":{"table":["people"]},"where":[{"raw":{"sql":"name = $1","args":[0]}}]`
	d.want(`{"op":"statement","args":["Bob"],"statement":{"delete":`+remove+`,"returning":["id"]}}}`, `[{"id":2}]`)
	d.want(`{"op":"statement","args":["Bob"],"statement":{"delete":`+remove+`}}}`, `0`)
	d.want(`{"op":"statement","statement":{"delete":{"table":{"table":["people"]}}}}`, `1`)
}

func TestStatementErrors(t *testing.T) {
	d := open(t)
	all := `{"select":{"from":{"table":["nowhere"]}}}`
	for purpose, prefix := range map[string]string{
		"": "Query failed: ", "query": "Query failed: ", "count": "Count query failed: ", "aggregate": "Aggregate query failed: ",
		"update": "Update failed: ", "delete": "Delete failed: ",
	} {
		d.fails(fmt.Sprintf(`{"op":"statement","statement":%s,"purpose":%q}`, all, purpose), pgerr.Database, prefix, "nowhere", "does not exist")
	}
	d.fails(`{"op":"statement","statement":`+all+`,"purpose":"fun"}`, pgerr.Value, `Unknown purpose: "fun"`)
	d.fails(`{"op":"statement"}`, pgerr.Value, "malformed")
	d.fails(`{"op":"statement","statement":null}`, pgerr.Value)
	d.fails(`{"op":"statement","statement":`+all+`,"parameters":[]}`, pgerr.Value, "parameters")
	limited := `{"select":{"from":{"table":["nowhere"]},"limit":0,"offset":1}}`
	for args, want := range map[string]string{
		`[-1,0]`: "limit must not be negative", `[0,-5]`: "offset must not be negative", `[1]`: "slot 1 has no argument",
		`[]`: "slot 0 has no argument",
	} {
		d.fails(`{"op":"statement","statement":`+limited+`,"args":`+args+`}`, pgerr.Value, want)
	}
	d.fails(`{"op":"statement","statement":`+limited+`,"args":["1",0]}`, pgerr.Type, "limit must be an int, not str")
	d.fails(`{"op":"statement","args":[null],"statement":{"select":{"columns":[{"expression":{"value":0}}]}}}`, pgerr.Value, "argument 0 is None")
	d.fails(`{"op":"statement","args":[1],"statement":{"select":{"columns":[{"expression":{"value":[0,1]}}]}}}`, pgerr.Value, "slot 1 has no argument")
	twice := `{"select":{"columns":[{"expression":{"value":0},"label":"n"},{"expression":{"aggregate":{"function":"count"}},"label":"n"}]}}`
	d.fails(`{"op":"statement","args":[1],"purpose":"aggregate","statement":`+twice+`}`, pgerr.Value, "two result columns are called n")
	unnamed := `{"select":{"columns":[{"expression":{"raw":{"sql":"1"}}},{"expression":{"raw":{"sql":"2"}}}]}}`
	d.fails(`{"op":"statement","statement":`+unnamed+`}`, pgerr.Value, "two result columns are called ?column?")
	d.fails(`{"op":"statement","args":[1],"statement":{"select":{"columns":[{"expression":{"star":{}}},{"expression":{"value":0},"label":"n"}],
		"from":{"query":{"sql":"SELECT 2 AS n"},"alias":"t"}}}}`, pgerr.Value, "two result columns are called n")
	d.fails(`{"op":"statement","statement":{"select":{"ctes":[{"name":"t","query":{"sql":"SELECT 1 AS n, 2 AS n"}}],"from":{"table":["t"]}}}}`,
		pgerr.Value, "two result columns are called n")
}

func TestExplainedStatements(t *testing.T) {
	d := open(t)
	d.exec(`CREATE TABLE people (id int)`)
	remove := `"statement":{"delete":{"table":{"table":["people"]},"where":[{"compare":{"left":{"column":{"name":"id"}},"operator":"=","value":0}}]}}`
	payload, err := call(t.Context(), d.session, `{"op":"statement","args":[1],"explain":{"analyze":true,"format":"json"},`+remove+`}`)
	if err != nil || !strings.Contains(payload, "Actual Rows") {
		t.Errorf("%s %v", payload, err)
	}
	d.fails(`{"op":"statement","args":[1],"explain":{"format":"svg"},`+remove+`}`, pgerr.Value, "Unknown format")
	d.fails(`{"op":"statement","args":[1],"explain":{"costs":true},`+remove+`}`, pgerr.Value, "costs")
	d.want(`{"op":"statement","args":[1],"explain":null,`+remove+`}`, `0`)
}

func TestCursorOfAStatement(t *testing.T) {
	d := open(t)
	open, _ := New().Find("open_cursor")
	from := func(request string) (Reply, error) {
		task, err := open([]byte(request))
		if err != nil {
			t.Fatal(err)
		}
		if task.Only != nil {
			t.Error("a cursor is sent ahead")
		}
		return task.Run(t.Context(), d.session)
	}
	reply, err := from(`{"op":"open_cursor","args":[7],"statement":{"select":{"columns":[{"expression":{"value":0},"label":"n"}]}}}`)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := Fetch(t.Context(), reply.Cursor, 5)
	if err != nil || !strings.Contains(string(rows.Rows.AppendPayload(nil)), `[[7]]`) {
		t.Errorf("%v %v", rows, err)
	}
	if err := CloseCursor(t.Context(), reply.Cursor); err != nil {
		t.Error(err)
	}
	for _, request := range []string{
		`{"op":"open_cursor","sql":"SELECT 1","statement":{"select":{}}}`, `{"op":"open_cursor","args":[],"statement":{"select":{"columns":[{"expression":{"value":0}}]}}}`,
	} {
		if _, err := from(request); pgerr.From(err).Kind != pgerr.Value {
			t.Errorf("%s: %v", request, err)
		}
	}
}

// TestStatementArguments compares columns with values of all kinds: the row counts or it does not, but there is no error.
func TestStatementArguments(t *testing.T) {
	d := open(t)
	d.exec(`CREATE TYPE mood AS ENUM ('ok', 'sad')`)
	d.exec(`CREATE TABLE v (i2 int2, i4 int4, i8 int8, n numeric, f4 float4, f8 float8, b bool, t text, vc varchar(20), y bytea, u uuid,
		d date, tm time, ts timestamp, tz timestamptz, iv interval, m mood, ip inet, j jsonb, js json, ta text[], va varchar[], ia int[], na numeric[], ua uuid[])`)
	d.exec(`INSERT INTO v VALUES (7, 7, 7, 7.5, 7.5, 7.5, true, '7', 'seven', '\x00ff', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
		'2024-01-15', '10:00', '2024-01-15 10:00', '2024-01-15 10:00+00', '1 day', 'ok', '10.0.0.1', '{"k": [1, "x"]}', '{}',
		'{a,b}', '{a,b}', '{1,2}', '{1.5,2}', '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}')`)
	for _, c := range []struct {
		column, operator, slot, args string
		count                        int
	}{
		{"i2", "=", "0", `[7]`, 1},
		{"i4", "=", "0", `[7]`, 1},
		{"i8", "=", "0", `[7]`, 1},
		{"n", ">", "0", `[7]`, 1},
		{"f4", ">", "0", `[7]`, 1},
		{"f8", "<", "0", `[8]`, 1},
		{"i2", "=", "0", `[70000]`, 0},
		{"i2", "<", "0", `[70000]`, 1},
		{"i4", "=", "0", `[9007199254740993]`, 0},
		{"i4", "<", "0", `[9007199254740993]`, 1},
		{"i8", ">", "0", `[99999999999999999999999]`, 0},
		{"i4", "!=", "0", `[99999999999999999999999]`, 1},
		{"i4", "=", "0", `[7.0]`, 1},
		{"i4", "<", "0", `[7.5]`, 1},
		{"i2", ">", "0", `[6.999]`, 1},
		{"i8", ">", "0", `[1.5]`, 1},
		{"n", "=", "0", `[7.5]`, 1},
		{"f4", "=", "0", `[7.5]`, 1},
		{"f8", "=", "0", `[7.5]`, 1},
		{"f8", "<", "0", `[{"f":"inf"}]`, 1},
		{"i4", "<", "0", `[{"f":"inf"}]`, 1},
		{"n", "=", "0", `[{"n":"7.50"}]`, 1},
		{"i4", "<", "0", `[{"n":"7.1"}]`, 1},
		{"f8", ">", "0", `[{"n":"7.1"}]`, 1},
		{"b", "=", "0", `[true]`, 1},
		{"i4", "IN", "[0,1,2]", `[7,7.5,99999999999]`, 1},
		{"i4", "BETWEEN", "[0,1]", `[6.5,7.5]`, 1},
		{"i4", "IN", "0", `[[7,7.5,99999999999]]`, 1},
		{"i4", "=", "0", `["7"]`, 1},
		{"n", "=", "0", `["7.5"]`, 1},
		{"t", "=", "0", `["7"]`, 1},
		{"vc", "LIKE", "0", `["sev%"]`, 1},
		{"y", "=", "0", `[{"y":"AP8="}]`, 1},
		{"u", "=", "0", `[{"u":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}]`, 1},
		{"u", "=", "0", `["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]`, 1},
		{"d", "=", "0", `[{"d":"2024-01-15"}]`, 1},
		{"d", ">=", "0", `["2024-01-15"]`, 1},
		{"tm", "=", "0", `[{"t":"10:00:00"}]`, 1},
		{"ts", "=", "0", `[{"ts":"2024-01-15T10:00:00"}]`, 1},
		{"tz", "=", "0", `[{"tsz":"2024-01-15T11:00:00+01:00"}]`, 1},
		{"ts", ">", "0", `["2024-01-15"]`, 1},
		{"iv", "=", "0", `[{"v":"P1DT0S"}]`, 1},
		{"m", "=", "0", `["ok"]`, 1},
		{"m", "IN", "[0,1]", `["ok","sad"]`, 1},
		{"ip", "=", "0", `["10.0.0.1"]`, 1},
		{"ip", "=", "0", `[{"ip":"10.0.0.1"}]`, 1},
		{"j", "json_contains", "0", `[{"j":"{\"k\": [1]}"}]`, 1},
		{"j", "json_contains", "0", `["{\"k\": [\"x\"]}"]`, 1},
		{"j", "json_contained_by", "0", `[{"j":"{\"k\": [1, \"x\", 2]}"}]`, 1},
		{"j", "=", "0", `[{"j":"{\"k\":[1,\"x\"]}"}]`, 1},
		{"j", "?", "0", `["k"]`, 1},
		{"j", "?|", "[0,1]", `["z","k"]`, 1},
		{"j", "?&", "[0,1]", `["z","k"]`, 0},
		{"j", "json_contains", "[0]", `[1]`, 0},
		{"ta", "any", "0", `["a"]`, 1},
		{"va", "any", "0", `["a"]`, 1},
		{"ta", "any", "[0,1]", `["a","z"]`, 1},
		{"va", "array_contains", "[0,1]", `["a","b"]`, 1},
		{"va", "@>", "[0,1]", `["a","z"]`, 0},
		{"va", "<@", "[0,1,2]", `["a","b","c"]`, 1},
		{"va", "&&", "[0]", `["b"]`, 1},
		{"ta", "=", "[0,1]", `["a","b"]`, 1},
		{"ta", "@>", "[]", `[]`, 1},
		{"va", "&&", "[]", `[]`, 0},
		{"ta", "any", "null", `[]`, 0},
		{"ia", "any", "0", `[1]`, 1},
		{"ia", "any", "0", `[99999999999]`, 0},
		{"ia", "@>", "[0]", `[1]`, 1},
		{"na", "any", "0", `[1.5]`, 1},
		{"na", "&&", "[0]", `[{"n":"2"}]`, 1},
		{"ua", "any", "0", `[{"u":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}]`, 1},
		{"i4", "IS DISTINCT FROM", "0", `[8.5]`, 1},
	} {
		where := fmt.Sprintf(`{"compare":{"left":{"column":{"name":%q}},"operator":%q,"value":%s,"array":%t}}`, c.column, c.operator, c.slot, c.slot == "0" && c.operator == "IN")
		d.want(counting("v", where, c.args), fmt.Sprintf(`[{"count":%d}]`, c.count))
	}
}

// counting is the request that counts the rows of a table that match.
func counting(table, where, args string) string {
	return fmt.Sprintf(`{"op":"statement","args":%s,"statement":{"select":{"columns":[{"expression":{"aggregate":{"function":"count"}}}],
		"from":{"table":[%q]},"where":[%s]}}}`, args, table, where)
}

func TestHavingArguments(t *testing.T) {
	d := open(t)
	d.exec(`CREATE TABLE sales (g text, i int, b bigint, n numeric)`)
	d.exec(`INSERT INTO sales VALUES ('x', 5, 5, 5.5), ('x', 6, 6, 6.5), ('y', 1, 1, 1)`)
	for _, c := range []struct{ aggregate, operator, slot, args, want string }{
		{`{"function":"count"}`, ">", "0", `[1]`, "x"},
		{`{"function":"count"}`, ">", "0", `[1.5]`, "x"},
		{`{"function":"count"}`, "=", "0", `[2.0]`, "x"},
		{`{"function":"count"}`, "IN", "[0,1]", `[2,99]`, "x"},
		{`{"function":"count"}`, "BETWEEN", "[0,1]", `[1.5,99999999999999999999]`, "x"},
		{`{"function":"sum","column":{"column":{"name":"i"}}}`, ">", "0", `[10.5]`, "x"},
		{`{"function":"sum","column":{"column":{"name":"b"}}}`, ">", "0", `[10.5]`, "x"},
		{`{"function":"sum","column":{"column":{"name":"n"}}}`, "=", "0", `[{"n":"12.0"}]`, "x"},
		{`{"function":"avg","column":{"column":{"name":"i"}}}`, "=", "0", `[5.5]`, "x"},
		{`{"function":"max","column":{"column":{"name":"i"}}}`, "<", "0", `[1.5]`, "y"},
		{`{"function":"min","column":{"column":{"name":"g"}}}`, "=", "0", `["y"]`, "y"},
		{`{"function":"count_distinct","column":{"column":{"name":"i"}}}`, "not_in", "[0]", `[2]`, "y"},
	} {
		d.want(fmt.Sprintf(`{"op":"statement","args":%s,"statement":{"select":{"columns":[{"expression":{"column":{"name":"g"}}}],"from":{"table":["sales"]},
			"group_by":[{"column":{"name":"g"}}],"having":[{"compare":{"left":{"aggregate":%s},"operator":%q,"value":%s}}]}}}`,
			c.args, c.aggregate, c.operator, c.slot), fmt.Sprintf(`[{"g":%q}]`, c.want))
	}
	d.want(`{"op":"statement","args":[1,2],"statement":{"select":{"columns":[{"expression":{"window":{"function":"lag","column":{"column":{"name":"i"}},
		"offset":0,"default":1,"order":[{"expression":{"column":{"name":"i"}},"direction":"asc"}]}},"label":"before"}],"from":{"table":["sales"]},
		"order":[{"expression":{"column":{"name":"i"}},"direction":"asc"}]}}}`, `[{"before":2},{"before":1},{"before":5}]`)
}

// TestReservedWords asks the server which names need quotes.
func TestReservedWords(t *testing.T) {
	d := open(t)
	rows, err := d.session.Text(t.Context(), engine.Statement{SQL: `SELECT word, catcode IN ('R', 'T') FROM pg_get_keywords()`})
	if err != nil || len(rows) < 400 {
		t.Fatal(len(rows), err)
	}
	for _, row := range rows {
		word, reserved := *row[0], *row[1] == "t"
		if text := query.Sparing([]string{word}); strings.HasPrefix(text, `"`) != reserved {
			t.Errorf("%s becomes %s", word, text)
		}
	}
}

func TestCompileAndTableText(t *testing.T) {
	t.Parallel()
	o := New()
	for request, want := range map[string]string{
		`{"op":"compile","expression":{"compare":{"left":{"column":{"name":"age"}},"operator":"IN","value":[2,0]}},"first":4}`:                `age IN ($4, $5) [{2 [] false} {0 [] false}]`,
		`{"op":"compile","where":{"from":{"table":"t"},"where":[{"constant":true}]}}`:                                                         `TRUE []`,
		`{"op":"compile","statement":{"select":{"columns":[{"expression":{"value":[1,null]}}]}}}`:                                             `SELECT $1 [{0 [{1 [] false} {0 [] true}] false}]`,
		`{"op":"compile","statement":{"select":{"columns":[{"expression":{"raw":{"sql":"$1","args":[null]}}}]}},"expression":null,"first":2}`: `SELECT $2 [{0 [] true}]`,
	} {
		value, known, err := o.Pure("compile", []byte(request))
		answer, ok := value.(text)
		if !known || err != nil || !ok || fmt.Sprint(answer.SQL, " ", answer.Parameters) != want {
			t.Errorf("%s\n%v %v", request, value, err)
		}
	}
	for _, request := range []string{`{"op":"compile"}`, `{"op":"compile","where":{},"expression":{"constant":true}}`, `{"op":"compile","sql":"x"}`} {
		if _, _, err := o.Pure("compile", []byte(request)); pgerr.From(err).Kind != pgerr.Value {
			t.Errorf("%s: %v", request, err)
		}
	}
	if name, _, err := o.Pure("table_text", []byte(`{"op":"table_text","name":["public","a\"b; --","order",""]}`)); name != `public."a""b; --"."order".""` {
		t.Error(name, err)
	}
}

func TestCompiledTreesAreKept(t *testing.T) {
	t.Parallel()
	kept := newTrees()
	tree := `{"select":{"from":{"table":"users"}}}`
	first, err := kept.compiled(tree)
	again, _ := kept.compiled(strings.Clone(tree))
	if err != nil || first != again {
		t.Errorf("%p %p %v", first, again, err)
	}
	if _, err := kept.compiled(`{"select":{}}`); err == nil || kept.known.Len() != 1 {
		t.Errorf("%d kept, %v", kept.known.Len(), err)
	}
	long := `{"select":{"from":{"table":"users"}}` + strings.Repeat(" ", longestTree) + `}`
	if _, err := kept.compiled(long); err != nil || kept.known.Len() != 1 {
		t.Errorf("%d kept, %v", kept.known.Len(), err)
	}
	for i := range 2 * compiledTrees {
		if _, err := kept.compiled(fmt.Sprintf(`{"select":{"from":{"table":"t%d"}}}`, i)); err != nil {
			t.Fatal(err)
		}
	}
	if kept.known.Len() != compiledTrees {
		t.Errorf("%d kept", kept.known.Len())
	}
}

func TestStatementsAreSentAhead(t *testing.T) {
	t.Parallel()
	task, err := newTrees().run([]byte(`{"op":"statement","args":[7],"statement":{"select":{"from":{"table":"users"},"limit":0}}}`))
	if err != nil || task.Only == nil || task.Only.SQL != "SELECT * FROM users LIMIT $1" || len(task.Only.Args) != 1 || !task.Only.Read {
		t.Errorf("%+v %v", task.Only, err)
	}
}

// filtered is a usual query: a filter of two conditions, an order, a page.
const filtered = `{"select":{"from":{"table":["public","users"],"keys":["public.users"]},"where":[{"compare":{"left":{"column":{"name":"age","of":"public.users"}},` +
	`"operator":">=","value":0}},{"boolean":{"operator":"OR","members":[{"compare":{"left":{"column":{"name":"status","of":"public.users"}},"operator":"=","value":1}},` +
	`{"compare":{"left":{"column":{"name":"role","of":"public.users"}},"operator":"IN","value":[2,3]}}]}}],"order":[{"expression":{"column":{"name":"id",` +
	`"of":"public.users"}},"direction":"DESC"}],"limit":4}}`

// BenchmarkCompileMiss reads a tree and writes its SQL.
func BenchmarkCompileMiss(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := query.Compile(filtered, 1); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCompileHit finds a tree among those compiled.
func BenchmarkCompileHit(b *testing.B) {
	kept := newTrees()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := kept.compiled(filtered); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkStatementRequest reads a whole request whose tree is known, up to the statement that is to be sent.
func BenchmarkStatementRequest(b *testing.B) {
	request, kept := []byte(`{"op":"statement","statement":`+filtered+`,"args":[18,"active","admin","owner",20],"purpose":"query"}`), newTrees()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := kept.run(request); err != nil {
			b.Fatal(err)
		}
	}
}
