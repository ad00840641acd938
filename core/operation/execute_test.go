package operation

import (
	"testing"

	"ouroboros-postgres/core/pgerr"
)

func TestExecuteAnswersWhatTheServerDid(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.want(`{"op":"execute","sql":"create table t (id serial primary key, name text, returning_note text)"}`, `null`)
	d.want(`{"op":"execute","sql":"insert into t (name, returning_note) values ($1, 'RETURNING'), ($2, $3)","args":["a","b",null]}`, `2`)
	d.want(`{"op":"execute","sql":"-- first\n /* x */ select id, name from t order by id"}`, `[{"id":1,"name":"a"},{"id":2,"name":"b"}]`)
	d.want(`{"op":"execute","sql":"with n as (select 'c' as x) insert into t (name) select x from n"}`, `1`)
	d.want(`{"op":"execute","sql":"with n as (select 'c' as x) insert into t (name) select x from n returning id"}`, `[{"id":4}]`)
	d.want(`{"op":"execute","sql":"update t set name = 'z' where false"}`, `0`)
	d.want(`{"op":"execute","sql":"update t set name = 'z' where false returning id"}`, `[]`)
	d.want(`{"op":"execute","sql":"(select 1 as a) union all (select 2) order by a"}`, `[{"a":1},{"a":2}]`)
	d.want(`{"op":"execute","sql":"values (1)"}`, `[{"column1":1}]`)
	d.want(`{"op":"execute","sql":"create table u as select 1 as a"}`, `null`)
	d.want(`{"op":"execute","sql":"truncate u"}`, `null`)
	d.want(`{"op":"execute","sql":"do $$ begin null; end $$"}`, `null`)
	d.want(`{"op":"execute","sql":"delete from t where id > $1;","args":[1]}`, `3`)
	d.want(`{"op":"execute","sql":"select 1 as a; select 2 as b"}`, `[{"b":2}]`)
	d.want(`{"op":"execute","sql":"select :a::int + :b as s, ':a' as t, :a::text as u","named":{"a":1,"b":2,"c":3}}`, `[{"s":3,"t":":a","u":"1"}]`)
	d.want(`{"op":"execute","sql":"select '{\"a\": 1}'::jsonb ? 'a' as a, (array[1,2,3])[1:2] as b","named":{}}`, `[{"a":true,"b":[1,2]}]`)
	d.want(`{"op":"query","sql":"insert into t (name) values ('q')"}`, `[]`)
	d.want(`{"op":"query","sql":"select name from t where id = $1","args":[5]}`, `[{"name":"q"}]`)
	d.fails(`{"op":"execute","sql":"select * from nowhere"}`, pgerr.Database, "Query execution failed: ", "does not exist")
	d.fails(`{"op":"execute","sql":" ; -- nothing"}`, pgerr.Query, "Query execution failed: ")
	d.fails(`{"op":"execute","sql":"copy t from stdin"}`, pgerr.Query, "COPY")
	d.fails(`{"op":"execute","sql":"select $1::int","args":[]}`, pgerr.Query, "1", "0")
	d.fails(`{"op":"execute","sql":"begin"}`, pgerr.Transaction, "begin_transaction")
}
