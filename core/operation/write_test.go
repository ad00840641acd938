package operation

import (
	"fmt"
	"strings"
	"testing"

	"ouroboros-postgres/core/pgerr"
)

func TestInsert(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.exec(`CREATE TABLE t (id serial PRIMARY KEY, name text NOT NULL DEFAULT 'none', "order" int UNIQUE, made bool DEFAULT true)`)
	d.want(`{"op":"insert","table":"t","columns":["name","order"],"rows":[["a",5]]}`, `[{"id":1,"name":"a","order":5,"made":true}]`)
	d.want(`{"op":"insert","table":"t","columns":[],"rows":[[]]}`, `[{"id":2,"name":"none","order":null,"made":true}]`)
	d.want(`{"op":"insert","table":"t","columns":["name","order"],"rows":[["b",{"x":"default"}]]}`, `[{"id":3,"name":"b","order":null,"made":true}]`)
	d.want(`{"op":"insert","table":"t","columns":["name"],"rows":[],"many":true}`, `[]`)
	d.want(`{"op":"insert","table":"t","columns":[],"rows":[[],[]],"many":true}`,
		`[{"id":4,"name":"none","order":null,"made":true},{"id":5,"name":"none","order":null,"made":true}]`)
	e := d.fails(`{"op":"insert","table":"t","columns":["order"],"rows":[[5]]}`, pgerr.Database,
		"Insert failed: ", "duplicate key value violates unique constraint")
	if e.SQLState != "23505" || e.Constraint != "t_order_key" {
		t.Errorf("%+v", e)
	}
	d.fails(`{"op":"insert","table":"t","columns":["name"],"rows":[[null]]}`, pgerr.Database, "Insert failed: ", "violates")
	d.fails(`{"op":"insert","table":"nowhere","columns":["name"],"rows":[["a"]]}`, pgerr.Database, "Insert failed: ", "does not exist")
	d.fails(`{"op":"insert","table":"t","columns":["nope"],"rows":[["a"],["b"]],"many":true}`, pgerr.Database, "Batch insert failed: ", "nope")
	d.fails(`{"op":"insert","table":"t","columns":["order"],"rows":[[7],[5]],"many":true}`, pgerr.Database, "Batch insert failed: ", "duplicate key")
	d.want(`{"op":"count","table":"t","filter":[["order","eq",7]]}`, `0`)
}

// TestInsertManyFormsAgree runs rows through unnest and, because of one DEFAULT, through VALUES.
func TestInsertManyFormsAgree(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.exec(`CREATE TYPE mood AS ENUM ('ok', 'sad'); CREATE DOMAIN small AS int CHECK (VALUE < 10);
		CREATE TABLE t (n serial, a int2, b numeric(6,2), c varchar(5), d mood, e small, f jsonb, g timestamptz, h "char", i uuid, k daterange, l int[], p point)`)
	columns := `["a","b","c","d","e","f","g","h","i","k","p"]`
	row := `[1,{"n":"1.255"},"x","ok",3,{"j":"{\"a\": [1]}"},"2024-01-01T00:00:00Z","z","6f4b4b3e-0000-4000-8000-000000000001",{"r":{"lower":{"d":"2024-01-01"},"upper":null,"bounds":"[)","empty":false}},"(1,2)"]`
	other := `[null,5,null,null,null,[1,"b",null],null,null,null,null,null]`
	d.want(`{"op":"insert","table":"t","columns":`+columns+`,"rows":[`+row+`,`+other+`],"many":true}`, `[
		{"n":1,"a":1,"b":"1.26","c":"x","d":"ok","e":3,"f":{"a":[1]},"g":"2024-01-01T00:00:00+00:00","h":"z","i":"6f4b4b3e-0000-4000-8000-000000000001","k":["2024-01-01",null,"[)"],"l":null,"p":"(1,2)"},
		{"n":2,"a":null,"b":"5.00","c":null,"d":null,"e":null,"f":[1,"b",null],"g":null,"h":null,"i":null,"k":null,"l":null,"p":null}]`)
	d.want(`{"op":"insert","table":"t","columns":["l","a"],"rows":[[[1,2],{"x":"default"}],[[],4],[null,5]],"many":true}`, `[
		{"n":3,"a":null,"b":null,"c":null,"d":null,"e":null,"f":null,"g":null,"h":null,"i":null,"k":null,"l":[1,2],"p":null},
		{"n":4,"a":4,"b":null,"c":null,"d":null,"e":null,"f":null,"g":null,"h":null,"i":null,"k":null,"l":[],"p":null},
		{"n":5,"a":5,"b":null,"c":null,"d":null,"e":null,"f":null,"g":null,"h":null,"i":null,"k":null,"l":null,"p":null}]`)
	for _, bad := range []string{`["c"],"rows":[["123456"]`, `["e"],"rows":[[11]`, `["a"],"rows":[[70000]`, `["a"],"rows":[[true]`} {
		one := d.fails(`{"op":"insert","table":"t","columns":`+bad+`]}`, pgerr.Database, "Insert failed: ")
		many := d.fails(`{"op":"insert","table":"t","columns":`+bad+`,[null]],"many":true}`, pgerr.Database, "Batch insert failed: ")
		if one.SQLState != many.SQLState {
			t.Errorf("%s: one %v, many %v", bad, one, many)
		}
	}
}

// TestUnnestIsChosen looks at the form itself, which results do not show.
func TestUnnestIsChosen(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.exec(`CREATE TABLE t (a int, j jsonb, l int[])`)
	for body, want := range map[string]bool{
		`"columns":["a","j"],"rows":[[1,[1,2]],[null,{"j":"{}"}]]`: true,
		`"columns":["a"],"rows":[["1"],["2"]]`:                     true,
		`"columns":["a"],"rows":[[1],[1.5]]`:                       false,
		`"columns":["a"],"rows":[[1],[{"x":"default"}]]`:           false,
		`"columns":["l"],"rows":[[[1]],[[2]]]`:                     false,
		`"columns":["nope"],"rows":[[1],[2]]`:                      false,
	} {
		var r insertRequest
		if err := decode([]byte(`{"op":"insert","many":true,"table":"t",`+body+`}`), &r); err != nil {
			t.Fatal(err)
		}
		b, err := r.batch(nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, done, err := b.unnest(t.Context(), d.session); done != want || err != nil {
			t.Errorf("%s: %v %v", body, done, err)
		}
	}
}

// TestInsertManyBeyondTheParameterLimit has 2 × 40000 values, of which one statement takes 65535.
func TestInsertManyBeyondTheParameterLimit(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.exec(`CREATE TABLE t (a int, tags text[])`)
	body := strings.TrimSuffix(strings.Repeat(`[7,[]],`, 40000), ",")
	if _, err := call(t.Context(), d.session,
		`{"op":"insert","table":"t","columns":["a","tags"],"batch_size":100000,"many":true,"rows":[`+body+`]}`); err != nil {
		t.Fatal(err)
	}
	d.want(`{"op":"count","table":"t"}`, `40000`)
}

// TestInsertManyChunks inserts more rows than one statement takes, in input order and all or nothing.
func TestInsertManyChunks(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.exec(`CREATE TABLE t (id serial, a int UNIQUE, tags text[])`)
	rows := func(n int, last string) string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf(`[%d,["x"]]`, i))
		}
		return strings.Join(append(list, last), ",")
	}
	d.fails(`{"op":"insert","table":"t","columns":["a","tags"],"batch_size":7,"many":true,"rows":[`+rows(30, `[3,[]]`)+`]}`,
		pgerr.Database, "Batch insert failed: ", "duplicate key")
	d.want(`{"op":"count","table":"t"}`, `0`)
	d.exec(`ALTER SEQUENCE t_id_seq RESTART`)
	got, err := call(t.Context(), d.session, `{"op":"insert","table":"t","columns":["a","tags"],"batch_size":7,"many":true,"rows":[`+rows(30, `[99,[]]`)+`]}`)
	if err != nil || !strings.HasPrefix(got, `{"cols":[["id","i"],["a","i"],["tags",["a","s"]]],"rows":[[1,0,["x"]],[2,1,["x"]],`) ||
		!strings.HasSuffix(got, `[30,29,["x"]],[31,99,[]]],"tag":"INSERT 0 31"}`) {
		t.Errorf("%v\n%s", err, got)
	}
	d.within(func(inner *database) {
		inner.want(`{"op":"insert","table":"t","columns":["a"],"batch_size":1,"many":true,"rows":[[{"x":"default"}],[200]]}`,
			`[{"id":32,"a":null,"tags":null},{"id":33,"a":200,"tags":null}]`)
	})
	d.want(`{"op":"count","table":"t"}`, `31`)
}

func TestUpsert(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.exec(`CREATE TABLE t (id serial, k text UNIQUE, a int, b int, touched int DEFAULT 0);
		CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.touched := OLD.touched + 1; RETURN NEW; END $$;
		CREATE TRIGGER touch BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch()`)
	d.want(`{"op":"upsert","table":"t","columns":["k","a","b"],"rows":[["x",1,2]],"conflict":["k"]}`, `[{"id":1,"k":"x","a":1,"b":2,"touched":0}]`)
	d.want(`{"op":"upsert","table":"t","columns":["k","a","b"],"rows":[["x",5,6]],"conflict":["k"],"update":["a"]}`, `[{"id":1,"k":"x","a":5,"b":2,"touched":1}]`)
	d.want(`{"op":"upsert","table":"t","columns":["k","a","b"],"rows":[["x",7,7]],"conflict":["k"],"update":[]}`, `[{"id":1,"k":"x","a":5,"b":2,"touched":1}]`)
	d.want(`{"op":"upsert","table":"t","columns":["k"],"rows":[["y"],["x"],["z"]],"many":true,"conflict":["k"]}`,
		`[{"id":4,"k":"y","a":null,"b":null,"touched":0},{"id":1,"k":"x","a":5,"b":2,"touched":1},{"id":6,"k":"z","a":null,"b":null,"touched":0}]`)
	d.want(`{"op":"upsert","table":"t","columns":["a","k"],"rows":[[1,"z"],[2,"new"],[3,"y"]],"many":true,"conflict":["k"]}`,
		`[{"id":6,"k":"z","a":1,"b":null,"touched":1},{"id":8,"k":"new","a":2,"b":null,"touched":0},{"id":4,"k":"y","a":3,"b":null,"touched":1}]`)
	d.want(`{"op":"upsert","table":"t","columns":["k"],"rows":[],"many":true,"conflict":["k"]}`, `[]`)
	d.fails(`{"op":"upsert","table":"t","columns":["a","k"],"rows":[[1,"z"]],"conflict":["a"]}`, pgerr.Database, "Upsert failed: ", "ON CONFLICT")
	e := d.fails(`{"op":"upsert","table":"t","columns":["a","k"],"rows":[[1,"q"],[2,"q"]],"many":true,"conflict":["k"]}`, pgerr.Query, "Batch upsert failed: ")
	if e.SQLState != "21000" || !strings.Contains(e.Detail, "(k)=(q)") {
		t.Errorf("%+v", e)
	}
	d.exec(`CREATE TABLE n (k numeric PRIMARY KEY, a int)`)
	e = d.fails(`{"op":"upsert","table":"n","columns":["a","k"],"rows":[[1,{"n":"1.0"}],[2,{"n":"1.00"}]],"many":true,"conflict":["k"]}`, pgerr.Database, "Batch upsert failed: ")
	if e.SQLState != "21000" || !strings.Contains(e.Detail, "(1.0), (1.00)") {
		t.Errorf("%+v", e)
	}
}

func TestReadUpdateDelete(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.exec(`CREATE TABLE t (id int PRIMARY KEY, name text, n int, tags text[], doc jsonb);
		INSERT INTO t VALUES (1, 'a', 10, '{x,y}', '{"k": 1}'), (2, 'b', NULL, '{}', '{"l": 2}'), (3, 'c', 30, NULL, NULL)`)
	ids := func(filter, want string) {
		t.Helper()
		d.want(`{"op":"select","table":"t","columns":["id"],"order":[["id","asc"]],"filter":[`+filter+`]}`, want)
	}
	for filter, want := range map[string]string{
		`["n","eq",null]`:                                       `[{"id":2}]`,
		`["n","ne",null],["id",">",1]`:                          `[{"id":3}]`,
		`["id","in",[1,3,9999999999]]`:                          `[{"id":1},{"id":3}]`,
		`["id","in",[]]`:                                        `[]`,
		`["id","not_in",[]]`:                                    `[{"id":1},{"id":2},{"id":3}]`,
		`["n","in",[10,null]]`:                                  `[{"id":1},{"id":2}]`,
		`["n","not_in",[10]]`:                                   `[{"id":3}]`,
		`["n","gt",25.5]`:                                       `[{"id":3}]`,
		`["id","between",[2,3]]`:                                `[{"id":2},{"id":3}]`,
		`["name","ILIKE","A%"]`:                                 `[{"id":1}]`,
		`["tags","any","x"]`:                                    `[{"id":1}]`,
		`["tags","has","y"]`:                                    `[{"id":1}]`,
		`["tags","has_any",["y","z"]]`:                          `[{"id":1}]`,
		`["tags","array_contains",["x","y"]]`:                   `[{"id":1}]`,
		`["tags","array_contained_by",["x"]]`:                   `[{"id":2}]`,
		`["doc","json_contains",{"j":"{\"k\":1}"}]`:             `[{"id":1}]`,
		`["doc","json_contains","{\"k\":1}"]`:                   `[{"id":1}]`,
		`["doc","json_contained_by",{"j":"{\"k\":1,\"m\":2}"}]`: `[{"id":1}]`,
		`["doc","json_key_exists","l"]`:                         `[{"id":2}]`,
		`["doc","json_any_key_exists",["k","l"]]`:               `[{"id":1},{"id":2}]`,
		`["doc","json_all_keys_exist",["k","l"]]`:               `[]`,
	} {
		ids(filter, want)
	}
	d.want(`{"op":"select","table":"t","columns":["id"],"where":"id >= $1 OR name = $2 -- all","args":[3,"a"],"order":[["id","DESC"]],"limit":1,"offset":1}`, `[{"id":1}]`)
	d.want(`{"op":"select","table":"t","limit":0}`, `[]`)
	d.want(`{"op":"select","table":"t","columns":["name"],"distinct":true,"limit":1,"order":[["name","asc"]]}`, `[{"name":"a"}]`)
	d.want(`{"op":"count","table":"`+d.schema+`.t","where":"id > $1","args":[1]}`, `2`)
	d.want(`{"op":"update","table":"t","set":[["n",1],["name","z"]],"where":"id = $1","args":[2]}`, `1`)
	d.want(`{"op":"update","table":"t","set":[["n",null]],"filter":[["id","in",[1,2]]],"returning":["id","n"]}`, `[{"id":1,"n":null},{"id":2,"n":null}]`)
	d.want(`{"op":"update","table":"t","set":[["n",5]],"filter":[["id","eq",77]],"returning":["*"]}`, `[]`)
	d.want(`{"op":"delete","table":"t","filter":[["id","eq",1]],"returning":["name"]}`, `[{"name":"a"}]`)
	d.want(`{"op":"delete","table":"t","where":"id > $1","args":[0],"returning":[]}`, `2`)
	d.fails(`{"op":"update","table":"t","set":[["nope",1]]}`, pgerr.Database, "Update failed: ", "nope")
	d.fails(`{"op":"delete","table":"nowhere"}`, pgerr.Database, "Delete failed: ")
	d.fails(`{"op":"select","table":"t","where":"a = $1"}`, pgerr.Query, "$1")
}
