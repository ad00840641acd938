package operation

import (
	"context"
	"strings"
	"testing"

	"ouroboros-postgres/core/pgerr"
)

// TestRequestsAreStrict needs no server: all is refused before a session is used.
func TestRequestsAreStrict(t *testing.T) {
	t.Parallel()
	cases := []struct {
		request string
		kind    pgerr.Kind
		part    string
	}{
		{`{"op":"execute","sql":"select 1","oops":1}`, pgerr.Value, "oops"},
		{`{"op":"select","table":"t","filters":[]}`, pgerr.Value, "filters"},
		{`{"op":"m2m_clear","join_table":"t","target_id":1}`, pgerr.Value, "target_id"},
		{`{"op":"select_related","table":"t","relations":[{"name":"a","tabel":"b"}]}`, pgerr.Value, "tabel"},
		{`{"op":"execute","sql":5}`, pgerr.Value, "sql"},
		{`{"op":"execute","sql":"select $1","args":[{"zz":1}]}`, pgerr.Value, `unknown argument tag "zz"`},
		{`{"op":"execute","sql":"select $1","args":["\u0000"]}`, pgerr.Data, "NUL"},
		{`{"op":"execute","sql":"select :a","named":{"a":{"zz":1}}}`, pgerr.Value, `unknown argument tag "zz"`},
		{`{"op":"execute","sql":"select \u0000"}`, pgerr.Query, "NUL"},
		{`{"op":"execute","sql":"select :a","named":{"b":1}}`, pgerr.Query, "Query execution failed: no value for the named parameter :a"},
		{`{"op":"execute","sql":"select :a","named":{"a":1},"args":[1]}`, pgerr.Value, "exclude"},
		{`{"op":"select","table":"t","filter":[["a","eq"]]}`, pgerr.Value, "3 items"},
		{`{"op":"select","table":"t","filter":[["a","eq",{"zz":1}]]}`, pgerr.Value, "zz"},
		{`{"op":"select","table":"t","filter":[["a","huh",1]]}`, pgerr.Value, "Unknown operator: huh"},
		{`{"op":"select","table":"t","limit":-1}`, pgerr.Value, "limit"},
		{`{"op":"select","table":"t","limit":1.5}`, pgerr.Value, "limit"},
		{`{"op":"select","table":"t;"}`, pgerr.Identifier, "Invalid table name"},
		{`{"op":"select"}`, pgerr.Identifier, "empty"},
		{`{"op":"aggregate","table":"t","aggregates":[["sum","a"]]}`, pgerr.Value, "3 items"},
		{`{"op":"aggregate","table":"t","aggregates":[["sum",null,null]]}`, pgerr.Value, "sum requires a column name"},
		{`{"op":"aggregate","table":"t","windows":[["rank",null,null,null,[],[],"r",["x",null,null]]]}`, pgerr.Value, "frame unit"},
		{`{"op":"aggregate","table":"t","filters":[]}`, pgerr.Value, "filters"},
		{`{"op":"with_cte","table":"t","ctes":[["c","SELECT $1",[]]]}`, pgerr.Value, "ctes[0]: the SQL text uses $1"},
		{`{"op":"with_cte","table":"t","where":"true"}`, pgerr.Value, "where"},
		{`{"op":"update","table":"t","set":[]}`, pgerr.Value, "no columns"},
		{`{"op":"insert","table":"t","columns":["a","b"],"count":2,"values":[[1,2],[3]],"many":true}`, pgerr.Value, "column b"},
		{`{"op":"insert","table":"t","columns":["a","b"],"count":2,"values":[[1,2]],"many":true}`, pgerr.Value, "1 columns, of 2"},
		{`{"op":"insert","table":"t","columns":[],"count":-1,"values":[],"many":true}`, pgerr.Value, "count"},
		{`{"op":"insert","table":"t","columns":[],"count":4611686018427387904,"values":[],"many":true}`, pgerr.Value, "count"},
		{`{"op":"insert","table":"t","columns":["a"],"count":2,"values":[[1,2]]}`, pgerr.Value, "many"},
		{`{"op":"insert","table":"t","columns":["a"],"count":1,"values":[[1]],"batch_size":0}`, pgerr.Value, "batch_size"},
		{`{"op":"insert","table":"","columns":["a"],"count":0,"values":[[]],"many":true}`, pgerr.Identifier, "empty"},
		{`{"op":"upsert","table":"t","columns":["a"],"count":1,"values":[[1]],"conflict":["a"],"known":["a"]}`, pgerr.Value, "known"},
		{`{"op":"upsert","table":"t","columns":["a"],"count":1,"values":[[1]],"conflict":[]}`, pgerr.Query, "Upsert failed: Conflict target cannot be empty"},
		{`{"op":"upsert","table":"t","columns":["a"],"count":1,"values":[[1]],"conflict":["a"],"update":["b"]}`, pgerr.Value, "update column b"},
		{`{"op":"upsert","table":"t","columns":["a","b"],"count":3,"values":[[1,2,1],[2,3,4]],"many":true,"conflict":["a"]}`, pgerr.Query, "Batch upsert failed: ON CONFLICT DO UPDATE"},
		{`{"op":"select_related","table":"t","relations":[{"table":"b","foreign_key":"c"}]}`, pgerr.Value, "Missing 'name'"},
		{`{"op":"select_related","table":"t","relations":[{"name":"b","foreign_key":"c"}]}`, pgerr.Value, "Missing 'table'"},
		{`{"op":"select_related","table":"t","relations":[{"name":"b","table":"c"}]}`, pgerr.Value, "Missing 'foreign_key'"},
		{`{"op":"delete_cascade","table":"pg_catalog.pg_class","id":1}`, pgerr.Identifier, "Access to pg_catalog is not allowed"},
		{`{"op":"m2m_add","join_table":"j","source_key":"a;","target_key":"b","target_table":"t","source_id":1,"target_id":2}`, pgerr.Identifier, "Invalid"},
	}
	for _, c := range cases {
		_, err := call(context.Background(), nil, c.request)
		if err == nil || pgerr.From(err).Kind != c.kind || !strings.Contains(err.Error(), c.part) {
			t.Errorf("%s\n %v", c.request, err)
		}
	}
	_, err := call(context.Background(), nil,
		`{"op":"upsert","table":"t","columns":["a","b"],"count":2,"values":[[1,1],["x","x"]],"many":true,"conflict":["a","b"],"update":[]}`)
	if e := pgerr.From(err); e.SQLState != "21000" || !strings.Contains(e.Detail, "(a, b)=(1, x)") {
		t.Errorf("%v: %q", err, e.Detail)
	}
}

func TestPure(t *testing.T) {
	t.Parallel()
	quoted, known, err := New().Pure("identifier", []byte(`{"op":"identifier","name":"app.order"}`))
	if quoted != `"app"."order"` || !known || err != nil {
		t.Errorf("%v %v %v", quoted, known, err)
	}
	pair, known, err := New().Pure("reference", []byte(`{"op":"reference","reference":"app.users.uid"}`))
	if pair != [2]string{"app.users", "uid"} || !known || err != nil {
		t.Errorf("%v %v %v", pair, known, err)
	}
	for name, request := range map[string]string{
		"identifier": `{"op":"identifier","name":"a;"}`,
		"reference":  `{"op":"reference","reference":""}`,
	} {
		if _, known, err := New().Pure(name, []byte(request)); !known || pgerr.From(err).Kind != pgerr.Identifier {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := New().Pure("identifier", []byte(`{"op":"identifier","nam":"a"}`)); pgerr.From(err).Kind != pgerr.Value {
		t.Error(err)
	}
	if _, known, _ := New().Pure("metrics", nil); known {
		t.Error("metrics is no pure operation of this package")
	}
}

func TestFindKnowsTheContract(t *testing.T) {
	t.Parallel()
	for _, name := range strings.Fields(`statement execute query open_cursor insert upsert select count aggregate with_cte update delete select_related delete_cascade
		delete_checked m2m_create m2m_add m2m_remove m2m_clear m2m_count m2m_has m2m_set m2m_fetch list_tables table_exists
		get_columns get_indexes get_foreign_keys get_backreferences inspect_table`) {
		if _, ok := New().Find(name); !ok {
			t.Error(name)
		}
	}
	if _, ok := New().Find("nope"); ok {
		t.Error("nope")
	}
}
