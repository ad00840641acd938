package wire

import "fmt"

// Class groups types by how their values are built.
type Class uint8

const (
	Scalar Class = iota
	Enum
	Array
	Domain // Base is the type underneath
	Composite
	Range
	Multirange
	Pseudo
)

// Type is what the encoders need to know of one row of pg_type.
type Type struct {
	OID    uint32
	Schema string
	Name   string
	Class  Class
	Elem   *Type   // Array: the element; Range: the subtype; Multirange: the range; Domain: the base type
	Fields []Field // Composite
}

// Field is one attribute of a composite type.
type Field struct {
	Name string
	Type *Type
}

// UnknownTypeError tells of a type that has not been looked up: only the values of anonymous records show those in them.
type UnknownTypeError struct{ OID uint32 }

func (e *UnknownTypeError) Error() string {
	return fmt.Sprintf("the type with OID %d is not known", e.OID)
}

// Learn adds types that columns do not show.
func (e *RowEncoder) Learn(more Types) { e.codecs.types = learned{more, e.codecs.types} }

type learned struct{ more, types Types }

// Type implements Types.
func (l learned) Type(oid uint32) (*Type, bool) {
	if t, ok := l.types.Type(oid); ok {
		return t, true
	}
	return l.more.Type(oid)
}

// Types finds types by OID. Builtin answers for the types that every server has; the engine adds those of the catalogue.
type Types interface {
	Type(oid uint32) (*Type, bool)
}
