package wire

import (
	"fmt"
	"strings"
	"testing"

	"ouroboros-postgres/core/pgerr"
)

// outline reads any JSON with all methods of a Reader and writes down what it saw.
func outline(r *Reader, out *strings.Builder) {
	switch {
	case r.At('{'):
		out.WriteByte('{')
		r.Object(func(key string) {
			fmt.Fprintf(out, "%q ", key)
			outline(r, out)
		})
		out.WriteByte('}')
	case r.At('['):
		out.WriteByte('[')
		r.List(func(int) { outline(r, out) })
		out.WriteByte(']')
	case r.At('"'):
		fmt.Fprintf(out, "%q ", r.Text())
	case r.At('t') || r.At('f'):
		fmt.Fprintf(out, "%t ", r.Bool())
	case r.Null():
		out.WriteString("null ")
	default:
		fmt.Fprintf(out, "%d ", r.Int())
	}
}

func read(src string) (string, error) {
	var out strings.Builder
	r := NewReader(src)
	outline(r, &out)
	return out.String(), r.End()
}

func TestReader(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		`{"a" : [1, -2 ,"x\n\u0000"], "b":{ }, "":null , "t":[true,false]}`: `{"a" [1 -2 "x\n\x00" ]"b" {}"" null "t" [true false ]}`,
		`null`: `null `,
		`[]`:   `[]`,
	} {
		if got, err := read(src); got != want || err != nil {
			t.Errorf("%s: %s %v", src, got, err)
		}
	}
	for _, src := range []string{
		``, `{`, `{"a"}`, `{"a":1,}`, `[1,]`, `[1 2]`, `{} {}`, `1.5`, `99999999999999999999`, `tru`, `"x`, `"\ud800"`, `[1}`, `{1:2}`, `-`,
	} {
		if got, err := read(src); pgerr.From(err).Kind != pgerr.Value {
			t.Errorf("%s: %s %v", src, got, err)
		}
	}
}

func TestReaderWantsTheRightType(t *testing.T) {
	t.Parallel()
	for src, take := range map[string]func(*Reader){
		`5`:        func(r *Reader) { r.Text() },
		`"x"`:      func(r *Reader) { r.Bool() },
		`{}`:       func(r *Reader) { r.List(func(int) {}) },
		`[]`:       func(r *Reader) { r.Object(func(string) {}) },
		`true`:     func(r *Reader) { r.Slot() },
		`-1`:       func(r *Reader) { r.Slot() },
		`[0,"x"]`:  func(r *Reader) { r.Slot() },
		`,`:        func(r *Reader) { r.Raw() },
		`{"a":[1}`: func(r *Reader) { r.Args() },
	} {
		r := NewReader(src)
		take(r)
		if err := r.End(); pgerr.From(err).Kind != pgerr.Value {
			t.Errorf("%s: %v", src, err)
		}
	}
}

func TestReaderDepth(t *testing.T) {
	t.Parallel()
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	if _, err := read(deep(treeDepth)); err != nil {
		t.Error(err)
	}
	if _, err := read(deep(treeDepth + 1)); err == nil || !strings.Contains(err.Error(), "too deeply") {
		t.Error(err)
	}
	if _, err := read(strings.Repeat(`{"a":[`, 1_000_000)); err == nil || !strings.Contains(err.Error(), "too deeply") {
		t.Error(err)
	}
}

func TestReaderRawAndArgs(t *testing.T) {
	t.Parallel()
	src := `{"a":{"x":["}\"",{}]} ,"b":"\\","c":12,"d":[1,{"n":"1.5"},"\u0041",null],"e":null}`
	var raws []string
	var args []Arg
	r := NewReader(src)
	r.Object(func(key string) {
		if key == "d" {
			args = r.Args()
		} else {
			raws = append(raws, r.Raw())
		}
	})
	if err := r.End(); err != nil || strings.Join(raws, "|") != `{"x":["}\"",{}]}|"\\"|12|null` || len(args) != 4 || args[1].Kind != Numeric || args[2].Text != "A" {
		t.Errorf("%q %v %v", raws, args, err)
	}
	refused := NewReader(`["\u0000"]`)
	refused.Args()
	if err := refused.End(); pgerr.From(err).Kind != pgerr.Data {
		t.Error(err)
	}
}

// FuzzReader: whatever the bytes, there is an end, and Raw agrees with a whole read on what one value is.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{`{"a":[1,"\"",{}],"b":null}`, `"x" `, `[[],{}]`, `-1`, `tru`, `{"a":`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, src string) {
		whole := NewReader(src)
		outline(whole, &strings.Builder{})
		if whole.End() != nil {
			return
		}
		r := NewReader(src)
		if raw := r.Raw(); r.End() != nil || raw != strings.TrimSpace(src) {
			t.Fatalf("%q of %q", raw, src)
		}
	})
}
