package operation

import (
	"strings"
	"testing"

	"ouroboros-postgres/core/pgerr"
)

func TestTables(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.exec(`CREATE TABLE b (id int); CREATE TABLE "A b" (id int); CREATE TABLE p (id int) PARTITION BY LIST (id); CREATE VIEW v AS SELECT 1 AS x`)
	d.want(`{"op":"list_tables","schema":"`+d.schema+`"}`, `["A b","b","p"]`)
	d.want(`{"op":"list_tables","schema":"nowhere"}`, `[]`)
	for table, want := range map[string]string{"b": "true", "A b": "true", "p": "true", "B": "false", "v": "false", strings.Repeat("b", 70): "false"} {
		d.want(`{"op":"table_exists","table":"`+table+`","schema":"`+d.schema+`"}`, want)
	}
	d.want(`{"op":"table_exists","table":"b'; --"}`, `false`)
	d.fails(`{"op":"inspect_table","table":"nowhere","schema":"`+d.schema+`"}`, pgerr.TableMissing, "Table does not exist")
	d.fails(`{"op":"inspect_table","table":"nowhere"}`, pgerr.TableMissing, "Table does not exist")
}

// described is what get_columns says of one column unless a test says otherwise.
func described(name, change string) string {
	all := map[string]string{
		"data_type": `"Integer"`, "nullable": "true", "default": "null", "is_primary_key": "false", "is_unique": "false",
		"sql_type": `"integer"`, "ordinal_position": "1", "max_length": "null", "precision": "null", "scale": "null",
		"is_array": "false", "is_identity": "false", "is_generated": "false", "enum_values": "null", "collation": "null", "comment": "null",
	}
	for _, pair := range strings.Split(change, "; ") {
		key, value, _ := strings.Cut(pair, "=")
		all[key] = value
	}
	parts := []string{`"name":"` + name + `"`}
	for key, value := range all {
		parts = append(parts, `"`+key+`":`+value)
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func TestColumns(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.exec(`CREATE TYPE mood AS ENUM ('ok', 'sad'); CREATE DOMAIN word AS varchar(9) NOT NULL;
		CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY, "B" varchar(10) DEFAULT 'x' UNIQUE, gone int, c numeric(10,2), d numeric, e varchar,
			f mood[], g int GENERATED ALWAYS AS (a + 1) STORED, h timestamptz(3) NOT NULL DEFAULT now(), i word, j text COLLATE "C",
			k smallint, l bigint, m real, n double precision, o bool, p bytea, q uuid, r date, s time, u timestamp, v json, w jsonb, x char(3), y mood,
			PRIMARY KEY (a, k), UNIQUE (l, m));
		CREATE UNIQUE INDEX ON t (n) WHERE n > 0; COMMENT ON COLUMN t.a IS 'the key'; ALTER TABLE t DROP COLUMN gone`)
	at := func(n string) string { return "; ordinal_position=" + n }
	columns := []string{
		described("a", `nullable=false; is_primary_key=true; is_identity=true; comment="the key"`),
		described("B", `data_type="Varchar(10)"; sql_type="character varying(10)"; default="'x'::character varying"; is_unique=true; max_length=10`+at("2")),
		described("c", `data_type="Numeric(10, 2)"; sql_type="numeric(10,2)"; precision=10; scale=2`+at("4")),
		described("d", `data_type="Numeric"; sql_type="numeric"`+at("5")),
		described("e", `data_type="Varchar"; sql_type="character varying"`+at("6")),
		described("f", `data_type="`+d.schema+`.mood[]"; sql_type="`+d.schema+`.mood[]"; is_array=true; enum_values=["ok","sad"]`+at("7")),
		described("g", `is_generated=true`+at("8")),
		described("h", `data_type="TimestampTz"; sql_type="timestamp(3) with time zone"; nullable=false; default="now()"`+at("9")),
		described("i", `data_type="`+d.schema+`.word"; sql_type="`+d.schema+`.word"; nullable=false`+at("10")),
		described("j", `data_type="Text"; sql_type="text"; collation="C"`+at("11")),
		described("k", `data_type="SmallInt"; sql_type="smallint"; nullable=false; is_primary_key=true`+at("12")),
		described("l", `data_type="BigInt"; sql_type="bigint"`+at("13")),
		described("m", `data_type="Real"; sql_type="real"`+at("14")),
		described("n", `data_type="DoublePrecision"; sql_type="double precision"`+at("15")),
		described("o", `data_type="Boolean"; sql_type="boolean"`+at("16")),
		described("p", `data_type="Bytea"; sql_type="bytea"`+at("17")),
		described("q", `data_type="Uuid"; sql_type="uuid"`+at("18")),
		described("r", `data_type="Date"; sql_type="date"`+at("19")),
		described("s", `data_type="Time"; sql_type="time without time zone"`+at("20")),
		described("u", `data_type="Timestamp"; sql_type="timestamp without time zone"`+at("21")),
		described("v", `data_type="Json"; sql_type="json"`+at("22")),
		described("w", `data_type="Jsonb"; sql_type="jsonb"`+at("23")),
		described("x", `data_type="character(3)"; sql_type="character(3)"; max_length=3`+at("24")),
		described("y", `data_type="`+d.schema+`.mood"; sql_type="`+d.schema+`.mood"; enum_values=["ok","sad"]`+at("25")),
	}
	want := strings.ReplaceAll("["+strings.Join(columns, ",")+"]", d.schema+".", "")
	d.want(`{"op":"get_columns","table":"t","schema":"`+d.schema+`"}`, want)
	d.want(`{"op":"get_columns","table":"T","schema":"`+d.schema+`"}`, `[]`)
}

func TestKeysAndIndexes(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.exec(`CREATE TABLE par (id int PRIMARY KEY, x int, y int, UNIQUE (x, y));
		CREATE TABLE kid (id int PRIMARY KEY, py int, px int, p int REFERENCES par ON DELETE SET NULL ON UPDATE CASCADE, me int REFERENCES kid DEFERRABLE,
			name text, CONSTRAINT a_both FOREIGN KEY (py, px) REFERENCES par (y, x) ON DELETE RESTRICT);
		CREATE INDEX "By Name" ON kid USING btree (lower(name), px DESC) INCLUDE (py) WHERE px > 1; CREATE INDEX h ON kid USING hash (name)`)
	s := `,"schema":"` + d.schema + `"}`
	indexes := `[
		{"name":"By Name","columns":["lower(name)","px"],"is_unique":false,"index_type":"btree","is_primary":false,"predicate":"(px > 1)","include":["py"],"expressions":["lower(name)"]},
		{"name":"h","columns":["name"],"is_unique":false,"index_type":"hash","is_primary":false,"predicate":null,"include":[],"expressions":[]},
		{"name":"kid_pkey","columns":["id"],"is_unique":true,"index_type":"btree","is_primary":true,"predicate":null,"include":[],"expressions":[]}]`
	d.want(`{"op":"get_indexes","table":"kid"`+s, indexes)
	keys := strings.ReplaceAll(`[
		{"name":"a_both","columns":["py","px"],"referenced_table":"par","referenced_columns":["y","x"],"on_delete":"RESTRICT","on_update":"NO ACTION","referenced_schema":"S","deferrable":false},
		{"name":"kid_me_fkey","columns":["me"],"referenced_table":"kid","referenced_columns":["id"],"on_delete":"NO ACTION","on_update":"NO ACTION","referenced_schema":"S","deferrable":true},
		{"name":"kid_p_fkey","columns":["p"],"referenced_table":"par","referenced_columns":["id"],"on_delete":"SET NULL","on_update":"CASCADE","referenced_schema":"S","deferrable":false}]`, `"S"`, `"`+d.schema+`"`)
	d.want(`{"op":"get_foreign_keys","table":"kid"`+s, keys)
	d.want(`{"op":"get_foreign_keys","table":"par"`+s, `[]`)
	d.want(`{"op":"get_backreferences","table":"par"`+s, strings.ReplaceAll(`[
		{"source_table":"kid","source_column":"py","target_table":"par","target_column":"y","constraint_name":"a_both","on_delete":"RESTRICT","on_update":"NO ACTION","source_schema":"S"},
		{"source_table":"kid","source_column":"px","target_table":"par","target_column":"x","constraint_name":"a_both","on_delete":"RESTRICT","on_update":"NO ACTION","source_schema":"S"},
		{"source_table":"kid","source_column":"p","target_table":"par","target_column":"id","constraint_name":"kid_p_fkey","on_delete":"SET NULL","on_update":"CASCADE","source_schema":"S"}]`,
		`"S"`, `"`+d.schema+`"`))
	columns, err := call(t.Context(), d.session, `{"op":"get_columns","table":"kid"`+s)
	if err != nil {
		t.Fatal(err)
	}
	d.want(`{"op":"inspect_table","table":"kid"`+s,
		`{"name":"kid","schema":"`+d.schema+`","columns":`+columns+`,"indexes":`+indexes+`,"foreign_keys":`+keys+`}`)
}
