package operation

import (
	"testing"

	"ouroboros-postgres/core/pgerr"
)

func TestSelectRelated(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.exec(`CREATE TABLE users (id bigint PRIMARY KEY, name text, born date);
		CREATE TABLE posts (id int PRIMARY KEY, title text, user_id bigint REFERENCES users, editor bigint REFERENCES users, price numeric(6,2));
		CREATE TABLE badges (code text PRIMARY KEY, name text);
		CREATE TABLE awards (n int, badge text, winner text);
		INSERT INTO users VALUES (1, 'ann', '2000-01-01'), (2, 'bob', NULL), (3, 'cy', NULL);
		INSERT INTO posts VALUES (11, 'b', 1, 2, 1.50), (10, 'a', 1, NULL, NULL), (12, 'c', NULL, 1, 2);
		INSERT INTO badges VALUES ('x', 'Ex'); INSERT INTO awards VALUES (1, 'x', 'ann'), (2, 'x', 'bob')`)
	author := `{"name":"author","table":"users","foreign_key":"user_id"}`
	d.want(`{"op":"select_related","table":"posts","id":11,"relations":[`+author+`]}`,
		`[{"id":11,"title":"b","user_id":1,"editor":2,"price":"1.50","author":[1,"ann","2000-01-01"]}]`)
	d.want(`{"op":"select_related","table":"posts","id":12,"relations":[`+author+`,{"name":"user","table":"users","foreign_key":"editor","select_columns":["name","id"]}]}`,
		`[{"id":12,"title":"c","user_id":null,"editor":1,"price":"2.00","author":null,"user":["ann",1]}]`)
	d.want(`{"op":"select_related","table":"posts","id":12,"relations":[{"name":"author","table":"users","foreign_key":"user_id","join_type":"INNER"}]}`, `[]`)
	d.want(`{"op":"select_related","table":"posts","id":99,"relations":[`+author+`]}`, `[]`)
	d.want(`{"op":"select_related","table":"posts","filter":[["user_id","eq",null]],"relations":[]}`,
		`[{"id":12,"title":"c","user_id":null,"editor":1,"price":"2.00"}]`)
	d.want(`{"op":"select_related","table":"`+d.schema+`.users","order":[["id","desc"]],"limit":2,"offset":1,"relations":[
		{"name":"posts","table":"posts","foreign_key":"user_id","select_columns":["title","id"]}]}`,
		`[{"id":2,"name":"bob","born":null,"posts":[]},{"id":1,"name":"ann","born":"2000-01-01","posts":[["a",10],["b",11]]}]`)
	d.want(`{"op":"select_related","table":"users","order":[["id","asc"]],"relations":[
		{"name":"posts","table":"posts","foreign_key":"user_id","join_type":"inner","many":true}]}`,
		`[{"id":1,"name":"ann","born":"2000-01-01","posts":[[10,"a",1,null,null],[11,"b",1,2,"1.50"]]}]`)
	d.want(`{"op":"select_related","table":"badges","id":"x","relations":[
		{"name":"awards","table":"awards","foreign_key":"badge"}]}`, `[{"code":"x","name":"Ex","awards":[[1,"x","ann"],[2,"x","bob"]]}]`)
	d.want(`{"op":"select_related","table":"awards","id":2,"id_column":"n","relations":[
		{"name":"badge_row","table":"badges","foreign_key":"badge"},{"name":"who","table":"users","foreign_key":"winner","reference_column":"name"}]}`,
		`[{"n":2,"badge":"x","winner":"bob","badge_row":["x","Ex"],"who":[2,"bob",null]}]`)
}

func TestSelectRelatedRefuses(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.exec(`CREATE TABLE users (id int PRIMARY KEY, name text); CREATE TABLE posts (id int PRIMARY KEY, user_id int)`)
	d.fails(`{"op":"select_related","table":"nowhere","relations":[]}`, pgerr.TableMissing, "not found")
	d.fails(`{"op":"select_related","table":"posts","relations":[{"name":"a","table":"nowhere","foreign_key":"user_id"}]}`, pgerr.TableMissing, "not found")
	d.fails(`{"op":"select_related","table":"posts","relations":[{"name":"user_id","table":"users","foreign_key":"user_id"}]}`, pgerr.Value, "user_id")
	d.fails(`{"op":"select_related","table":"posts","relations":[{"name":"u","table":"users","foreign_key":"user_id"},{"name":"u","table":"users","foreign_key":"user_id"}]}`, pgerr.Value, "twice")
	d.fails(`{"op":"select_related","table":"posts","relations":[{"name":"u","table":"users","foreign_key":"user_id","join_type":"outer"}]}`, pgerr.Value, "Unknown join type: outer")
	d.fails(`{"op":"select_related","table":"users","relations":[{"name":"p","table":"posts","foreign_key":"user_id","join_type":"full"}]}`, pgerr.Value, "to-many")
	for op, prefix := range map[string]string{
		"select_related": "Fetch many with relations failed: ", "select_one_related": "Fetch with relations failed: ", "select_one_eager": "Eager fetch failed: ",
	} {
		d.fails(`{"op":"`+op+`","table":"posts","id":1,"relations":[{"name":"u","table":"users","foreign_key":"nope"}]}`, pgerr.Database, prefix, "nope")
	}
}
