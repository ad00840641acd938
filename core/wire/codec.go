package wire

import (
	"slices"
	"strconv"

	"ouroboros-postgres/core/pgerr"
)

// decoder appends the JSON form of one value that is not NULL.
type decoder func(dst, src []byte) ([]byte, error)

// codec is how values of one type become JSON. binary is nil where only the server's text is understood; it is preferred
// because no setting of the session changes it.
type codec struct {
	kind   string // as JSON
	binary decoder
	text   decoder
}

func (c *codec) preferred() decoder {
	if c.binary != nil {
		return c.binary
	}
	return c.text
}

// codecs builds codecs.
type codecs struct {
	types Types
}

// lookup never fails: an unknown type is one whose text is passed on.
func (b *codecs) lookup(oid uint32) *Type {
	if t, ok := b.types.Type(oid); ok && t != nil {
		return t
	}
	return &Type{OID: oid, Name: strconv.FormatUint(uint64(oid), 10)}
}

func (b *codecs) codec(t *Type) codec {
	t = underlying(t)
	if t == nil {
		return opaque()
	}
	switch {
	case t.Class == Enum:
		return codec{`"s"`, appendString[[]byte], appendString[[]byte]}
	case t.Class == Composite:
		return b.composite(t, nil)
	case t.Elem == nil:
		return b.scalar(t)
	case t.Class == Array:
		return b.array(b.codec(t.Elem), t.Elem)
	case t.Class == Range:
		return b.rangeOf(t)
	case t.Class == Multirange:
		return b.multirange(t)
	}
	return b.scalar(t)
}

// opaque is for types whose text form goes out as it is.
func opaque() codec { return codec{`"s"`, nil, appendString[[]byte]} }

func (b *codecs) scalar(t *Type) codec {
	switch familyOf(t) {
	case familyBool:
		return codec{`"b"`, appendBool, appendBoolText}
	case familyInt2:
		return codec{`"i"`, appendInt2, appendIntText}
	case familyInt4:
		return codec{`"i"`, appendInt4, appendIntText}
	case familyInt8:
		return codec{`"i"`, appendInt8, appendIntText}
	case familyOID:
		return codec{`"i"`, appendUint4, appendIntText}
	case familyFloat4:
		return codec{`"f"`, appendFloat4, appendFloatText}
	case familyFloat8:
		return codec{`"f"`, appendFloat8, appendFloatText}
	case familyNumeric:
		return codec{`"n"`, appendNumeric, appendNumericText}
	case familyChar:
		return codec{`"s"`, appendChar, appendCharText}
	case familyText:
		return codec{`"s"`, appendString[[]byte], appendString[[]byte]}
	case familyBytea:
		return codec{`"y"`, appendBytea, appendByteaText}
	case familyUUID:
		return codec{`"u"`, appendUUID, appendUUIDText}
	case familyVoid:
		return codec{`"s"`, appendVoid, appendVoid}
	case familyRecord:
		return codec{`"R"`, b.appendRecord, appendRecordText}
	}
	return b.structured(t)
}

func (b *codecs) structured(t *Type) codec {
	switch familyOf(t) {
	case familyDate:
		return codec{`"d"`, appendDate, appendDateText}
	case familyTime:
		return codec{`"t"`, appendTime, appendTimeText}
	case familyTimeTZ:
		return codec{`"t"`, appendTimeTZ, appendTimeTZText}
	case familyTimestamp:
		return codec{`"T"`, appendTimestamp, appendTimestampText}
	case familyTimestampTZ:
		return codec{`"T"`, appendTimestampTZ, appendTimestampTZText}
	case familyInterval:
		return codec{`"v"`, appendInterval, appendIntervalText}
	case familyJSON:
		return codec{`"j"`, appendJSON, appendJSON}
	case familyJSONB:
		return codec{`"j"`, appendJSONB, appendJSON}
	case familyInet:
		return codec{`"I"`, appendInet, appendInetText}
	case familyCIDR:
		return codec{`"N"`, appendCIDR, appendCIDRText}
	case familyHstore:
		return codec{`"j"`, appendHstoreJSON, appendHstoreText}
	}
	return opaque()
}

func (b *codecs) array(elem codec, t *Type) codec {
	c := codec{kind: `["a",` + elem.kind + `]`, text: arrayText(elem.text, delimiterOf(t))}
	if elem.binary != nil {
		c.binary = arrayBinary(elem.binary)
	}
	return c
}

func (b *codecs) rangeOf(t *Type) codec {
	elem := b.codec(t.Elem)
	c := codec{kind: `["r",` + elem.kind + `]`, text: rangeText(elem.text)}
	if elem.binary != nil {
		c.binary = rangeBinary(elem.binary)
	}
	return c
}

func (b *codecs) multirange(t *Type) codec {
	single := b.codec(t.Elem)
	c := codec{kind: `["a",` + single.kind + `]`, text: multirangeText(single.text)}
	if single.binary != nil {
		c.binary = multirangeBinary(single.binary)
	}
	return c
}

// composite decodes the fields named by keep in that order, all when keep is nil.
func (b *codecs) composite(t *Type, keep []string) codec {
	plan := b.row(t, keep)
	c := codec{kind: plan.kind(), text: plan.text}
	if !slices.ContainsFunc(plan.fields, func(f rowField) bool { return f.codec.binary == nil }) {
		c.binary = plan.binary
	}
	return c
}

func (b *codecs) row(t *Type, keep []string) *rowPlan {
	plan := &rowPlan{fields: make([]rowField, len(t.Fields))}
	for i, f := range t.Fields {
		plan.fields[i] = rowField{name: f.Name, typ: f.Type, codec: b.codec(f.Type)}
	}
	plan.choose(keep)
	return plan
}

// keeping is the codec of an array of composites reduced to some fields.
func (b *codecs) keeping(t *Type, keep []string) (codec, error) {
	array := underlying(t)
	if array == nil || array.Class != Array {
		return codec{}, pgerr.New(pgerr.Internal, "only an array of composites can be reduced to fields")
	}
	row := underlying(array.Elem)
	if row == nil || row.Class != Composite {
		return codec{}, pgerr.New(pgerr.Internal, "only an array of composites can be reduced to fields")
	}
	for _, name := range keep {
		if !row.hasField(name) {
			return codec{}, pgerr.New(pgerr.Value, "%s has no column %q", row.Name, name)
		}
	}
	return b.array(b.composite(row, append([]string{}, keep...)), row), nil
}

func (t *Type) hasField(name string) bool {
	for i := range t.Fields {
		if t.Fields[i].Name == name {
			return true
		}
	}
	return false
}

// delimiterOf separates the elements of array literals.
func delimiterOf(elem *Type) byte {
	if elem = underlying(elem); elem != nil && elem.OID == oidBox {
		return ';'
	}
	return ','
}
