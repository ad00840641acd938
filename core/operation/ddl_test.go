package operation

import (
	"fmt"
	"sync"
	"testing"

	"ouroboros-postgres/core/pgerr"
)

func TestCreateTable(t *testing.T) {
	t.Parallel()
	d := open(t)
	table := d.schema + ".things"
	create := `{"op":"create_table","table":"` + table + `","if_not_exists":true,"columns":[
		{"name":"id","type":"integer","primary_key":true,"identity":true},
		{"name":"name","type":"text","not_null":true,"unique":true},
		{"name":"price","type":"numeric","default":{"n":"1.10"}},
		{"name":"raw","type":"bytea","default":{"y":"AP8n"}},
		{"name":"note","type":"text","default":"it's \\ '); DROP TABLE things; --"},
		{"name":"double","type":"integer","generated":"id * 2"},
		{"name":"parent","type":"integer","references":{"table":"` + table + `","column":"id","on_delete":"Cascade"}}],
		"indexes":[{"columns":["price"]}]}`
	d.want(create, `null`)
	d.want(create, `null`)
	d.want(`{"op":"insert","table":"`+table+`","columns":["name"],"count":1,"values":[["a"]]}`,
		`[{"id":1,"name":"a","price":"1.10","raw":"AP8n","note":"it's \\ '); DROP TABLE things; --","double":2,"parent":null}]`)
	d.want(`{"op":"insert","table":"`+table+`","columns":["id","name","parent"],"count":1,"values":[[7],["b"],[1]]}`,
		`[{"id":7,"name":"b","price":"1.10","raw":"AP8n","note":"it's \\ '); DROP TABLE things; --","double":14,"parent":1}]`)
	d.want(`{"op":"execute","sql":"select indexname from pg_indexes where schemaname = $1 and tablename = 'things' order by 1","args":["`+d.schema+`"]}`,
		`[{"indexname":"things_name_key"},{"indexname":"things_pkey"},{"indexname":"things_price_idx"}]`)
	d.want(`{"op":"delete","table":"`+table+`","filter":[["id","eq",1]]}`, `1`)
	d.want(`{"op":"count","table":"`+table+`"}`, `0`)
	d.fails(`{"op":"create_table","table":"`+table+`","columns":[{"name":"id","type":"integer"}]}`, pgerr.Database, "Create table failed: ", "already exists")
	d.want(`{"op":"drop_table","table":"`+table+`"}`, `null`)
	d.fails(`{"op":"drop_table","table":"`+table+`"}`, pgerr.Database, "Drop table failed: ", "does not exist")
	d.want(`{"op":"drop_table","table":"`+table+`","if_exists":true,"cascade":true}`, `null`)
}

// TestCreateTableJoins: the table goes with the transaction that it was made in.
func TestCreateTableJoins(t *testing.T) {
	t.Parallel()
	d := open(t)
	create := `{"op":"create_table","table":"gone","columns":[{"name":"id","type":"integer"}],"indexes":[{"columns":["id"]}]}`
	d.within(func(inner *database) {
		inner.want(create, `null`)
		inner.want(`{"op":"count","table":"gone"}`, `0`)
	})
	d.fails(`{"op":"count","table":"gone"}`, pgerr.Database, "does not exist")
}

// TestCreateTableIsWhole: without its index there is no table.
func TestCreateTableIsWhole(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.fails(`{"op":"create_table","table":"half","columns":[{"name":"id","type":"jsonb"}],"indexes":[{"columns":["missing"]}]}`,
		pgerr.Database, "Create table failed: ", "missing")
	d.fails(`{"op":"count","table":"half"}`, pgerr.Database, "does not exist")
}

func TestCreateTableAtOnce(t *testing.T) {
	t.Parallel()
	d := open(t)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			d.want(fmt.Sprintf(`{"op":"create_table","table":"%s.same","if_not_exists":true,"columns":[{"name":"id","type":"integer","primary_key":true,"identity":true}]}`, d.schema), `null`)
		})
	}
	group.Wait()
}
