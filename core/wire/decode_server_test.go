package wire_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"ouroboros-postgres/core/pgerr"
)

type decodeCase struct{ sql, kind, value string }

var decodeCases = []decodeCase{
	{`true`, `"b"`, `true`},
	{`'f'::bool`, `"b"`, `false`},
	{`'-32768'::int2`, `"i"`, `-32768`},
	{`-2147483648`, `"i"`, `-2147483648`},
	{`9223372036854775807`, `"i"`, `9223372036854775807`},
	{`4294967295::oid`, `"i"`, `4294967295`},
	{`'3'::xid`, `"i"`, `3`},
	{`3.14::float4`, `"f"`, `3.14`},
	{`1::float8`, `"f"`, `1.0`},
	{`'-0'::float8`, `"f"`, `-0.0`},
	{`'nan'::float8`, `"f"`, `"nan"`},
	{`'-inf'::float4`, `"f"`, `"-inf"`},
	{`'inf'::float4`, `"f"`, `"inf"`},
	{`1.10`, `"n"`, `"1.10"`},
	{`0::numeric`, `"n"`, `"0"`},
	{`0.000`, `"n"`, `"0.000"`},
	{`-0.00001230`, `"n"`, `"-0.00001230"`},
	{`0.000000000000000000012`, `"n"`, `"0.000000000000000000012"`},
	{`100000000::numeric`, `"n"`, `"100000000"`},
	{`12345678901234567890.12345`, `"n"`, `"12345678901234567890.12345"`},
	{`'NaN'::numeric`, `"n"`, `"NaN"`},
	{`'-Infinity'::numeric`, `"n"`, `"-Infinity"`},
	{`'Infinity'::numeric`, `"n"`, `"Infinity"`},
	{`'a"b\c' || chr(9) || chr(1) || 'é🐍'`, `"s"`, `"a\"b\\c\t\u0001é🐍"`},
	{`''::text`, `"s"`, `""`},
	{`'ab'::char(4)`, `"s"`, `"ab  "`},
	{`'x'::"char"`, `"s"`, `"x"`},
	{`''::"char"`, `"s"`, `""`},
	{`'n'::name`, `"s"`, `"n"`},
	{`'Ab'::citext`, `"s"`, `"Ab"`},
	{`'lit'`, `"s"`, `"lit"`},
	{`'\x00ff10'::bytea`, `"y"`, `"AP8Q"`},
	{`''::bytea`, `"y"`, `""`},
	{`'A0EEBC99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid`, `"u"`, `"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"`},
	{`date '2024-02-29'`, `"d"`, `"2024-02-29"`},
	{`date '0001-01-01'`, `"d"`, `"0001-01-01"`},
	{`date '9999-12-31'`, `"d"`, `"9999-12-31"`},
	{`date '1900-03-01'`, `"d"`, `"1900-03-01"`},
	{`date 'infinity'`, `"d"`, `"9999-12-31"`},
	{`date '-infinity'`, `"d"`, `"0001-01-01"`},
	{`time '10:00'`, `"t"`, `"10:00:00"`},
	{`time '23:59:59.999999'`, `"t"`, `"23:59:59.999999"`},
	{`timetz '10:00:00.5+05:30'`, `"t"`, `"10:00:00.500000+05:30"`},
	{`timetz '10:00:00-03:30:15'`, `"t"`, `"10:00:00-03:30:15"`},
	{`timestamp '1969-12-31 23:59:59.000001'`, `"T"`, `"1969-12-31T23:59:59.000001"`},
	{`timestamp 'infinity'`, `"T"`, `"9999-12-31T23:59:59.999999"`},
	{`timestamptz '-infinity'`, `"T"`, `"0001-01-01T00:00:00+00:00"`},
	{`timestamptz '2024-01-15 10:00:00+05:30'`, `"T"`, `"2024-01-15T04:30:00+00:00"`},
	{`interval '1 year 2 mons 3 days 04:05:06.789'`, `"v"`, `[428,14706789000]`},
	{`interval '-1 year -1 mon -00:00:01'`, `"v"`, `[-396,86399000000]`},
	{`interval '0'`, `"v"`, `[0,0]`},
	{`interval '100 hours'`, `"v"`, `[4,14400000000]`},
	{`'{"a": [1, null, "x"]}'::jsonb`, `"j"`, `{"a": [1, null, "x"]}`},
	{`'{"b":1,"a":2}'::json`, `"j"`, `{"b":1,"a":2}`},
	{`'null'::jsonb`, `"j"`, `null`},
	{`'10.0.0.1'::inet`, `"I"`, `"10.0.0.1"`},
	{`'10.0.0.1/24'::inet`, `"I"`, `"10.0.0.1/24"`},
	{`'::1'::inet`, `"I"`, `"::1"`},
	{`'10.0.0.0/8'::cidr`, `"N"`, `"10.0.0.0/8"`},
	{`'10.0.0.1'::cidr`, `"N"`, `"10.0.0.1/32"`},
	{`'2001:db8::/32'::cidr`, `"N"`, `"2001:db8::/32"`},
	{`'a=>1, "b c"=>"q\"\\", n=>NULL, "n2"=>"NULL"'::hstore`, `"j"`, `{"a":"1","n":null,"n2":"NULL","b c":"q\"\\"}`},
	{`''::hstore`, `"j"`, `{}`},
	{`'it''s "ok"'::mood`, `"s"`, `"it's \"ok\""`},
	{`5::positive`, `"i"`, `5`},
	{`array[1,null,3]`, `["a","i"]`, `[1,null,3]`},
	{`'{}'::int[]`, `["a","i"]`, `[]`},
	{`array[[1,2,3],[4,null,6]]`, `["a","i"]`, `{"dims":[2,3],"flat":[1,2,3,4,null,6]}`},
	{`'[0:1]={a,b}'::text[]`, `["a","s"]`, `["a","b"]`},
	{`array['', 'NULL', null, 'a,b', '{x}', 'q"\', ' s ']`, `["a","s"]`, `["","NULL",null,"a,b","{x}","q\"\\"," s "]`},
	{`array[1.10, 'NaN']::numeric[]`, `["a","n"]`, `["1.10","NaN"]`},
	{`array['sad','happy']::mood[]`, `["a","s"]`, `["sad","happy"]`},
	{`array[1,2]::positive[]`, `["a","i"]`, `[1,2]`},
	{`array['{"a": "b"}', 'null']::jsonb[]`, `["a","j"]`, `[{"a": "b"},null]`},
	{`array[point '(1,2)', null]`, `["a","s"]`, `["(1,2)",null]`},
	{`array[box '(1,2),(0,0)', box '(3,4),(0,0)']`, `["a","s"]`, `["(1,2),(0,0)","(3,4),(0,0)"]`},
	{`int4range(1,5)`, `["r","i"]`, `[1,5,"[)"]`},
	{`int4range(null,5)`, `["r","i"]`, `[null,5,"()"]`},
	{`int4range(1,1)`, `["r","i"]`, `"empty"`},
	{`numrange(1.10,2.5,'(]')`, `["r","n"]`, `["1.10","2.5","(]"]`},
	{`tstzrange('2024-01-01 00:00+00', 'infinity')`, `["r","T"]`, `["2024-01-01T00:00:00+00:00","9999-12-31T23:59:59.999999+00:00","[)"]`},
	{`text_span('a"\,(', 'b)]', '[]')`, `["r","s"]`, `["a\"\\,(","b)]","[]"]`},
	{`text_span('', null)`, `["r","s"]`, `["",null,"[)"]`},
	{`'{[1,3),[5,9)}'::int4multirange`, `["a",["r","i"]]`, `[[1,3,"[)"],[5,9,"[)"]]`},
	{`'{}'::int4multirange`, `["a",["r","i"]]`, `[]`},
	{`array[int4range(1,2), null, 'empty']`, `["a",["r","i"]]`, `[[1,2,"[)"],null,"empty"]`},
	{`(1,'a"b\,()')::inner_row`, `["c",[["a","i"],["b","s"]]]`, `[1,"a\"b\\,()"]`},
	{`(null,'')::inner_row`, `["c",[["a","i"],["b","s"]]]`, `[null,""]`},
	{`array[(1,'a')::inner_row, null, (2,null)::inner_row]`, `["a",["c",[["a","i"],["b","s"]]]]`, `[[1,"a"],null,[2,null]]`},
	{`(7,'(1,2)','2024-01-15','1 mon -2 days +01:00:00.5',true,'{a,"b c"}')::with_point`, `["c",[["id","i"],["place","s"],["day","d"],["gap","v"],["flag","b"],["tags",["a","s"]]]]`, `[7,"(1,2)","2024-01-15",[28,3600500000],true,["a","b c"]]`},
	{`'08:00:2b:01:02:03'::macaddr`, `"s"`, `"08:00:2b:01:02:03"`},
	{`'$1.50'::money`, `"s"`, `"$1.50"`},
	{`B'101'`, `"s"`, `"101"`},
	{`'<a/>'::xml`, `"s"`, `"<a/>"`},
	{`'pg_class'::regclass`, `"s"`, `"pg_class"`},
	{`point '(1,2)'`, `"s"`, `"(1,2)"`},
	{`'a b'::tsvector`, `"s"`, `"'a' 'b'"`},
	{`'1 2'::int2vector`, `"s"`, `"1 2"`},
	{`'1/2'::pg_lsn`, `"s"`, `"1/2"`},
	{`pg_sleep(0)`, `"s"`, `null`},
	{`null::int4`, `"i"`, `null`},
	{`null::int4[]`, `["a","i"]`, `null`},
	{
		`(1, 'x', row(2,'y')::inner_row, array['p'], 9.50, '2024-01-15 10:00+00', '{"j": null}', '\x0102', 3, 'sad', '[1,3)', 'a=>b')::outer_row`,
		`["c",[["id","i"],["label","s"],["part",["c",[["a","i"],["b","s"]]]],["tags",["a","s"]],["price","n"],["at","T"],["data","j"],["raw","y"],["n","i"],["how","s"],["span",["r","i"]],["pairs","j"]]]`,
		`[1,"x",[2,"y"],["p"],"9.50","2024-01-15T10:00:00+00:00",{"j": null},"AQI=",3,"sad",[1,3,"[)"],{"a":"b"}]`,
	},
}

func TestDecode(t *testing.T) {
	s := connect(t)
	s.script(`set timezone = 'Asia/Kolkata'; set intervalstyle = 'sql_standard'; set datestyle = 'German'; set extra_float_digits = -3; set bytea_output = 'escape'`)
	for _, c := range decodeCases {
		if strings.Contains(c.sql, "with_point") {
			continue
		}
		t.Run(c.sql, func(t *testing.T) { checkDecoded(t, s.query, c) })
	}
}

func TestDecodeText(t *testing.T) {
	s := connect(t)
	for _, styles := range []string{
		`set timezone = 'Asia/Kolkata'; set intervalstyle = 'postgres'; set bytea_output = 'escape'`,
		`set timezone = 'America/St_Johns'; set intervalstyle = 'iso_8601'; set bytea_output = 'hex'`,
		`set timezone = 'UTC'; set intervalstyle = 'postgres_verbose'`,
	} {
		s.script(styles)
		for _, c := range decodeCases {
			t.Run(c.sql, func(t *testing.T) {
				checkDecoded(t, func(sql, _ string) (string, error) { return s.simple(sql) }, c)
			})
		}
	}
}

func checkDecoded(t *testing.T, query func(sql, args string) (string, error), c decodeCase) {
	t.Helper()
	payload, err := query(`select `+c.sql, `[]`)
	if unsupported := (*pgconn.PgError)(nil); errors.As(err, &unsupported) && unsupported.Code == "0A000" {
		t.Skipf("this server was built without it: %s", unsupported.Message)
	}
	if err != nil {
		t.Fatal(err)
	}
	if kind, data := value(t, payload); kind != c.kind || data != c.value {
		t.Errorf("got %s %s, want %s %s", kind, data, c.kind, c.value)
	}
}

// TestDecodeRecord reads anonymous records, whose text form knows no types.
func TestDecodeRecord(t *testing.T) {
	s := connect(t)
	checkDecoded(t, s.query, decodeCase{
		`row(1, 'a"b', null::float8, row(true), point '(1,2.5)', 2.50, array[1])`, `"R"`,
		`[["i",1],["s","a\"b"],["f",null],["R",[["b",true]]],["s","(1,2.5)"],["n","2.50"],[["a","i"],[1]]]`,
	})
	checkDecoded(t, s.query, decodeCase{`array[row(1,'x'), row(2,null)]`, `["a","R"]`, `[[["i",1],["s","x"]],[["i",2],["s",null]]]`})
	checkDecoded(t, func(sql, _ string) (string, error) { return s.simple(sql) }, decodeCase{
		`row(1, 'a"b', null, '')`, `"R"`, `[["s","1"],["s","a\"b"],["s",null],["s",""]]`,
	})
}

func TestUnrepresentable(t *testing.T) {
	s := connect(t)
	for _, c := range []struct{ sql, fragment, datatype string }{
		{`date '0044-03-15 BC'`, `year`, `date`},
		{`timestamp '10000-01-01'`, `year`, `timestamp`},
		{`timestamptz '0001-01-01 BC'`, `year`, `timestamptz`},
		{`time '24:00'`, `24:00:00`, `time`},
		{`timetz '24:00+02'`, `24:00:00`, `timetz`},
		{`interval '100000000 years'`, `timedelta`, `interval`},
		{`array[date '0044-03-15 BC']`, `year`, `_date`},
		{`row('1'::money)`, `money`, `record`},
	} {
		for _, query := range []func(string) (string, error){
			func(sql string) (string, error) { return s.query(sql, `[]`) }, s.simple,
		} {
			if c.datatype == "record" {
				query = func(sql string) (string, error) { return s.query(sql, `[]`) }
			}
			_, err := query(`select ` + c.sql + ` as "the col"`)
			e := pgerr.From(err)
			if err == nil || e.Kind != pgerr.Deserialization || e.Column != "the col" || e.Datatype != c.datatype {
				t.Fatalf("%s: %v", c.sql, err)
			}
			for _, fragment := range []string{c.fragment, `"the col"`, c.datatype, `::text`} {
				if !strings.Contains(e.Message, fragment) {
					t.Errorf("%s: %q lacks %q", c.sql, e.Message, fragment)
				}
			}
		}
	}
}

// TestNumericAgainstServer compares with the server's own text, beyond 1000 digits as well.
func TestNumericAgainstServer(t *testing.T) {
	s := connect(t)
	for _, sql := range []string{
		`power(10::numeric, 1200) + 7`, `-power(10::numeric, 1200) / 3`, `power(10::numeric, -1200) * 1.5`,
		`round(power(10::numeric, -30), 200)`, `10000::numeric`, `9999.9999`, `0.00010000`, `1e-8::numeric`,
		`(random() * 1e9)::numeric / 7`, `round(random()::numeric * 1e20, 9)`,
	} {
		checkSame(t, s, `select x, x::text from (select (`+sql+`) as x) y`)
	}
}

func checkSame(t *testing.T, s *server, sql string) {
	t.Helper()
	payload, err := s.query(sql, `[]`)
	if err != nil {
		t.Fatal(err)
	}
	row := payload[strings.Index(payload, `"rows":[[`)+9 : strings.Index(payload, `]],"tag"`)]
	left, right, _ := strings.Cut(row, `,`)
	if left != right {
		t.Errorf("%s: %s differs from %s", sql, left, right)
	}
}
