package operation

import (
	"fmt"
	"sync"
	"testing"

	"ouroboros-postgres/core/engine"
	"ouroboros-postgres/core/pgerr"
)

func TestManyToMany(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.exec(`CREATE TABLE users (id bigint PRIMARY KEY, name text); CREATE TABLE roles (code uuid PRIMARY KEY, name text);
		INSERT INTO users VALUES (1, 'ann'), (2, 'bob');
		INSERT INTO roles SELECT ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'role' || n FROM generate_series(1, 4) n`)
	link := `"join_table":"user_roles","source_key":"user_id","target_key":"role_id","target_table":"roles","target_reference":"code"`
	back := `"join_table":"user_roles","source_key":"role_id","target_key":"user_id","target_table":"users"`
	role := func(n int) string { return fmt.Sprintf(`{"u":"00000000-0000-0000-0000-00000000000%d"}`, n) }
	create := `{"op":"m2m_create",` + link + `,"source_table":"users"}`
	d.want(create, `null`)
	d.want(create, `null`)
	d.want(`{"op":"get_columns","table":"user_roles","schema":"nowhere"}`, `[]`)
	d.want(`{"op":"execute","sql":"select column_name, data_type from information_schema.columns where table_schema = $1 and table_name = 'user_roles' order by ordinal_position","args":["`+d.schema+`"]}`,
		`[{"column_name":"user_id","data_type":"bigint"},{"column_name":"role_id","data_type":"uuid"}]`)
	d.want(`{"op":"execute","sql":"select indexdef from pg_indexes where schemaname = $1 and indexname = 'user_roles_role_id_idx'","args":["`+d.schema+`"]}`,
		`[{"indexdef":"CREATE INDEX user_roles_role_id_idx ON `+d.schema+`.user_roles USING btree (role_id)"}]`)
	d.exec(`ALTER TABLE user_roles ADD since text DEFAULT 'now'`)

	add := func(n int) string {
		return `{"op":"m2m_add",` + link + `,"source_id":1,"target_id":` + role(n) + `}`
	}
	d.want(add(1), `null`)
	d.want(add(1), `null`)
	d.want(add(2), `null`)
	d.want(`{"op":"m2m_count",`+link+`,"source_id":1}`, `2`)
	d.want(`{"op":"m2m_has",`+link+`,"source_id":1,"target_id":`+role(2)+`}`, `true`)
	d.want(`{"op":"m2m_has",`+link+`,"source_id":2,"target_id":`+role(2)+`}`, `false`)
	d.exec(`UPDATE user_roles SET since = 'old'`)
	d.want(`{"op":"m2m_set",`+link+`,"source_id":1,"target_ids":[`+role(2)+`,`+role(3)+`,`+role(3)+`]}`, `null`)
	d.want(`{"op":"execute","sql":"select right(role_id::text, 1) as r, since from user_roles order by 1"}`, `[{"r":"2","since":"old"},{"r":"3","since":"now"}]`)
	d.want(`{"op":"m2m_fetch",`+link+`,"source_id":1,"columns":["name"],"order":[["name","DESC"]]}`, `[{"name":"role3"},{"name":"role2"}]`)
	d.want(`{"op":"m2m_fetch",`+link+`,"source_id":1,"columns":["name"],"order":[["name","asc"]],"limit":1,"offset":1}`, `[{"name":"role3"}]`)
	d.want(`{"op":"m2m_fetch",`+link+`,"source_id":1,"limit":0}`, `[]`)
	d.want(`{"op":"m2m_fetch",`+back+`,"source_id":`+role(3)+`}`, `[{"id":1,"name":"ann"}]`)
	d.want(`{"op":"m2m_remove",`+link+`,"source_id":1,"target_id":`+role(3)+`}`, `1`)
	d.want(`{"op":"m2m_remove",`+link+`,"source_id":1,"target_id":`+role(3)+`}`, `0`)
	e := d.fails(`{"op":"m2m_set",`+link+`,"source_id":1,"target_ids":[`+role(4)+`,`+role(9)+`]}`, pgerr.Database, "Setting the relations failed: ")
	if e.SQLState != "23503" {
		t.Errorf("%+v", e)
	}
	d.want(`{"op":"m2m_count",`+link+`,"source_id":1}`, `1`)
	d.fails(`{"op":"m2m_add",`+link+`,"source_id":7,"target_id":`+role(1)+`}`, pgerr.Database, "violates foreign key")
	d.want(`{"op":"m2m_set",`+link+`,"source_id":1,"target_ids":[]}`, `null`)
	d.want(`{"op":"m2m_clear",`+link+`,"source_id":1}`, `0`)
}

func TestManyToManyCreateRefuses(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.exec(`CREATE TABLE users (id int PRIMARY KEY)`)
	d.fails(`{"op":"m2m_create","join_table":"j","source_key":"a","target_key":"b","source_table":"users","target_table":"nowhere"}`, pgerr.TableMissing, "nowhere")
	d.fails(`{"op":"m2m_create","join_table":"j","source_key":"a","target_key":"b","source_table":"users","target_table":"users","target_reference":"uid"}`, pgerr.Query, "uid")
	d.fails(`{"op":"m2m_create","join_table":"j","source_key":"a","target_key":"a","source_table":"users","target_table":"users"}`, pgerr.Value, "differ")
}

// TestManyToManyAtOnce: of targets set at the same time, one set remains, not their union; other sources do not wait.
func TestManyToManyAtOnce(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.exec(`CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a SELECT generate_series(1, 8)`)
	link := `"join_table":"j","source_key":"s","target_key":"t","target_table":"a"`
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() { d.want(`{"op":"m2m_create",`+link+`,"source_table":"a"}`, `null`) })
	}
	group.Wait()
	set := func(session engine.Session, source int, targets string) error {
		_, err := call(t.Context(), session, fmt.Sprintf(`{"op":"m2m_set",%s,"source_id":%d,"target_ids":%s}`, link, source, targets))
		return err
	}
	d.within(func(inner *database) {
		if err := set(inner.session, 1, `[1,2]`); err != nil {
			t.Fatal(err)
		}
		for source, want := range map[int]string{1: "55P03", 2: ""} {
			err := d.session.Atomic(t.Context(), func(session engine.Session) error {
				if _, err := session.Query(t.Context(), engine.Statement{SQL: "SET LOCAL lock_timeout = '20ms'"}); err != nil {
					return err
				}
				return set(session, source, `[3,4]`)
			})
			if (err != nil || want != "") && (err == nil || pgerr.From(err).SQLState != want) {
				t.Errorf("source %d: %v", source, err)
			}
		}
	})
}
