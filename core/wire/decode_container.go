package wire

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
)

// cursor walks the binary form of containers; after the first fault it only yields zeros.
type cursor struct {
	src    []byte
	failed bool
}

func (c *cursor) take(n int) []byte {
	if c.failed || n < 0 || n > len(c.src) {
		c.failed = true
		return nil
	}
	part := c.src[:n]
	c.src = c.src[n:]
	return part
}

func (c *cursor) uint32() uint32 {
	if part := c.take(4); part != nil {
		return binary.BigEndian.Uint32(part)
	}
	return 0
}

func (c *cursor) int() int { return int(int32(c.uint32())) } //nolint:gosec // two's complement

// value reads a length and as many bytes; nil is NULL.
func (c *cursor) value() []byte {
	n := c.int()
	if n == -1 {
		return nil
	}
	return c.take(n)
}

// err is the verdict at the end, when nothing may be left.
func (c *cursor) err() error {
	if c.failed || len(c.src) > 0 {
		return errMalformed
	}
	return nil
}

// appendOr appends null or the decoded value.
func appendOr(dst, src []byte, decode decoder) ([]byte, error) {
	if src == nil {
		return append(dst, "null"...), nil
	}
	return decode(dst, src)
}

func arrayBinary(elem decoder) decoder {
	return func(dst, src []byte) ([]byte, error) {
		c := cursor{src: src}
		dims, total, err := c.dimensions()
		if err != nil {
			return dst, err
		}
		dst = openArray(dst, dims)
		for i := range total {
			if i > 0 {
				dst = append(dst, ',')
			}
			value := c.value()
			if c.failed {
				return dst, errMalformed
			}
			if dst, err = appendOr(dst, value, elem); err != nil {
				return dst, err
			}
		}
		return closeArray(dst, dims), c.err()
	}
}

// dimensions reads the header of an array: the dimensions and how many elements they hold.
func (c *cursor) dimensions() (dims []int, total int, err error) {
	count := c.int()
	c.take(8) // whether there are NULLs, and the element type
	if c.failed || count < 0 || count > maxDimensions {
		return nil, 0, errMalformed
	}
	if count == 0 {
		return nil, 0, nil
	}
	dims, total = make([]int, count), 1
	for i := range dims {
		dims[i] = c.int()
		c.take(4) // the lower bound
		if c.failed || dims[i] < 0 || dims[i] > len(c.src) {
			return nil, 0, errMalformed
		}
		// Each element takes four bytes at least.
		if total *= dims[i]; total > len(c.src)/4 {
			return nil, 0, errMalformed
		}
	}
	return dims, total, nil
}

func openArray(dst []byte, dims []int) []byte {
	if len(dims) < 2 {
		return append(dst, '[')
	}
	dst = append(dst, `{"dims":[`...)
	for i, n := range dims {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(dst, int64(n), 10)
	}
	return append(dst, `],"flat":[`...)
}

func closeArray(dst []byte, dims []int) []byte {
	if len(dims) < 2 {
		return append(dst, ']')
	}
	return append(dst, "]}"...)
}

// Flags of the binary form of ranges.
const (
	rangeEmpty          = 0x01
	rangeLowerInclusive = 0x02
	rangeUpperInclusive = 0x04
	rangeLowerInfinite  = 0x08
	rangeUpperInfinite  = 0x10
)

func rangeBinary(elem decoder) decoder {
	return func(dst, src []byte) (_ []byte, err error) {
		c := cursor{src: src}
		head := c.take(1)
		if head == nil {
			return dst, errMalformed
		}
		flags := head[0]
		if flags&rangeEmpty != 0 {
			return append(dst, `"empty"`...), c.err()
		}
		dst = append(dst, '[')
		if dst, err = c.bound(dst, flags&rangeLowerInfinite != 0, elem); err != nil {
			return dst, err
		}
		dst = append(dst, ',')
		if dst, err = c.bound(dst, flags&rangeUpperInfinite != 0, elem); err != nil {
			return dst, err
		}
		bounds := [2]byte{'(', ')'}
		if flags&rangeLowerInclusive != 0 {
			bounds[0] = '['
		}
		if flags&rangeUpperInclusive != 0 {
			bounds[1] = ']'
		}
		return closeRange(dst, bounds), c.err()
	}
}

func (c *cursor) bound(dst []byte, infinite bool, elem decoder) ([]byte, error) {
	if infinite {
		return append(dst, "null"...), nil
	}
	value := c.value()
	if c.failed || value == nil {
		return dst, errMalformed
	}
	return elem(dst, value)
}

func closeRange(dst []byte, bounds [2]byte) []byte {
	return append(dst, ',', '"', bounds[0], bounds[1], '"', ']')
}

func multirangeBinary(single decoder) decoder {
	return func(dst, src []byte) (_ []byte, err error) {
		c := cursor{src: src}
		count := c.int()
		if c.failed || count < 0 || count > len(c.src) {
			return dst, errMalformed
		}
		dst = append(dst, '[')
		for i := range count {
			if i > 0 {
				dst = append(dst, ',')
			}
			value := c.value()
			if c.failed || value == nil {
				return dst, errMalformed
			}
			if dst, err = single(dst, value); err != nil {
				return dst, err
			}
		}
		return append(dst, ']'), c.err()
	}
}

// rowField is one field of a composite type.
type rowField struct {
	name  string
	typ   *Type
	codec codec
}

// rowPlan decodes composites; order lists the fields that come out.
type rowPlan struct {
	fields []rowField
	order  []int
}

func (p *rowPlan) choose(keep []string) {
	for i := range p.fields {
		if keep == nil {
			p.order = append(p.order, i)
		}
	}
	for _, name := range keep {
		p.order = append(p.order, slices.IndexFunc(p.fields, func(f rowField) bool { return f.name == name }))
	}
}

func (p *rowPlan) kind() string {
	dst := []byte(`["c",[`)
	for n, i := range p.order {
		if n > 0 {
			dst = append(dst, ',')
		}
		// Names come from the server's catalogue in UTF-8; a name that is not would make the column description fail.
		dst, _ = appendPair(dst, p.fields[i].name, p.fields[i].codec.kind)
	}
	return string(append(dst, "]]"...))
}

func (p *rowPlan) binary(dst, src []byte) ([]byte, error) {
	c := cursor{src: src}
	if c.int() != len(p.fields) || c.failed {
		return dst, errMalformed
	}
	var few [16][]byte
	values := few[:0]
	for i := range p.fields {
		if oid := c.uint32(); !c.failed && !isOID(p.fields[i].typ, oid) {
			return dst, fmt.Errorf("field %q now has the type with OID %d", p.fields[i].name, oid)
		}
		values = append(values, c.value())
	}
	if err := c.err(); err != nil {
		return dst, err
	}
	return p.append(dst, values, true)
}

// isOID allows for domains, of which the server may name the base type.
func isOID(t *Type, oid uint32) bool {
	return t == nil || t.OID == oid || underlying(t).OID == oid
}

func (p *rowPlan) append(dst []byte, values [][]byte, binaryForm bool) (_ []byte, err error) {
	dst = append(dst, '[')
	for n, i := range p.order {
		if n > 0 {
			dst = append(dst, ',')
		}
		decode := p.fields[i].codec.text
		if binaryForm {
			decode = p.fields[i].codec.binary
		}
		if dst, err = appendOr(dst, values[i], decode); err != nil {
			return dst, fmt.Errorf("field %q: %w", p.fields[i].name, err)
		}
	}
	return append(dst, ']'), nil
}

// appendRecord reads an anonymous record, whose value names the type of each field.
func (b *codecs) appendRecord(dst, src []byte) ([]byte, error) {
	c := cursor{src: src}
	count := c.int()
	if c.failed || count < 0 || count > len(c.src) {
		return dst, errMalformed
	}
	dst = append(dst, '[')
	for i := range count {
		if i > 0 {
			dst = append(dst, ',')
		}
		oid := c.uint32()
		value := c.value()
		if c.failed {
			return dst, errMalformed
		}
		t, ok := b.types.Type(oid)
		if !ok {
			return dst, &UnknownTypeError{oid}
		}
		var err error
		if dst, err = b.appendRecordField(dst, value, t); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), c.err()
}

func (b *codecs) appendRecordField(dst, value []byte, t *Type) ([]byte, error) {
	field := b.codec(t)
	dst = append(append(dst, '['), field.kind...)
	dst, err := appendOr(append(dst, ','), value, b.inBinary(t))
	return append(dst, ']'), err
}
