package wire

import (
	"ouroboros-postgres/core/pgerr"
)

// Binding is the outcome of matching arguments with the parameter types that the server inferred.
type Binding struct {
	// Values are the parameters to send, nil for NULL; valid when Declare is nil.
	Values [][]byte
	// Formats are those of Values, 0 for text and 1 for binary; nil when all are texts.
	Formats []int16
	// Declare, when not nil, asks for a new preparation with these parameter types (0: let the server infer).
	Declare []uint32
}

// Bind matches arguments with parameter types. Where an argument does not fit the type that the server inferred, the
// answer asks to prepare again with the natural type of the argument declared. Arguments whose inferred type is their
// natural one stay declared, so that repeated binding ends: each round declares more, and what is declared must fit.
func Bind(args []Arg, params []*Type) (Binding, error) {
	if len(args) != len(params) {
		return Binding{}, pgerr.New(pgerr.Query, "the statement has %d parameters, but %d arguments were given", len(params), len(args))
	}
	ends := make([]int, len(args))
	buf := make([]byte, 0, sizeHint(args))
	misfit := false
	var formats []int16
	for i := range args {
		var (
			ok  = true
			err error
		)
		if list, binary := appendDatetimes(buf, &args[i], params[i]); binary {
			if formats == nil {
				formats = make([]int16, len(args))
			}
			buf, formats[i] = list, 1
		} else if args[i].Kind != Null {
			buf, ok, err = appendValue(buf, &args[i], params[i])
		}
		if err == nil && !ok {
			misfit = true
			err = refuseDeclared(&args[i], params[i])
		}
		if err != nil {
			return Binding{}, atParameter(err, i)
		}
		ends[i] = len(buf)
	}
	if misfit {
		return Binding{Declare: declarations(args, params)}, nil
	}
	return Binding{Values: split(args, buf, ends), Formats: formats}, nil
}

func sizeHint(args []Arg) int {
	n := 1
	for i := range args {
		n += len(args[i].Text) + 12*len(args[i].List)
	}
	return n
}

// split cuts the shared buffer of all texts.
func split(args []Arg, buf []byte, ends []int) [][]byte {
	values := make([][]byte, len(args))
	start := 0
	for i, end := range ends {
		if args[i].Kind != Null {
			values[i] = buf[start:end:end]
		}
		start = end
	}
	return values
}

// refuseDeclared ends the search for a type: an argument that does not fit its own natural type fits nowhere.
func refuseDeclared(a *Arg, t *Type) error {
	if t != nil && naturalOID(a) == t.OID {
		return pgerr.New(pgerr.Data, "%s cannot be sent as %s", a.Kind, t.Name)
	}
	return nil
}

func declarations(args []Arg, params []*Type) []uint32 {
	declare := make([]uint32, len(args))
	for i := range args {
		if kind := args[i].Kind; kind == Null || kind == Text {
			continue
		}
		natural := naturalOID(&args[i])
		inferred := params[i] != nil && params[i].OID == natural
		if _, ok, err := appendValue(nil, &args[i], params[i]); inferred || err == nil && !ok {
			declare[i] = natural
		}
	}
	return declare
}

// appendValue appends the text of a for type t. ok is false when a does not fit t, err is set when a fits no type.
func appendValue(dst []byte, a *Arg, t *Type) (_ []byte, ok bool, err error) {
	if a.Kind == Text {
		return append(dst, a.Text...), true, nil
	}
	if a.Kind == Default {
		return dst, false, pgerr.New(pgerr.Value, "DEFAULT stands in inserted rows only")
	}
	if t = underlying(t); t == nil {
		return dst, false, nil
	}
	switch a.Kind {
	case List:
		return appendListFor(dst, a, t)
	case JSON:
		return appendObjectFor(dst, a, t)
	case RangeKind:
		return appendRangeFor(dst, a, t)
	default:
		dst, ok = appendScalarFor(dst, a, familyOf(t))
		return dst, ok, nil
	}
}

// underlying looks through domains.
func underlying(t *Type) *Type {
	for t != nil && t.Class == Domain {
		t = t.Elem
	}
	return t
}
