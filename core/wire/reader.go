package wire

import (
	"strconv"
	"strings"

	"ouroboros-postgres/core/pgerr"
)

// treeDepth bounds the nesting of trees. One condition inside another takes three levels.
const treeDepth = 3000

// Reader reads a JSON tree strictly and part by part; who uses it knows its shape. null stands for a part that is missing.
// The first error stays, and what is read after it is empty.
type Reader struct {
	scanner scanner
	err     error
}

// NewReader begins with the first byte of src.
func NewReader(src string) *Reader {
	r := &Reader{scanner: scanner{src: src, names: true}}
	r.scanner.space()
	return r
}

// Fail ends reading with an error of the caller.
func (r *Reader) Fail(format string, args ...any) {
	r.keep(pgerr.New(pgerr.Value, format, args...))
}

func (r *Reader) keep(err error) {
	if r.err == nil && err != nil {
		r.err = pgerr.Wrap(err, pgerr.Value, "%s", pgerr.From(err).Message)
	}
}

// End tells what was wrong; nothing may follow what was read.
func (r *Reader) End() error {
	if r.err == nil {
		r.keep(r.scanner.end())
	}
	return r.err
}

// Null takes null, if it comes next.
func (r *Reader) Null() bool {
	if r.err != nil || !strings.HasPrefix(r.scanner.src[r.scanner.pos:], "null") {
		return false
	}
	r.scanner.pos += len("null")
	return true
}

// Object calls each at the value of every member; each has to read it, or to fail.
func (r *Reader) Object(each func(key string)) {
	r.nested('{', "an object", func() error {
		return r.scanner.members(func(key string) error {
			each(key)
			return r.err
		})
	})
}

// List calls each at every item; each has to read it, or to fail.
func (r *Reader) List(each func(i int)) {
	r.nested('[', "a list", func() error {
		r.scanner.take('[')
		return r.scanner.items(func(i int) error {
			each(i)
			return r.err
		})
	})
}

func (r *Reader) nested(start byte, what string, read func() error) {
	if r.err != nil || r.Null() {
		return
	}
	if !r.At(start) {
		r.needed(what)
		return
	}
	if r.scanner.depth++; r.scanner.depth > treeDepth {
		r.Fail("the statement is nested too deeply")
		return
	}
	r.keep(read())
	r.scanner.depth--
}

func (r *Reader) needed(what string) {
	r.Fail("malformed statement: %s is needed at byte %d", what, r.scanner.pos)
}

// At tells whether a value that begins with c comes next.
func (r *Reader) At(c byte) bool { return r.err == nil && r.scanner.peek() == c }

// Text reads a string.
func (r *Reader) Text() string {
	if r.err != nil || r.Null() {
		return ""
	}
	if !r.At('"') {
		r.needed("a text")
		return ""
	}
	text, err := r.scanner.text()
	r.keep(err)
	return text
}

// Bool reads true or false.
func (r *Reader) Bool() bool {
	if r.err != nil {
		return false
	}
	word, err := r.scanner.keyword()
	if err == nil && word.Kind == Bool || err == nil && word.Kind == Null {
		return word.Text == "true"
	}
	r.needed("true or false")
	return false
}

// Int reads an integer.
func (r *Reader) Int() int64 {
	if r.err != nil {
		return 0
	}
	number, err := r.scanner.number()
	n, outside := strconv.ParseInt(number.Text, 10, 64)
	if err != nil || outside != nil {
		r.needed("an integer")
	}
	return n
}

// Raw takes a value without looking into it; whether it is well-formed is for others to find out.
func (r *Reader) Raw() string {
	if r.err != nil {
		return ""
	}
	start := r.scanner.pos
	if !r.scanner.skip() {
		r.needed("a value")
	}
	return r.scanner.src[start:r.scanner.pos]
}

// Args reads a list of arguments; its errors stay what they are.
func (r *Reader) Args() []Arg {
	raw := r.Raw()
	if r.err != nil {
		return nil
	}
	args, err := parseArgs(raw)
	if err != nil {
		r.err = err
	}
	return args
}

// Slot reads the number of an argument, null, or a list of such: an argument that is not known yet.
func (r *Reader) Slot() Arg {
	switch {
	case r.err != nil || r.Null():
		return Arg{}
	case r.At('['):
		list := []Arg{}
		r.List(func(int) { list = append(list, r.Slot()) })
		return Arg{Kind: List, List: list}
	}
	n := r.Int()
	if n < 0 {
		r.Fail("a slot is the number of an argument, not %d", n)
	}
	return Arg{Kind: Slot, Text: strconv.FormatInt(n, 10)}
}
