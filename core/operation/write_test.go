package operation

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"ouroboros-postgres/core/engine"
	"ouroboros-postgres/core/pgerr"
)

func TestInsert(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.exec(`CREATE TABLE t (id serial PRIMARY KEY, name text NOT NULL DEFAULT 'none', "order" int UNIQUE, made bool DEFAULT true)`)
	d.want(`{"op":"insert","table":"t","columns":["name","order"],"count":1,"values":[["a"],[5]]}`, `[{"id":1,"name":"a","order":5,"made":true}]`)
	d.want(`{"op":"insert","table":"t","columns":[],"count":1,"values":[]}`, `[{"id":2,"name":"none","order":null,"made":true}]`)
	d.want(`{"op":"insert","table":"t","columns":["name","order"],"count":1,"values":[["b"],[{"x":"default"}]]}`, `[{"id":3,"name":"b","order":null,"made":true}]`)
	d.want(`{"op":"insert","table":"t","columns":["name"],"count":0,"values":[[]],"many":true}`, `[]`)
	d.want(`{"op":"insert","table":"t","columns":[],"count":2,"values":[],"many":true}`,
		`[{"id":4,"name":"none","order":null,"made":true},{"id":5,"name":"none","order":null,"made":true}]`)
	e := d.fails(`{"op":"insert","table":"t","columns":["order"],"count":1,"values":[[5]]}`, pgerr.Database,
		"Insert failed: ", "duplicate key value violates unique constraint")
	if e.SQLState != "23505" || e.Constraint != "t_order_key" {
		t.Errorf("%+v", e)
	}
	d.fails(`{"op":"insert","table":"t","columns":["name"],"count":1,"values":[[null]]}`, pgerr.Database, "Insert failed: ", "violates")
	d.fails(`{"op":"insert","table":"nowhere","columns":["name"],"count":1,"values":[["a"]]}`, pgerr.Database, "Insert failed: ", "does not exist")
	d.fails(`{"op":"insert","table":"t","columns":["nope"],"count":2,"values":[["a","b"]],"many":true}`, pgerr.Database, "Batch insert failed: ", "nope")
	d.fails(`{"op":"insert","table":"t","columns":["order"],"count":2,"values":[[7,5]],"many":true}`, pgerr.Database, "Batch insert failed: ", "duplicate key")
	d.want(`{"op":"count","table":"t","filter":[["order","eq",7]]}`, `0`)
}

// TestInsertManyFormsAgree runs rows through unnest and, because of one DEFAULT, through VALUES.
func TestInsertManyFormsAgree(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.exec(`CREATE TYPE mood AS ENUM ('ok', 'sad'); CREATE DOMAIN small AS int CHECK (VALUE < 10);
		CREATE TABLE t (n serial, a int2, b numeric(6,2), c varchar(5), d mood, e small, f jsonb, g timestamptz, h "char", i uuid, k daterange, l int[], p point)`)
	columns := `["a","b","c","d","e","f","g","h","i","k","p"]`
	values := `[[1,null],[{"n":"1.255"},5],["x",null],["ok",null],[3,null],[{"j":"{\"a\": [1]}"},[1,"b",null]],["2024-01-01T00:00:00Z",null],["z",null],["6f4b4b3e-0000-4000-8000-000000000001",null],[{"r":{"lower":{"d":"2024-01-01"},"upper":null,"bounds":"[)","empty":false}},null],["(1,2)",null]]`
	d.want(`{"op":"insert","table":"t","columns":`+columns+`,"count":2,"values":`+values+`,"many":true}`, `[
		{"n":1,"a":1,"b":"1.26","c":"x","d":"ok","e":3,"f":{"a":[1]},"g":"2024-01-01T00:00:00+00:00","h":"z","i":"6f4b4b3e-0000-4000-8000-000000000001","k":["2024-01-01",null,"[)"],"l":null,"p":"(1,2)"},
		{"n":2,"a":null,"b":"5.00","c":null,"d":null,"e":null,"f":[1,"b",null],"g":null,"h":null,"i":null,"k":null,"l":null,"p":null}]`)
	d.want(`{"op":"insert","table":"t","columns":["l","a"],"count":3,"values":[[[1,2],[],null],[{"x":"default"},4,5]],"many":true}`, `[
		{"n":3,"a":null,"b":null,"c":null,"d":null,"e":null,"f":null,"g":null,"h":null,"i":null,"k":null,"l":[1,2],"p":null},
		{"n":4,"a":4,"b":null,"c":null,"d":null,"e":null,"f":null,"g":null,"h":null,"i":null,"k":null,"l":[],"p":null},
		{"n":5,"a":5,"b":null,"c":null,"d":null,"e":null,"f":null,"g":null,"h":null,"i":null,"k":null,"l":null,"p":null}]`)
	for _, bad := range []string{`["c"],"values":[["123456"`, `["e"],"values":[[11`, `["a"],"values":[[70000`, `["a"],"values":[[true`} {
		one := d.fails(`{"op":"insert","table":"t","count":1,"columns":`+bad+`]]}`, pgerr.Database, "Insert failed: ")
		many := d.fails(`{"op":"insert","table":"t","count":2,"columns":`+bad+`,null]],"many":true}`, pgerr.Database, "Batch insert failed: ")
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
		`"columns":["a","j"],"count":2,"values":[[1,null],[[1,2],{"j":"{}"}]]`: true,
		`"columns":["a"],"count":2,"values":[["1","2"]]`:                       true,
		`"columns":["a"],"count":2,"values":[[1,1.5]]`:                         false,
		`"columns":["a"],"count":2,"values":[[1,{"x":"default"}]]`:             false,
		`"columns":["l"],"count":2,"values":[[[1],[2]]]`:                       false,
		`"columns":["nope"],"count":2,"values":[[1,2]]`:                        false,
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
	same := func(value string) string {
		return "[" + strings.TrimSuffix(strings.Repeat(value+",", 40000), ",") + "]"
	}
	if _, err := call(t.Context(), d.session,
		`{"op":"insert","table":"t","columns":["a","tags"],"batch_size":100000,"many":true,"count":40000,"values":[`+same("7")+","+same("[]")+`]}`); err != nil {
		t.Fatal(err)
	}
	d.want(`{"op":"count","table":"t"}`, `40000`)
}

// TestInsertManyChunks inserts more rows than one statement takes, in input order and all or nothing.
func TestInsertManyChunks(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.exec(`CREATE TABLE t (id serial, a int UNIQUE, tags text[])`)
	rows := func(last int) string {
		var list []string
		for i := range 30 {
			list = append(list, strconv.Itoa(i))
		}
		return fmt.Sprintf(`"count":31,"values":[[%s,%d],[%s[]]]`, strings.Join(list, ","), last, strings.Repeat(`["x"],`, 30))
	}
	d.fails(`{"op":"insert","table":"t","columns":["a","tags"],"batch_size":7,"many":true,`+rows(3)+`}`,
		pgerr.Database, "Batch insert failed: ", "duplicate key")
	d.want(`{"op":"count","table":"t"}`, `0`)
	d.exec(`ALTER SEQUENCE t_id_seq RESTART`)
	got, err := call(t.Context(), d.session, `{"op":"insert","table":"t","columns":["a","tags"],"batch_size":7,"many":true,`+rows(99)+`}`)
	if err != nil || !strings.HasPrefix(got, `{"cols":[["id","i"],["a","i"],["tags",["a","s"]]],"rows":[[1,0,["x"]],[2,1,["x"]],`) ||
		!strings.HasSuffix(got, `[30,29,["x"]],[31,99,[]]],"tag":"INSERT 0 31"}`) {
		t.Errorf("%v\n%s", err, got)
	}
	d.within(func(inner *database) {
		inner.want(`{"op":"insert","table":"t","columns":["a"],"batch_size":1,"many":true,"count":2,"values":[[{"x":"default"},200]]}`,
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
	d.want(`{"op":"upsert","table":"t","columns":["k","a","b"],"count":1,"values":[["x"],[1],[2]],"conflict":["k"]}`, `[{"id":1,"k":"x","a":1,"b":2,"touched":0}]`)
	d.want(`{"op":"upsert","table":"t","columns":["k","a","b"],"count":1,"values":[["x"],[5],[6]],"conflict":["k"],"update":["a"]}`, `[{"id":1,"k":"x","a":5,"b":2,"touched":1}]`)
	d.want(`{"op":"upsert","table":"t","columns":["k","a","b"],"count":1,"values":[["x"],[7],[7]],"conflict":["k"],"update":[]}`, `[{"id":1,"k":"x","a":5,"b":2,"touched":1}]`)
	d.want(`{"op":"upsert","table":"t","columns":["k"],"count":3,"values":[["y","x","z"]],"many":true,"conflict":["k"]}`,
		`[{"id":4,"k":"y","a":null,"b":null,"touched":0},{"id":1,"k":"x","a":5,"b":2,"touched":1},{"id":6,"k":"z","a":null,"b":null,"touched":0}]`)
	d.want(`{"op":"upsert","table":"t","columns":["a","k"],"count":3,"values":[[1,2,3],["z","new","y"]],"many":true,"conflict":["k"]}`,
		`[{"id":6,"k":"z","a":1,"b":null,"touched":1},{"id":8,"k":"new","a":2,"b":null,"touched":0},{"id":4,"k":"y","a":3,"b":null,"touched":1}]`)
	d.want(`{"op":"upsert","table":"t","columns":["k"],"count":0,"values":[[]],"many":true,"conflict":["k"]}`, `[]`)
	d.fails(`{"op":"upsert","table":"t","columns":["a","k"],"count":1,"values":[[1],["z"]],"conflict":["a"]}`, pgerr.Database, "Upsert failed: ", "ON CONFLICT")
	e := d.fails(`{"op":"upsert","table":"t","columns":["a","k"],"count":2,"values":[[1,2],["q","q"]],"many":true,"conflict":["k"]}`, pgerr.Query, "Batch upsert failed: ")
	if e.SQLState != "21000" || !strings.Contains(e.Detail, "(k)=(q)") {
		t.Errorf("%+v", e)
	}
	d.exec(`CREATE TABLE n (k numeric PRIMARY KEY, a int)`)
	e = d.fails(`{"op":"upsert","table":"n","columns":["a","k"],"count":2,"values":[[1,2],[{"n":"1.0"},{"n":"1.00"}]],"many":true,"conflict":["k"]}`, pgerr.Database, "Batch upsert failed: ")
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

// TestInsertManySeesWhatItsTransactionHasDone changes the type of a column between inserts.
func TestInsertManySeesWhatItsTransactionHasDone(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.exec(`CREATE TABLE t (a int)`)
	insert := func(values string) string {
		return `{"op":"insert","table":"t","columns":["a"],"count":2,"values":[[` + values + `]],"many":true}`
	}
	d.within(func(inner *database) {
		inner.want(insert(`1,2`), `[{"a":1},{"a":2}]`)
		inner.want(insert(`3,4`), `[{"a":3},{"a":4}]`)
		if err := inner.session.(*engine.Tx).Savepoint(t.Context(), "s"); err != nil {
			t.Fatal(err)
		}
		inner.exec(`ALTER TABLE t ALTER a TYPE text`)
		inner.want(insert(`"x","y"`), `[{"a":"x"},{"a":"y"}]`)
		if err := inner.session.(*engine.Tx).RollbackTo(t.Context(), "s"); err != nil {
			t.Fatal(err)
		}
		inner.want(insert(`5,6`), `[{"a":5},{"a":6}]`)
		inner.exec(`CREATE TEMP TABLE t (a bool)`)
		inner.want(insert(`true,false`), `[{"a":true},{"a":false}]`)
	})
}

// TestInsertManyLeavesOutWhatIsKnown compares the columns that come back with those whose values the table may alter.
func TestInsertManyLeavesOutWhatIsKnown(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.exec(`CREATE DOMAIN code AS text;
		CREATE TABLE t (id serial, a int, s text, v varchar, short varchar(3), n numeric, price numeric(4,1), f float8, r real,
			at timestamptz, rough timestamptz(0), c code, u uuid, d date, h text DEFAULT 'h');
		CREATE TABLE parted (id serial, a int) PARTITION BY LIST (a); CREATE TABLE part PARTITION OF parted DEFAULT;
		CREATE TABLE ruled (id serial, a int); CREATE RULE r AS ON INSERT TO ruled DO ALSO NOTHING;
		CREATE TABLE triggered (id serial, a int); CREATE TABLE after (id serial, a int); CREATE TABLE lone (a int);
		CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
		CREATE TRIGGER b BEFORE INSERT OR UPDATE ON triggered FOR EACH ROW EXECUTE FUNCTION f();
		CREATE TRIGGER b AFTER INSERT ON after FOR EACH ROW EXECUTE FUNCTION f();
		CREATE TRIGGER c BEFORE UPDATE ON after FOR EACH ROW EXECUTE FUNCTION f()`)
	known := func(table, column, value string) string {
		return fmt.Sprintf(`{"op":"insert","table":%q,"columns":[%q],"count":2,"values":[[null,%s]],"known":[%q],"many":true}`,
			table, column, value, column)
	}
	d.within(func(inner *database) {
		for _, c := range []struct {
			table, column, value string
			kept                 bool
		}{
			{"t", "a", "1", true},
			{"t", "s", `"x"`, true},
			{"t", "v", `"x"`, true},
			{"t", "short", `"x"`, false},
			{"t", "n", `{"n":"1.10"}`, true},
			{"t", "n", "1", false},
			{"t", "price", `{"n":"1.1"}`, false},
			{"t", "f", "1.5", true},
			{"t", "f", "1", false},
			{"t", "r", "1.5", false},
			{"t", "at", `{"tsz":0}`, true},
			{"t", "at", `"2024-01-01"`, false},
			{"t", "rough", `{"tsz":1}`, false},
			{"t", "c", `"x"`, false},
			{"t", "d", `{"d":"2024-01-01"}`, true},
			{"t", "d", `{"ts":0}`, false},
			{"t", "u", `{"u":"6f4b4b3e-0000-4000-8000-000000000001"}`, true},
			{"t", "u", `"6f4b4b3e000040008000000000000001"`, false},
			{"after", "a", "1", true},
			{"parted", "a", "1", false},
			{"ruled", "a", "1", false},
			{"triggered", "a", "1", false},
			{"lone", "a", "1", false},
		} {
			got, err := call(t.Context(), inner.session, known(c.table, c.column, c.value))
			if err != nil || strings.Contains(got, `["`+c.column+`",`) == c.kept || c.table != "lone" && !strings.Contains(got, `["id","i"]`) {
				t.Errorf("%s.%s %s: %s %v", c.table, c.column, c.value, got, err)
			}
		}
	})
	got, err := call(t.Context(), d.session, known("t", "a", "1"))
	if err != nil || !strings.Contains(got, `["a","i"]`) {
		t.Errorf("outside a transaction: %s %v", got, err)
	}
}
