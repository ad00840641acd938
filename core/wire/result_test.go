package wire_test

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/wire"
)

func encoder(t testing.TB, types wire.Types, shape wire.Shape, columns ...any) *wire.RowEncoder {
	t.Helper()
	var fields []pgconn.FieldDescription
	for i := 0; i < len(columns); i += 2 {
		name, _ := columns[i].(string)
		oid, _ := columns[i+1].(int)
		fields = append(fields, pgconn.FieldDescription{Name: name, DataTypeOID: uint32(oid)}) //nolint:gosec // small constants
	}
	e, err := wire.NewRowEncoder(fields, types, shape)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func addRow(t testing.TB, e *wire.RowEncoder, values ...string) {
	t.Helper()
	row := make([][]byte, len(values))
	for i, v := range values {
		if v != "NULL" {
			row[i] = []byte(v)
		}
	}
	if err := e.Row(row); err != nil {
		t.Fatal(err)
	}
}

func TestPayload(t *testing.T) {
	e := encoder(t, wire.NewBuiltin(), wire.Shape{}, "id", 23, `a"b`, 25, "id", 1009, "odd", 999999)
	if got := e.Formats(); got[0] != 1 || got[1] != 1 || got[2] != 1 || got[3] != 0 {
		t.Errorf("formats %v", got)
	}
	e.AcceptText()
	addRow(t, e, "1", "x", "{y,NULL}", "z")
	addRow(t, e, "NULL", "", "NULL", "NULL")
	r := e.Result(pgconn.NewCommandTag("SELECT 2"))
	want := `{"cols":[["id","i"],["a\"b","s"],["id",["a","s"]],["odd","s"]],` +
		`"rows":[[1,"x",["y",null],"z"],[null,"",null,null]],"tag":"SELECT 2"}`
	if got := string(r.AppendPayload(nil)); got != want {
		t.Errorf("got %s", got)
	}
	if !r.HasRows || r.Count != 2 || r.Affected != 2 {
		t.Errorf("%+v", r)
	}
}

func TestNoRows(t *testing.T) {
	e, err := wire.NewRowEncoder(nil, wire.NewBuiltin(), wire.Shape{})
	if err != nil {
		t.Fatal(err)
	}
	r := e.Result(pgconn.NewCommandTag("CREATE TABLE"))
	if got := string(r.AppendPayload(nil)); r.HasRows || got != `{"cols":[],"rows":[],"tag":"CREATE TABLE"}` {
		t.Errorf("%v %s", r.HasRows, got)
	}
	columnless, err := wire.NewRowEncoder([]pgconn.FieldDescription{}, wire.NewBuiltin(), wire.Shape{})
	if err != nil {
		t.Fatal(err)
	}
	addRow(t, columnless)
	addRow(t, columnless)
	if got := string(columnless.Result(pgconn.NewCommandTag("SELECT 2")).AppendPayload(nil)); got != `{"cols":[],"rows":[[],[]],"tag":"SELECT 2"}` {
		t.Error(got)
	}
}

func TestAppendResults(t *testing.T) {
	total := &wire.Result{}
	for _, tag := range []string{"INSERT 0 2", "INSERT 0 0", "INSERT 0 1"} {
		e := encoder(t, wire.NewBuiltin(), wire.Shape{}, "id", 23)
		e.AcceptText()
		for range pgconn.NewCommandTag(tag).RowsAffected() {
			addRow(t, e, "7")
		}
		total.Append(e.Result(pgconn.NewCommandTag(tag)))
	}
	if got := string(total.AppendPayload([]byte("x"))); got != `x{"cols":[["id","i"]],"rows":[[7],[7],[7]],"tag":"INSERT 0 3"}` {
		t.Error(got)
	}
	if !total.HasRows || total.Count != 3 || total.Affected != 3 {
		t.Errorf("%+v", total)
	}
}

func TestNests(t *testing.T) {
	shape := wire.Shape{Nests: []wire.Nest{{Marker: "m1", Name: "author"}, {Marker: "m2", Name: "tag"}}}
	e := encoder(t, wire.NewBuiltin(), shape, "id", 23, "m1", 16, "id", 23, "name", 25, "m2", 16, "id", 23)
	e.AcceptText()
	addRow(t, e, "1", "t", "2", "NULL", "f", "NULL")
	addRow(t, e, "1", "NULL", "NULL", "NULL", "t", "5")
	want := `{"cols":[["id","i"],["author",["c",[["id","i"],["name","s"]]]],["tag",["c",[["id","i"]]]]],` +
		`"rows":[[1,[2,null],null],[1,null,[5]]],"tag":"SELECT 2"}`
	if got := string(e.Result(pgconn.NewCommandTag("SELECT 2")).AppendPayload(nil)); got != want {
		t.Error(got)
	}
	binaryForm := encoder(t, wire.NewBuiltin(), shape, "m1", 16, "id", 23, "m2", 16, "id", 23)
	addRow(t, binaryForm, "\x01", "\x00\x00\x00\x02", "\x00", "NULL")
	if got := string(binaryForm.Result(pgconn.CommandTag{}).Rows); got != `[[2],null]` {
		t.Error(got)
	}
}

func TestNestsNameTheirFields(t *testing.T) {
	shape := wire.Shape{Nests: []wire.Nest{
		{Marker: "l0", Name: "author", Fields: []string{"name", "id", "l0"}, Key: 1},
		{Marker: "l3", Name: "l0", Fields: []string{"id"}},
	}}
	e := encoder(t, wire.NewBuiltin(), shape, "id", 23, "l0", 25, "l1", 23, "l2", 25, "l3", 23)
	e.AcceptText()
	addRow(t, e, "1", "NULL", "2", "a", "NULL")
	addRow(t, e, "1", "a", "NULL", "a", "3")
	want := `{"cols":[["id","i"],["author",["c",[["name","s"],["id","i"],["l0","s"]]]],["l0",["c",[["id","i"]]]]],` +
		`"rows":[[1,[null,2,"a"],null],[1,null,[3]]],"tag":"SELECT 1"}`
	if got := string(e.Result(pgconn.NewCommandTag("SELECT 1")).AppendPayload(nil)); got != want {
		t.Error(got)
	}
}

func TestFold(t *testing.T) {
	shape := wire.Shape{Nests: []wire.Nest{{Marker: "m", Name: "a"}, {Marker: "n", Name: "b"}}, Fold: true}
	for _, c := range []struct {
		name, want string
		rows       [][]string
	}{
		{"nothing", ``, nil},
		{"one", `[1,"x",[[7]],[null]]`, [][]string{{"1", "x", "t", "7", "f", "NULL"}}},
		{"repeated", `[1,"x",[[7],[8]],[[5],[5]]],[2,"x",[null],[[5]]]`, [][]string{
			{"1", "x", "t", "7", "t", "5"}, {"1", "x", "t", "8", "t", "5"}, {"2", "x", "f", "NULL", "t", "5"},
		}},
		{"not consecutive", `[1,"x",[[7]],[null]],[2,"x",[[7]],[null]],[1,"x",[[7]],[null]]`, [][]string{
			{"1", "x", "t", "7", "f", "NULL"}, {"2", "x", "t", "7", "f", "NULL"}, {"1", "x", "t", "7", "f", "NULL"},
		}},
		{"null", `[1,"",[[7]],[null]],[1,null,[[7]],[null]]`, [][]string{
			{"1", "", "t", "7", "f", "NULL"}, {"1", "NULL", "t", "7", "f", "NULL"},
		}},
	} {
		e := encoder(t, wire.NewBuiltin(), shape, "id", 23, "name", 25, "m", 16, "x", 23, "n", 16, "y", 23)
		e.AcceptText()
		for _, row := range c.rows {
			addRow(t, e, row...)
		}
		result := e.Result(pgconn.CommandTag{})
		if got := string(result.Rows); got != c.want {
			t.Errorf("%s: %s", c.name, got)
		}
		want := `[["id","i"],["name","s"],["a",["a",["c",[["x","i"]]]]],["b",["a",["c",[["y","i"]]]]]]`
		if string(result.Columns) != want {
			t.Error(string(result.Columns))
		}
	}
}

// TestFoldOfFailedRows adds rows that fail, at each place where they may, and then good ones.
func TestFoldOfFailedRows(t *testing.T) {
	shape := wire.Shape{Nests: []wire.Nest{{Marker: "m", Name: "a"}, {Marker: "n", Name: "b"}}, Fold: true}
	e := encoder(t, wire.NewBuiltin(), shape, "id", 23, "m", 16, "x", 23, "n", 16, "y", 23)
	e.AcceptText()
	bad := func(texts ...string) {
		t.Helper()
		values := make([][]byte, len(texts))
		for i, text := range texts {
			values[i] = []byte(text)
		}
		if err := e.Row(values); err == nil {
			t.Error("no error", texts)
		}
	}
	bad("?", "t", "1", "t", "1")
	addRow(t, e, "1", "t", "10", "t", "20")
	bad("1", "t", "?", "t", "1")
	bad("1", "t", "1", "t", "?")
	addRow(t, e, "1", "t", "11", "t", "21")
	bad("?", "t", "1", "t", "1")
	bad("2", "t", "1", "t", "?")
	addRow(t, e, "2", "t", "12", "t", "22")
	if got := string(e.Result(pgconn.CommandTag{}).Rows); got != `[1,[[10],[11]],[[20],[21]]],[2,[[12]],[[22]]]` {
		t.Error(got)
	}
}

func TestShapeRefused(t *testing.T) {
	fields := []pgconn.FieldDescription{{Name: "m", DataTypeOID: 23}, {Name: "b", DataTypeOID: 16}}
	for _, shape := range []wire.Shape{
		{Nests: []wire.Nest{{Marker: "m"}}},
		{Nests: []wire.Nest{{Marker: "absent"}}},
		{Nests: []wire.Nest{{Marker: "b", Fields: []string{"id", "name"}}}},
		{Nests: []wire.Nest{{Marker: "b"}}, Fold: true},
		{Keep: map[string][]string{"m": {"id"}}},
	} {
		if _, err := wire.NewRowEncoder(fields, wire.NewBuiltin(), shape); pgerr.From(err).Kind != pgerr.Internal {
			t.Errorf("%+v: %v", shape, err)
		}
	}
}

func TestKeep(t *testing.T) {
	s := connect(t)
	var array uint32
	for _, candidate := range s.types.more {
		if candidate.Class == wire.Array && candidate.Elem.Name == "outer_row" {
			array = candidate.OID
		}
	}
	fields := []pgconn.FieldDescription{{Name: "kids", DataTypeOID: array}}
	e, err := wire.NewRowEncoder(fields, s.types, wire.Shape{Keep: map[string][]string{"kids": {"price", "id"}}})
	if err != nil {
		t.Fatal(err)
	}
	e.AcceptText()
	addRow(t, e, `{"(1,x,,,9.50,,,,,,,)",NULL}`)
	want := `{"cols":[["kids",["a",["c",[["price","n"],["id","i"]]]]]],"rows":[[[["9.50",1],null]]],"tag":""}`
	if got := string(e.Result(pgconn.CommandTag{}).AppendPayload(nil)); got != want {
		t.Error(got)
	}
	_, err = wire.NewRowEncoder(fields, s.types, wire.Shape{Keep: map[string][]string{"kids": {"absent"}}})
	if e := pgerr.From(err); err == nil || e.Kind != pgerr.Value || !strings.Contains(e.Message, `"absent"`) {
		t.Error(err)
	}
}

// fuzzTypes adds composites (one with a field that only travels as text) and hstore to the built-in types.
func fuzzTypes() *catalogue {
	c := &catalogue{builtin: wire.NewBuiltin(), more: map[uint32]*wire.Type{}}
	field := func(name string, oid uint32) wire.Field {
		t, _ := c.builtin.Type(oid)
		return wire.Field{Name: name, Type: t}
	}
	c.more[6990] = &wire.Type{
		OID: 6990, Name: "pair", Class: wire.Composite, Fields: []wire.Field{field("a", 23), field("b", 1009)},
	}
	c.more[6991] = &wire.Type{
		OID: 6991, Name: "place", Class: wire.Composite, Fields: []wire.Field{field("a", 600), field("b", 1186)},
	}
	c.more[6992] = &wire.Type{OID: 6992, Name: "hstore"}
	c.more[6993] = &wire.Type{OID: 6993, Name: "_pair", Class: wire.Array, Elem: c.more[6990]}
	return c
}

// fuzzOIDs are all types but those with JSON inside, whose text is trusted to be the server's.
func fuzzOIDs(types wire.Types) []uint32 {
	var oids []uint32
	for oid := range uint32(7000) {
		switch oid {
		case 114, 199, 3802, 3807, 2249, 2287:
			continue
		}
		if _, ok := types.Type(oid); ok {
			oids = append(oids, oid)
		}
	}
	return oids
}

// FuzzValues decodes anything as a value of any type, in both formats: the outcome is an error or valid JSON, never a panic.
func FuzzValues(f *testing.F) {
	types := fuzzTypes()
	oids := fuzzOIDs(types)
	for i, oid := range oids {
		for _, seed := range []string{
			"\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x17\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x04\x00\x00\x00\x07",
			"\x00\x00\x00\x02\x00\x00\x00\x17\x00\x00\x00\x04\x00\x00\x00\x07\x00\x00\x03\xf1\xff\xff\xff\xff",
			`{1,NULL,"a\\b"}`, `[1,"b""c")`, `{[1,3),empty}`, `(1,"{a,b}")`, `("(1,2)","1 mon 2 days 03:04:05.5")`, `"a"=>"b", "c"=>NULL`,
			`2024-01-15 10:00:00.5+05:30`, `P1Y2M3DT4H5M6.7S`,
		} {
			if oid > 3900 || i%10 == 0 {
				f.Add(uint16(i), []byte(seed)) //nolint:gosec // few hundred
			}
		}
	}
	f.Fuzz(func(t *testing.T, pick uint16, data []byte) {
		oid := oids[int(pick)%len(oids)]
		if data == nil {
			return
		}
		for _, asText := range []bool{false, true} {
			e := encoder(t, types, wire.Shape{}, "c", int(oid))
			if asText {
				e.AcceptText()
			}
			if err := e.Row([][]byte{data}); err != nil {
				if pgerr.From(err).Kind != pgerr.Deserialization {
					t.Errorf("%d: %v", oid, err)
				}
				continue
			}
			if payload := e.Result(pgconn.CommandTag{}).AppendPayload(nil); !json.Valid(payload) {
				t.Errorf("type %d: invalid JSON %s", oid, payload)
			}
		}
	})
}

func TestCorruptBinary(t *testing.T) {
	builtin := wire.NewBuiltin()
	for _, c := range []struct {
		oid  int
		data string
	}{
		{16, ""},
		{23, "\x00"},
		{20, "\x00\x00\x00\x00"},
		{701, "\x00"},
		{1700, "\x00\x01\x00\x00\x00\x00\x00\x00"},
		{1700, "\x00\x01\x00\x00\x00\x00\x00\x00\x27\x10"},
		{1700, "\x00\x00\x00\x00\x12\x34\x00\x00"},
		{25, "\xff"},
		{2950, "abc"},
		{1083, "\xff\xff\xff\xff\xff\xff\xff\xff"},
		{3802, "\x02{}"},
		{3802, "\x01"},
		{114, ""},
		{869, "\x02\x21\x00\x04\x0a\x00\x00\x01"},
		{1007, "\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x00\x17"},
		{1007, "\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x17\x7f\xff\xff\xff\x00\x00\x00\x01"},
		{3904, ""},
		{3904, "\x02\x00\x00\x00\x04\x00\x00\x00\x01"},
		{4451, "\x00\x00\x00\x01\xff\xff\xff\xff"},
		{2249, "\x00\x00\x00\x02\x00\x00\x00\x17\xff\xff\xff\xff"},
	} {
		e := encoder(t, builtin, wire.Shape{}, "c", c.oid)
		if err := e.Row([][]byte{[]byte(c.data)}); err == nil || pgerr.From(err).Kind != pgerr.Deserialization {
			t.Errorf("%d %q: %v", c.oid, c.data, err)
		}
	}
	e := encoder(t, builtin, wire.Shape{}, "c", 23)
	if err := e.Row(nil); err == nil || pgerr.From(err).Kind != pgerr.Internal {
		t.Error(err)
	}
}

func BenchmarkRows(b *testing.B) {
	b.ReportAllocs()
	row := [][]byte{
		binary.BigEndian.AppendUint32(nil, 123456),
		[]byte("user-123456@example.org"),
		binary.BigEndian.AppendUint64(nil, math.Float64bits(1234.5678)),
		binary.BigEndian.AppendUint64(nil, 760_000_000_123_456),
		{0, 3, 0, 1, 0, 0, 0, 2, 0, 12, 13, 128, 22, 46},
	}
	for b.Loop() {
		e := encoder(b, builtinTypes, wire.Shape{}, "id", 23, "email", 25, "score", 701, "at", 1184, "price", 1700)
		for range 1000 {
			if err := e.Row(row); err != nil {
				b.Fatal(err)
			}
		}
		e.Result(pgconn.CommandTag{})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/row")
}

var builtinTypes = wire.NewBuiltin()

func BenchmarkOneRow(b *testing.B) {
	b.ReportAllocs()
	row := [][]byte{{0, 0, 0, 7}, []byte("text"), []byte("{}")}
	for b.Loop() {
		e := encoder(b, builtinTypes, wire.Shape{}, "id", 23, "name", 25, "tags", 114)
		if err := e.Row(row); err != nil {
			b.Fatal(err)
		}
		e.Result(pgconn.CommandTag{})
	}
}
