package wire_test

import (
	"strings"
	"testing"

	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/wire"
)

// TestBind sends arguments to parameters of a type that the server infers, and reads them back.
func TestBind(t *testing.T) {
	s := connect(t)
	s.script(`set timezone = 'Asia/Kolkata'; set datestyle = 'German'; set intervalstyle = 'sql_standard'`)
	for _, c := range []struct{ sql, args, kind, value string }{
		{`$1::int2`, `[300.0]`, `"i"`, `300`},
		{`$1::int8`, `[9007199254740993]`, `"i"`, `9007199254740993`},
		{`$1::int4`, `[-1e3]`, `"i"`, `-1000`},
		{`$1::oid`, `[4294967295]`, `"i"`, `4294967295`},
		{`$1::numeric`, `[99.99]`, `"n"`, `"99.99"`},
		{`$1::numeric`, `[1e22]`, `"n"`, `"10000000000000000000000"`},
		{`$1::numeric`, `[123456789012345678901234567890]`, `"n"`, `"123456789012345678901234567890"`},
		{`$1::numeric`, `[{"n":"1.10"}]`, `"n"`, `"1.10"`},
		{`$1::numeric`, `[{"n":"1E+5"}]`, `"n"`, `"100000"`},
		{`$1::numeric`, `[{"n":"NaN"}]`, `"n"`, `"NaN"`},
		{`$1::numeric`, `[{"n":"-Infinity"}]`, `"n"`, `"-Infinity"`},
		{`$1::numeric`, `[{"f":"inf"}]`, `"n"`, `"Infinity"`},
		{`$1::float8`, `[5]`, `"f"`, `5.0`},
		{`$1::float8`, `[-0.0]`, `"f"`, `-0.0`},
		{`$1::float8`, `[{"f":"nan"}]`, `"f"`, `"nan"`},
		{`$1::float8`, `[{"n":"2.5"}]`, `"f"`, `2.5`},
		{`$1::float4`, `[3.14]`, `"f"`, `3.14`},
		{`$1::money`, `[-7]`, `"s"`, `"-$7.00"`},
		{`$1::money`, `[{"n":"7.25"}]`, `"s"`, `"$7.25"`},
		{`$1::bool`, `[true]`, `"b"`, `true`},
		{`$1::text`, `["it's \"q\" \\ \ud83d\udc0d"]`, `"s"`, `"it's \"q\" \\ 🐍"`},
		{`$1::text`, `[5]`, `"s"`, `"5"`},
		{`$1::date`, `["2024-01-15"]`, `"d"`, `"2024-01-15"`},
		{`$1::date`, `[{"d":"2024-01-15"}]`, `"d"`, `"2024-01-15"`},
		{`$1::date`, `[{"d":"0001-01-01"}]`, `"d"`, `"0001-01-01"`},
		{`$1::date`, `[{"ts":"2024-01-15T10:00:00"}]`, `"d"`, `"2024-01-15"`},
		{`$1::timestamp`, `[{"d":"2024-01-15"}]`, `"T"`, `"2024-01-15T00:00:00"`},
		{`$1::timestamptz`, `[{"d":"2024-01-15"}]`, `"T"`, `"2024-01-14T18:30:00+00:00"`},
		{`$1::timestamptz`, `[{"ts":"2024-01-15T10:00:00"}]`, `"T"`, `"2024-01-15T04:30:00+00:00"`},
		{`$1::timestamptz`, `[{"tsz":"2024-01-15T10:00:00.000001+01:00"}]`, `"T"`, `"2024-01-15T09:00:00.000001+00:00"`},
		{`$1::timestamp`, `[{"tsz":"2024-01-15T10:00:00+00:00"}]`, `"T"`, `"2024-01-15T15:30:00"`},
		{`$1::time`, `[{"t":"10:00:00.5"}]`, `"t"`, `"10:00:00.500000"`},
		{`$1::timetz`, `[{"tz":"10:00:00-03:30"}]`, `"t"`, `"10:00:00-03:30"`},
		{`$1::timetz`, `[{"t":"10:00:00"}]`, `"t"`, `"10:00:00+05:30"`},
		{`$1::interval`, `[{"v":"P1DT2.5S"}]`, `"v"`, `[1,2500000]`},
		{`$1::interval`, `[{"v":"P-1DT-0.000001S"}]`, `"v"`, `[-2,86399999999]`},
		{`$1::bytea`, `[{"y":"AP8Q"}]`, `"y"`, `"AP8Q"`},
		{`$1::bytea`, `[{"y":""}]`, `"y"`, `""`},
		{`$1::uuid`, `[{"u":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}]`, `"u"`, `"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"`},
		{`$1::uuid`, `["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]`, `"u"`, `"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"`},
		{`$1::inet`, `[{"ip":"10.0.0.1/24"}]`, `"I"`, `"10.0.0.1/24"`},
		{`$1::inet`, `[{"net":"10.0.0.0/8"}]`, `"I"`, `"10.0.0.0/8"`},
		{`$1::cidr`, `[{"net":"10.0.0.0/8"}]`, `"N"`, `"10.0.0.0/8"`},
		{`$1::cidr`, `[{"ip":"::1"}]`, `"N"`, `"::1/128"`},
		{`$1::mood`, `["it's \"ok\""]`, `"s"`, `"it's \"ok\""`},
		{`$1::positive`, `[5]`, `"i"`, `5`},
		{`$1::jsonb`, `[{"j":"{\"u\": \"x\", \"a\": [1.50]}"}]`, `"j"`, `{"a": [1.50], "u": "x"}`},
		{`$1::json`, `[[1,"a\"b",null,true,2.5,{"n":"1.10"},{"d":"2024-01-15"},{"y":"AP8Q"},{"j":"{\"k\":1}"},[[]],{"v":"P1D"}]]`, `"j"`, `[1,"a\"b",null,true,2.5,"1.10","2024-01-15","AP8Q",{"k":1},[[]],"P1D"]`},
		{`$1::jsonb`, `[[]]`, `"j"`, `[]`},
		{`$1::jsonb`, `["{\"a\":1}"]`, `"j"`, `{"a": 1}`},
		{`$1::jsonb`, `[5]`, `"j"`, `5`},
		{`$1::int4`, `[null]`, `"i"`, `null`},
		{`$1::int4[]`, `[[1,null,3]]`, `["a","i"]`, `[1,null,3]`},
		{`$1::int4[]`, `[[]]`, `["a","i"]`, `[]`},
		{`$1::int4[]`, `[[[],[]]]`, `["a","i"]`, `[]`},
		{`$1::int4[]`, `[[[1,2],[3,null]]]`, `["a","i"]`, `{"dims":[2,2],"flat":[1,2,3,null]}`},
		{`$1::float8[]`, `[[1,2.5]]`, `["a","f"]`, `[1.0,2.5]`},
		{`$1::text[]`, `[["","NULL",null,"a,b","{x}","q\"\\"," s ","é"]]`, `["a","s"]`, `["","NULL",null,"a,b","{x}","q\"\\"," s ","é"]`},
		{`$1::box[]`, `[["(1,2),(0,0)"]]`, `["a","s"]`, `["(1,2),(0,0)"]`},
		{`$1::bytea[]`, `[[{"y":"AP8Q"}]]`, `["a","y"]`, `["AP8Q"]`},
		{`$1::jsonb[]`, `[[{"j":"{\"a\":\"b\\\"\"}"},[1,"x"],null,5]]`, `["a","j"]`, `[{"a": "b\""},[1, "x"],null,5]`},
		{`$1::int4range`, `[{"r":{"lower":1,"upper":5,"bounds":"[]","empty":false}}]`, `["r","i"]`, `[1,6,"[)"]`},
		{`$1::int4range`, `[{"r":{"lower":null,"upper":null,"bounds":"()","empty":false}}]`, `["r","i"]`, `[null,null,"()"]`},
		{`$1::int4range`, `[{"r":{"lower":null,"upper":null,"bounds":"[)","empty":true}}]`, `["r","i"]`, `"empty"`},
		{`$1::text_span`, `[{"r":{"lower":"a\"\\,(","upper":"b","bounds":"[]"}}]`, `["r","s"]`, `["a\"\\,(","b","[]"]`},
		{`$1::text_span`, `[{"r":{"lower":"","upper":null}}]`, `["r","s"]`, `["",null,"[)"]`},
		{`$1::float_span`, `[{"r":{"lower":1,"upper":2.5}}]`, `["r","f"]`, `[1.0,2.5,"[)"]`},
		{`$1::int4multirange`, `[[{"r":{"lower":1,"upper":3}},{"r":{"lower":5,"upper":9}}]]`, `["a",["r","i"]]`, `[[1,3,"[)"],[5,9,"[)"]]`},
		{`$1::int4multirange`, `[{"r":{"lower":1,"upper":3}}]`, `["a",["r","i"]]`, `[[1,3,"[)"]]`},
		{`$1::int4range[]`, `[[{"r":{"lower":1,"upper":3}},null]]`, `["a",["r","i"]]`, `[[1,3,"[)"],null]`},
		{`$1::hstore`, `[{"j":"{\"k\\\"\":\"v\\\\\",\"n\":null,\"e\":\"\"}"}]`, `"j"`, `{"e":"","n":null,"k\"":"v\\"}`},
		{`$1::inner_row`, `[{"j":"{\"b\":\"x\\\"\\\\,()\",\"a\":7}"}]`, `["c",[["a","i"],["b","s"]]]`, `[7,"x\"\\,()"]`},
		{`$1::inner_row`, `[{"j":"{\"b\":\"\"}"}]`, `["c",[["a","i"],["b","s"]]]`, `[null,""]`},
		{`$1::inner_row`, `[[7,"x"]]`, `["c",[["a","i"],["b","s"]]]`, `[7,"x"]`},
		{`$1::inner_row[]`, `[[{"j":"{\"a\":1,\"b\":\"p\\\"\"}"},[2,null],null]]`, `["a",["c",[["a","i"],["b","s"]]]]`, `[[1,"p\""],[2,null],null]`},
		{`($1::outer_row).part`, `[{"j":"{\"part\":{\"a\":1,\"b\":\"x\"},\"tags\":[\"p\",\"q,\"],\"data\":{\"z\":[1]}}"}]`, `["c",[["a","i"],["b","s"]]]`, `[1,"x"]`},
		{`($1::outer_row).data`, `[{"j":"{\"data\":\"plain\"}"}]`, `"j"`, `"plain"`},
		{`($1::outer_row).raw`, `[{"j":"{\"raw\":\"AP8Q\"}"}]`, `"y"`, `"AP8Q"`},
		// Types that only the argument tells.
		{`$1`, `[5]`, `"i"`, `5`},
		{`$1`, `[true]`, `"b"`, `true`},
		{`$1`, `["x"]`, `"s"`, `"x"`},
		{`$1`, `[null]`, `"s"`, `null`},
		{`$1`, `[9999999999]`, `"i"`, `9999999999`},
		{`$1`, `[99999999999999999999]`, `"n"`, `"99999999999999999999"`},
		{`$1`, `[{"tsz":"2024-01-15T10:00:00+00:00"}]`, `"T"`, `"2024-01-15T10:00:00+00:00"`},
		{`$1`, `[[1,9999999999]]`, `["a","i"]`, `[1,9999999999]`},
		{`$1`, `[[1,2.5]]`, `["a","f"]`, `[1.0,2.5]`},
		{`$1`, `[[1,{"n":"2.50"}]]`, `["a","n"]`, `["1","2.50"]`},
		{`$1`, `[[null,"x"]]`, `["a","s"]`, `[null,"x"]`},
		{`$1`, `[[]]`, `["a","s"]`, `[]`},
		{`$1`, `[[1,"x"]]`, `"j"`, `[1, "x"]`},
		{`$1`, `[[[1],[2,3]]]`, `"j"`, `[[1], [2, 3]]`},
		{`$1`, `[[{"j":"{}"}]]`, `"j"`, `[{}]`},
		{`$1`, `[[{"ip":"10.0.0.1"},{"net":"10.0.0.0/8"}]]`, `["a","I"]`, `["10.0.0.1","10.0.0.0/8"]`},
		{`$1`, `[{"r":{"lower":{"d":"2024-01-01"},"upper":null}}]`, `["r","d"]`, `["2024-01-01",null,"[)"]`},
		{`$1`, `[{"r":{"lower":1,"upper":9999999999}}]`, `["r","i"]`, `[1,9999999999,"[)"]`},
		{`$1`, `[{"r":{"lower":1.5,"upper":2}}]`, `["r","n"]`, `["1.5","2","[)"]`},
		{`$1 + $2`, `[1,2.5]`, `"f"`, `3.5`},
		{`concat($1, $2)`, `["a",5]`, `"s"`, `"a5"`},
		{`to_jsonb($1)`, `[5]`, `"j"`, `5`},
		{`jsonb_build_object($1, $2, 'n', $3)`, `["k",5,null]`, `"j"`, `{"k": 5, "n": null}`},
		{`count(*) from (values (1),(2),(3)) v(x) where x = any($1)`, `[[1,3]]`, `"i"`, `2`},
		{`count(*) from (values (1),(2),(3)) v(x) where x = any($1)`, `[[]]`, `"i"`, `0`},
		{`count(*) from (values (1),(2),(3)) v(x) where x = $1`, `[9999999999]`, `"i"`, `0`},
		{`count(*) from (values (1),(2),(30)) v(x) where x > $1`, `[25.5]`, `"i"`, `1`},
		{`count(*) from (values (1.5::float8)) v(x) where x = $1`, `[{"n":"1.5"}]`, `"i"`, `1`},
		{`count(*) from (values (1),(2)) v(x) where x = $1 and $2 = $3`, `[2.0,5,5]`, `"i"`, `1`},
	} {
		t.Run(c.sql+c.args, func(t *testing.T) {
			payload, err := s.query(`select `+c.sql, c.args)
			if err != nil {
				t.Fatal(err)
			}
			if kind, data := value(t, payload); kind != c.kind || data != c.value {
				t.Errorf("got %s %s, want %s %s", kind, data, c.kind, c.value)
			}
		})
	}
}

// TestBindDatetimes compares what lists of datetimes become with what each becomes alone.
func TestBindDatetimes(t *testing.T) {
	s := connect(t)
	s.script(`set timezone = 'Asia/Kolkata'`)
	for _, c := range []struct {
		elem, list string
		binary     bool
	}{
		{"timestamptz", `{"tsz":[0,-1,1705312800000001,-62135596800000000,253402200799999999]}`, true},
		{"timestamp", `{"ts":[0,-1,1705312800000001,-62135596800000000,253402200799999999]}`, true},
		{"timestamptz", `[{"tsz":"2024-01-15T10:00:00.5-05:30"},null,{"tsz":"2024-01-15T10:00:00Z"}]`, true},
		{"timestamp", `[null,{"ts":"2024-01-15T10:00:00"}]`, true},
		{"timestamptz", `[{"tsz":"2024-01-15T10:00:00+05:30:15"},{"tsz":"2024-01-15 10:00:00+00:00"}]`, false},
		{"timestamptz", `[{"tsz":"2024-01-15T24:00:00+00:00"},{"tsz":"2024-01-15T10:00:00.1234567+00:00"}]`, false},
		{"timestamptz", `[{"ts":"2024-01-15T10:00:00"},{"d":"2024-01-15"}]`, false},
		{"timestamptz", `["2024-01-15 10:00:00+00",null]`, false},
		{"timestamptz", `[null,null]`, true},
		{"timestamptz", `[]`, false},
	} {
		args, err := wire.ParseArgs([]byte("[" + c.list + "]"))
		if err != nil {
			t.Fatal(err)
		}
		elem, _ := wire.NewBuiltin().Type(map[string]uint32{"timestamp": 1114, "timestamptz": 1184}[c.elem])
		binding, err := wire.Bind(args, []*wire.Type{{Class: wire.Array, Elem: elem}})
		if err != nil || (binding.Formats != nil) != c.binary {
			t.Errorf("%s: formats %v, %v", c.list, binding.Formats, err)
		}
		payload, err := s.query("select array_agg(x) from unnest($1::"+c.elem+"[]) x", "["+c.list+"]")
		if err != nil {
			t.Errorf("%s: %v", c.list, err)
			continue
		}
		_, got := value(t, payload)
		if want := s.singly(c.elem, args[0].List); got != want {
			t.Errorf("%s: got %s, want %s", c.list, got, want)
		}
	}
	_, err := s.query("select $1::timestamptz[]", `[[{"tsz":"2024-01-15T25:00:00+00:00"}]]`)
	if err == nil || !strings.Contains(err.Error(), "22008") {
		t.Errorf("hour 25: %v", err)
	}
}

// singly reads each of some datetimes as a text of its own.
func (s *server) singly(elem string, list []wire.Arg) string {
	s.t.Helper()
	values := make([]string, len(list))
	for i, item := range list {
		values[i] = "null"
		if item.Kind != wire.Null {
			values[i] = "'" + item.Text + "'::" + elem
		}
	}
	payload, err := s.simple("select array_agg(x) from unnest(array[" + strings.Join(values, ",") + "]::" + elem + "[]) x")
	if err != nil {
		s.t.Fatal(err)
	}
	_, data := value(s.t, payload)
	return data
}

func TestBindRefused(t *testing.T) {
	s := connect(t)
	for _, c := range []struct{ sql, args, message string }{
		{`select $1::hstore`, `[{"j":"{\"a\":1}"}]`, `parameter $1: values of hstore must be str or None, "a" is int`},
		{`select $2::text, $1::inner_row`, `[{"j":"{\"z\":1}"},"x"]`, `parameter $1: type inner_row has no field "z"`},
		{`select $1::inner_row`, `[{"j":"{\"b\":1}"}]`, `parameter $1: int does not fit field "b" of type inner_row`},
		{`select $1::jsonb`, `[[{"f":"nan"}]]`, `parameter $1: JSON has no NaN`},
		{`select $1::jsonb`, `[[{"r":{"lower":1,"upper":2}}]]`, `parameter $1: Range cannot be part of JSON`},
		{`select concat($1)`, `[{"r":{"lower":null,"upper":null}}]`, `parameter $1: Range cannot be sent as text`},
		{`select ($1::outer_row).raw`, `[{"j":"{\"raw\":\"?\"}"}]`, `parameter $1: a bytea field in a dict takes bytes`},
	} {
		_, err := s.query(c.sql, c.args)
		if err == nil {
			t.Errorf("%s: no error", c.sql)
			continue
		}
		if e := pgerr.From(err); e.Kind != pgerr.Data || !strings.Contains(e.Message, c.message) {
			t.Errorf("%s: %s %q", c.sql, e.Kind, e.Message)
		}
	}
	for _, c := range []struct{ sql, args, code string }{
		{`select 1 where 'a'::text = $1`, `[5]`, `42883`},
		{`insert into ints values ($1)`, `[9999999999]`, `22003`},
		{`insert into ints values ($1)`, `[true]`, `42804`},
		{`insert into many values ($1)`, `[[9999999999]]`, `22003`},
	} {
		s.script(`create temp table if not exists ints (a int4); create temp table if not exists many (a int4[])`)
		if _, err := s.query(c.sql, c.args); err == nil || !strings.Contains(err.Error(), c.code) {
			t.Errorf("%s: %v", c.sql, err)
		}
	}
}
