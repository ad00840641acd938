package wire

import "ouroboros-postgres/core/pgerr"

// maxDimensions is the server's limit for arrays.
const maxDimensions = 6

func appendListFor(dst []byte, a *Arg, t *Type) ([]byte, bool, error) {
	switch t.Class {
	case Array:
		return appendArray(dst, a.List, t)
	case Multirange:
		return appendMultirange(dst, a.List, t)
	case Composite:
		return appendTuple(dst, a.List, t)
	}
	if f := familyOf(t); f != familyJSON && f != familyJSONB {
		return dst, false, nil
	}
	dst, err := appendJSONList(dst, a.List)
	return dst, true, err
}

// dimensions measures nested lists; ok is false when they are ragged.
func dimensions(list []Arg) (dims []int, ok bool) {
	for inner := list; ; inner = inner[0].List {
		dims = append(dims, len(inner))
		if len(inner) == 0 || inner[0].Kind != List {
			break
		}
	}
	return dims, len(dims) <= maxDimensions && rectangular(list, dims)
}

func rectangular(list []Arg, dims []int) bool {
	if len(list) != dims[0] {
		return false
	}
	for i := range list {
		nested := list[i].Kind == List
		if nested != (len(dims) > 1) || nested && !rectangular(list[i].List, dims[1:]) {
			return false
		}
	}
	return true
}

// appendArray writes an array literal. Lists in lists are dimensions, unless the element type itself takes lists.
func appendArray(dst []byte, list []Arg, t *Type) ([]byte, bool, error) {
	elem := underlying(t.Elem)
	dims, ok := []int{len(list)}, true
	if !takesLists(elem) {
		dims, ok = dimensions(list)
	}
	if !ok {
		return dst, false, nil
	}
	if dims[len(dims)-1] == 0 {
		return append(dst, "{}"...), true, nil
	}
	return appendDimension(dst, list, len(dims), elem)
}

func takesLists(t *Type) bool {
	if t == nil {
		return false
	}
	f := familyOf(t)
	return t.Class == Composite || t.Class == Multirange || f == familyJSON || f == familyJSONB
}

func appendDimension(dst []byte, list []Arg, depth int, elem *Type) (_ []byte, ok bool, err error) {
	delimiter := delimiterOf(elem)
	for i := range list {
		if i == 0 {
			dst = append(dst, '{')
		} else {
			dst = append(dst, delimiter)
		}
		if depth > 1 {
			dst, ok, err = appendDimension(dst, list[i].List, depth-1, elem)
		} else {
			dst, ok, err = appendElement(dst, &list[i], elem)
		}
		if !ok || err != nil {
			return dst, false, err
		}
	}
	return append(dst, '}'), true, nil
}

func appendElement(dst []byte, a *Arg, elem *Type) ([]byte, bool, error) {
	switch {
	case a.Kind == Null:
		return append(dst, "NULL"...), true, nil
	case a.Kind == Text:
		return appendQuoted(dst, a.Text, arrayQuote), true, nil
	case isPlain(a.Kind):
		return appendValue(dst, a, elem)
	}
	part, ok, err := appendValue(nil, a, elem)
	return appendQuoted(dst, part, arrayQuote), ok, err
}

// isPlain tells the kinds whose text never needs quotes inside a literal.
func isPlain(kind ArgKind) bool {
	switch kind {
	case Text, Bytes, JSON, List, RangeKind:
		return false
	}
	return true
}

// quoting is how a literal protects quotes and backslashes inside a quoted part.
type quoting uint8

const (
	arrayQuote quoting = iota // \" and \\
	rowQuote                  // "" and \\, in composites and ranges
)

func appendQuoted[T ~string | ~[]byte](dst []byte, text T, how quoting) []byte {
	dst = append(dst, '"')
	start := 0
	for i := range len(text) {
		c := text[i]
		if c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, text[start:i]...)
		if c == '"' && how == rowQuote {
			dst = append(dst, '"')
		} else {
			dst = append(dst, '\\')
		}
		start = i
	}
	dst = append(dst, text[start:]...)
	return append(dst, '"')
}

// appendPart writes a field of a composite or a bound of a range; nothing stands for NULL.
func appendPart(dst []byte, a *Arg, t *Type) ([]byte, bool, error) {
	if a.Kind == Null {
		return dst, true, nil
	}
	part, ok, err := appendValue(nil, a, t)
	return appendQuoted(dst, part, rowQuote), ok, err
}

func appendTuple(dst []byte, list []Arg, t *Type) (_ []byte, ok bool, err error) {
	if len(list) != len(t.Fields) {
		return dst, false, nil
	}
	dst = append(dst, '(')
	for i := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, ok, err = appendPart(dst, &list[i], t.Fields[i].Type); !ok || err != nil {
			return dst, false, err
		}
	}
	return append(dst, ')'), true, nil
}

// appendRangeFor takes a multirange type as well: as a multirange of one.
func appendRangeFor(dst []byte, a *Arg, t *Type) (_ []byte, ok bool, err error) {
	switch t.Class {
	case Range:
		return appendRange(dst, a.Range, t)
	case Multirange:
		return appendMultirange(dst, []Arg{*a}, t)
	}
	return dst, false, nil
}

func appendRange(dst []byte, r *RangeArg, t *Type) (_ []byte, ok bool, err error) {
	if r.Empty {
		return append(dst, "empty"...), true, nil
	}
	dst = append(dst, r.Bounds[0])
	if dst, ok, err = appendPart(dst, &r.Lower, t.Elem); !ok || err != nil {
		return dst, false, err
	}
	dst = append(dst, ',')
	if dst, ok, err = appendPart(dst, &r.Upper, t.Elem); !ok || err != nil {
		return dst, false, err
	}
	return append(dst, r.Bounds[1]), true, nil
}

func appendMultirange(dst []byte, list []Arg, t *Type) (_ []byte, ok bool, err error) {
	if t.Elem == nil {
		return dst, false, nil
	}
	dst = append(dst, '{')
	for i := range list {
		if list[i].Kind != RangeKind {
			return dst, false, nil
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, ok, err = appendRange(dst, list[i].Range, t.Elem); !ok || err != nil {
			return dst, false, err
		}
	}
	return append(dst, '}'), true, nil
}

func errNotInJSON(kind ArgKind) error {
	return pgerr.New(pgerr.Data, "%s cannot be part of JSON", kind)
}
