package wire

import (
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5/pgtype"
)

// inBinary reads the binary form of any type, also of those that otherwise travel as text. Only anonymous records need it:
// they are binary as a whole, and their types show too late to ask for text.
func (b *codecs) inBinary(t *Type) decoder {
	if c := b.codec(t); c.binary != nil {
		return c.binary
	}
	switch t = underlying(t); {
	case t == nil:
		return b.retyped(&Type{Name: "unknown"})
	case t.Class == Composite:
		plan := b.row(t, nil)
		for i := range plan.fields {
			plan.fields[i].codec.binary = b.inBinary(plan.fields[i].typ)
		}
		return plan.binary
	case t.Elem == nil:
		return b.transcoded(t)
	case t.Class == Array:
		return arrayBinary(b.inBinary(t.Elem))
	case t.Class == Range:
		return rangeBinary(b.inBinary(t.Elem))
	case t.Class == Multirange:
		return multirangeBinary(b.inBinary(t.Elem))
	}
	return b.transcoded(t)
}

// transcoded turns the binary form of a scalar into the server's text.
func (b *codecs) transcoded(t *Type) decoder {
	switch t.OID {
	case oidRefcursor:
		return appendString[[]byte]
	case oidJSONPath:
		return appendJSONPath
	case oidLSN:
		return appendLSN
	case oidInt2Vector, oidOIDVector:
		return appendVector
	case oidTxidSnapshot, oidSnapshot:
		return appendSnapshot
	case oidRegproc, oidRegprocedure, oidRegoper, oidRegoperator, oidRegclass, oidRegtype, oidRegconfig, oidRegdictionary,
		oidRegnamespace, oidRegrole, oidRegcollation:
		return appendReference
	}
	return b.retyped(t)
}

// retyped leaves it to the driver's codecs.
func (b *codecs) retyped(t *Type) decoder {
	return func(dst, src []byte) ([]byte, error) {
		types := pgtype.NewMap()
		known, ok := types.TypeForOID(t.OID)
		if !ok || !known.Codec.FormatSupported(pgtype.BinaryFormatCode) {
			return dst, errUntyped(t)
		}
		value, err := known.Codec.DecodeValue(types, t.OID, pgtype.BinaryFormatCode, src)
		if err != nil {
			return dst, errMalformed
		}
		text, err := types.Encode(t.OID, pgtype.TextFormatCode, value, nil)
		if err != nil {
			return dst, errUntyped(t)
		}
		return b.codec(t).text(dst, text)
	}
}

func errUntyped(t *Type) error {
	return fmt.Errorf("a value of type %s cannot be read inside an anonymous record", t.Name)
}

// appendReference writes the number that a regclass, regtype, … is, as the server does for one that has no name (any more).
func appendReference(dst, src []byte) ([]byte, error) {
	if len(src) != 4 {
		return dst, errMalformed
	}
	if oid := binary.BigEndian.Uint32(src); oid != 0 {
		return append(strconv.AppendUint(append(dst, '"'), uint64(oid), 10), '"'), nil
	}
	return append(dst, `"-"`...), nil
}

// appendJSONPath reads a version and the text.
func appendJSONPath(dst, src []byte) ([]byte, error) {
	if len(src) < 2 || src[0] != 1 {
		return dst, errMalformed
	}
	return appendString(dst, src[1:])
}

func appendLSN(dst, src []byte) ([]byte, error) {
	if len(src) != 8 {
		return dst, errMalformed
	}
	return fmt.Appendf(dst, `"%X/%X"`, binary.BigEndian.Uint32(src), binary.BigEndian.Uint32(src[4:])), nil
}

// appendVector writes an int2vector or oidvector, which look like arrays, with spaces between.
func appendVector(dst, src []byte) ([]byte, error) {
	c := cursor{src: src}
	_, total, err := c.dimensions()
	if err != nil {
		return dst, err
	}
	dst = append(dst, '"')
	for i := range total {
		if i > 0 {
			dst = append(dst, ' ')
		}
		element := appendUint4
		value := c.value()
		if len(value) == 2 {
			element = appendInt2
		}
		if dst, err = element(dst, value); err != nil {
			return dst, err
		}
	}
	return append(dst, '"'), c.err()
}

// appendSnapshot writes xmin:xmax:xip,… of the transactions in a snapshot.
func appendSnapshot(dst, src []byte) ([]byte, error) {
	c := cursor{src: src}
	count := c.int()
	if c.failed || count < 0 || count > len(src)/8 {
		return dst, errMalformed
	}
	dst = append(dst, '"')
	for i := range count + 2 {
		number := c.take(8)
		if number == nil {
			return dst, errMalformed
		}
		dst = strconv.AppendUint(dst, binary.BigEndian.Uint64(number), 10)
		switch {
		case i < 2:
			dst = append(dst, ':')
		case i < count+1:
			dst = append(dst, ',')
		}
	}
	return append(dst, '"'), c.err()
}
