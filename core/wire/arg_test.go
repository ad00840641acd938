package wire_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	gojson "github.com/goccy/go-json"

	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/wire"
)

func TestParseArgs(t *testing.T) {
	scalar := func(kind wire.ArgKind, text string) wire.Arg { return wire.Arg{Kind: kind, Text: text} }
	for raw, want := range map[string]wire.Arg{
		`null`:                           {},
		`"a\u00e9\n\"\\\/\ud83d\udc0d"`:  scalar(wire.Text, "aé\n\"\\/🐍"),
		`""`:                             scalar(wire.Text, ""),
		`123456789012345678901234567890`: scalar(wire.Int, "123456789012345678901234567890"),
		`-0`:                             scalar(wire.Int, "-0"),
		`-0.0`:                           scalar(wire.Float, "-0.0"),
		`1e+16`:                          scalar(wire.Float, "1e+16"),
		`true`:                           scalar(wire.Bool, "true"),
		`false`:                          scalar(wire.Bool, "false"),
		`{"f":"nan"}`:                    scalar(wire.Float, "NaN"),
		`{"f":"-inf"}`:                   scalar(wire.Float, "-Infinity"),
		`{"n":"1.10"}`:                   scalar(wire.Numeric, "1.10"),
		`{"n":"1E-7"}`:                   scalar(wire.Numeric, "1E-7"),
		`{"n":"-NaN"}`:                   scalar(wire.Numeric, "NaN"),
		` { "y" : "AP8Q" } `:             scalar(wire.Bytes, `\x00ff10`),
		`{"u":"A0EEBC99-9c0b-4ef8-bb6d-6bb9bd380a11"}`: scalar(wire.UUID, "A0EEBC99-9c0b-4ef8-bb6d-6bb9bd380a11"),
		`{"d":"2024-01-15"}`:                           scalar(wire.Date, "2024-01-15"),
		`{"t":"10:00:00.5"}`:                           scalar(wire.Time, "10:00:00.5"),
		`{"tz":"10:00:00+05:30:15"}`:                   scalar(wire.TimeTZ, "10:00:00+05:30:15"),
		`{"ts":"2024-01-15T10:00:00"}`:                 scalar(wire.Timestamp, "2024-01-15T10:00:00"),
		`{"tsz":"2024-01-15T10:00:00-05:00"}`:          scalar(wire.TimestampTZ, "2024-01-15T10:00:00-05:00"),
		`{"v":"P-1DT2.5S"}`:                            scalar(wire.Interval, "P-1DT2.5S"),
		`{"j":"{\"n\":1}"}`:                            scalar(wire.JSON, `{"n":1}`),
		`{"ip":"fe80::1/64"}`:                          scalar(wire.IP, "fe80::1/64"),
		`{"net":"10.0.0.0/8"}`:                         scalar(wire.Network, "10.0.0.0/8"),
		`{"x":"default"}`:                              {Kind: wire.Default},
		`[ 1 , [ "x" ] ]`: {Kind: wire.List, List: []wire.Arg{
			scalar(wire.Int, "1"), {Kind: wire.List, List: []wire.Arg{scalar(wire.Text, "x")}},
		}},
		`{"d":["2024-01-15" , "2024-01-16"]}`: {Kind: wire.List, List: []wire.Arg{
			scalar(wire.Date, "2024-01-15"), scalar(wire.Date, "2024-01-16"),
		}},
		`{"ts":0}`:        scalar(wire.Timestamp, "1970-01-01T00:00:00"),
		`{"tsz":-1}`:      scalar(wire.TimestampTZ, "1969-12-31T23:59:59.999999+00:00"),
		`{"tsz":1000000}`: scalar(wire.TimestampTZ, "1970-01-01T00:00:01+00:00"),
		`{"ts":[-62135596800000000,253402300799999999]}`: {Kind: wire.List, List: []wire.Arg{
			scalar(wire.Timestamp, "0001-01-01T00:00:00"), scalar(wire.Timestamp, "9999-12-31T23:59:59.999999"),
		}},
		`{"n":[]}`: {Kind: wire.List, List: []wire.Arg{}},
		`{"r":{"lower":1,"upper":null,"bounds":"(]","empty":false}}`: {Kind: wire.RangeKind, Range: &wire.RangeArg{
			Lower: scalar(wire.Int, "1"), Bounds: "(]",
		}},
	} {
		got, err := wire.ParseArgs([]byte(`[` + raw + `]`))
		if err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], want) {
			t.Errorf("%s: %+v %v", raw, got, err)
		}
	}
}

func TestParseArgsRefused(t *testing.T) {
	for _, c := range []struct {
		raw  string
		kind pgerr.Kind
		text string
	}{
		{`[1,"a\u0000b"]`, pgerr.Data, "parameter $2: PostgreSQL text cannot contain NUL"},
		{`["\ud800x"]`, pgerr.Data, "parameter $1: the text contains a lone surrogate"},
		{`["\udc00\ud800"]`, pgerr.Data, "lone surrogate"},
		{"[\"\xff\"]", pgerr.Data, "parameter $1: the text is not valid UTF-8"},
		{"[\"\\n\xff\"]", pgerr.Data, "not valid UTF-8"},
		{`[{"n":"sNaN"}]`, pgerr.Data, "parameter $1: a signaling NaN"},
		{`[{"zz":"1"}]`, pgerr.Value, `parameter $1: unknown argument tag "zz"`},
		{`[{"n":"1","u":"x"}]`, pgerr.Value, "exactly one key"},
		{`[{}]`, pgerr.Value, "exactly one key"},
		{`[{"n":1}]`, pgerr.Value, `the value of argument tag "n" must be text`},
		{`[{"ts":253402300800000000}]`, pgerr.Value, `malformed value of argument tag "ts"`},
		{`[{"ts":-62135596800000001}]`, pgerr.Value, "malformed"},
		{`[{"tsz":1.5}]`, pgerr.Value, "malformed"},
		{`[{"tsz":99999999999999999999}]`, pgerr.Value, "malformed"},
		{`[{"d":1}]`, pgerr.Value, `the value of argument tag "d" must be text`},
		{`[{"n":["1",null]}]`, pgerr.Value, `the value of argument tag "n" must be text`},
		{`[{"n":["1",["2"]]}]`, pgerr.Value, `the value of argument tag "n" must be text`},
		{`[{"u":["6f4b4b3e-0000-4000-8000-000000000001","x"]}]`, pgerr.Value, `malformed value of argument tag "u"`},
		{`[{"n":"1,5"}]`, pgerr.Value, `malformed value of argument tag "n"`},
		{`[{"n":"."}]`, pgerr.Value, "malformed"},
		{`[{"n":"1e"}]`, pgerr.Value, "malformed"},
		{`[{"f":"1.5"}]`, pgerr.Value, "malformed"},
		{`[{"y":"AP8"}]`, pgerr.Value, "malformed"},
		{`[{"u":"a0eebc99"}]`, pgerr.Value, "malformed"},
		{`[{"d":"today"}]`, pgerr.Value, "malformed"},
		{`[{"t":"10"}]`, pgerr.Value, "malformed"},
		{`[{"tz":"10:00:00"}]`, pgerr.Value, "malformed"},
		{`[{"tsz":"2024-01-15T10:00:00"}]`, pgerr.Value, "malformed"},
		{`[{"ts":"infinity"}]`, pgerr.Value, "malformed"},
		{`[{"v":"1 day"}]`, pgerr.Value, "malformed"},
		{`[{"j":""}]`, pgerr.Value, "malformed"},
		{`[{"ip":"fe80::1%eth0"}]`, pgerr.Value, "malformed"},
		{`[{"net":"10.0.0.1/8"}]`, pgerr.Value, "malformed"},
		{`[{"x":"other"}]`, pgerr.Value, "malformed"},
		{`[{"r":{"lower":1,"bounds":"[["}}]`, pgerr.Value, "range bounds must be one of"},
		{`[{"r":{"middle":1}}]`, pgerr.Value, `unknown part "middle"`},
		{`[{"r":{"empty":1}}]`, pgerr.Value, "must be a boolean"},
		{`[{"r":[1,2]}]`, pgerr.Value, "malformed"},
		{`[1,]`, pgerr.Value, "malformed JSON in arguments at byte 3"},
		{`[1`, pgerr.Value, "malformed"},
		{`[01]`, pgerr.Value, "malformed"},
		{`[1.]`, pgerr.Value, "malformed"},
		{`[+1]`, pgerr.Value, "malformed"},
		{`[nul]`, pgerr.Value, "malformed"},
		{`[1] 2`, pgerr.Value, "malformed"},
		{`{"n":"1"}`, pgerr.Value, "malformed"},
		{"[\"a\nb\"]", pgerr.Value, "malformed"},
		{`["a\x"]`, pgerr.Value, "malformed"},
		{`["\u12"]`, pgerr.Value, "malformed"},
		{``, pgerr.Value, "malformed"},
		{strings.Repeat("[", 5000), pgerr.Value, "nested too deeply"},
	} {
		_, err := wire.ParseArgs([]byte(c.raw))
		if err == nil {
			t.Errorf("%.60s: no error", c.raw)
			continue
		}
		if e := pgerr.From(err); e.Kind != c.kind || !strings.Contains(e.Message, c.text) {
			t.Errorf("%.60s: %s %q", c.raw, e.Kind, e.Message)
		}
	}
	if args, err := wire.ParseArgs([]byte("null")); args != nil || err != nil {
		t.Errorf("null: %v %v", args, err)
	}
}

type request struct {
	Args  wire.Args           `json:"args"`
	Rows  []wire.Args         `json:"rows"`
	One   wire.Arg            `json:"one"`
	Named map[string]wire.Arg `json:"named"`
}

func unmarshalGoccy(data []byte, v any) error { return gojson.Unmarshal(data, v) }

// TestRequestStruct decodes arguments inside a request, by both JSON packages.
func TestRequestStruct(t *testing.T) {
	raw := `{"args":[1.0,null],"rows":[[{"x":"default"}],null],"one":{"d":"2024-01-15"},"named":{"a":12345678901234567890,"b":null}}`
	for name, unmarshal := range map[string]func([]byte, any) error{
		"encoding/json": json.Unmarshal,
		"goccy":         unmarshalGoccy,
	} {
		var r request
		if err := unmarshal([]byte(raw), &r); err != nil {
			t.Fatal(name, err)
		}
		want := request{
			Args: wire.Args{{Kind: wire.Float, Text: "1.0"}, {}},
			Rows: []wire.Args{{{Kind: wire.Default}}, nil},
			One:  wire.Arg{Kind: wire.Date, Text: "2024-01-15"},
			Named: map[string]wire.Arg{
				"a": {Kind: wire.Int, Text: "12345678901234567890"}, "b": {},
			},
		}
		if !reflect.DeepEqual(r, want) {
			t.Errorf("%s: %+v", name, r)
		}
		err := unmarshal([]byte(`{"args":[1,"\u0000"]}`), &r)
		if err == nil || pgerr.From(err).Kind != pgerr.Data || !strings.HasPrefix(pgerr.From(err).Message, "parameter $2: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParseArgs(f *testing.F) {
	for _, seed := range []string{
		`[1,-2.5e3,"a\u00e9\ud83d\udc0d",null,true,[[],[1]],{"n":"1.1"},{"r":{"lower":1,"upper":{"n":"2"},"bounds":"[)"}}]`,
		`[{"y":"AP8Q"},{"tsz":"2024-01-15T10:00:00+00:00"},{"ip":"10.0.0.1"},{"j":"{}"}]`, `null`, `[`, `["\ud800"]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		args, err := wire.ParseArgs(raw)
		if err != nil {
			if kind := pgerr.From(err).Kind; kind != pgerr.Value && kind != pgerr.Data {
				t.Errorf("%q: %v", raw, err)
			}
			return
		}
		if !json.Valid(raw) {
			t.Errorf("%q is not JSON", raw)
		}
		natural := wire.Natural(args)
		params := make([]*wire.Type, len(args))
		builtin := wire.NewBuiltin()
		for i, oid := range natural {
			if params[i], _ = builtin.Type(oid); params[i] == nil {
				t.Fatalf("natural type %d is unknown", oid)
			}
		}
		if binding, err := wire.Bind(args, params); err == nil && binding.Declare != nil {
			t.Errorf("%q does not fit its natural types", raw)
		}
	})
}

// TestTextRoundTrip compares with encoding/json on random strings.
func TestTextRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		text := randomText(r)
		raw, err := json.Marshal([]string{text})
		if err != nil {
			t.Fatal(err)
		}
		args, err := wire.ParseArgs(raw)
		if err != nil || args[0].Text != text {
			t.Fatalf("%s: %+v %v", raw, args, err)
		}
	}
}

func randomText(r *rand.Rand) string {
	alphabet := []rune("ab\"\\\\'{}[](),; \t\n\x01\x7f=>é漢🐍:NULl-")
	text := make([]rune, r.IntN(8))
	for i := range text {
		text[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(text)
}

func BenchmarkParseArgs(b *testing.B) {
	ints := make([]int, 100_000)
	for i := range ints {
		ints[i] = i * 7
	}
	list := strings.ReplaceAll(fmt.Sprint(ints), " ", ",")
	for name, raw := range map[string]string{"few": `[1,"text",2.5,{"u":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}]`, "100k": `[[` + strings.Trim(list, "[]") + `]]`} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := wire.ParseArgs([]byte(raw)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkBindList(b *testing.B) {
	ints := make([]string, 100_000)
	for i := range ints {
		ints[i] = fmt.Sprint(i * 7)
	}
	args, err := wire.ParseArgs([]byte(`[[` + strings.Join(ints, ",") + `]]`))
	if err != nil {
		b.Fatal(err)
	}
	params := make([]*wire.Type, 1)
	params[0], _ = wire.NewBuiltin().Type(1007)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := wire.Bind(args, params); err != nil {
			b.Fatal(err)
		}
	}
}
