package wire

import (
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"

	"ouroboros-postgres/core/pgerr"
)

// appendJSONList writes a list as a JSON array.
func appendJSONList(dst []byte, list []Arg) (_ []byte, err error) {
	dst = append(dst, '[')
	for i := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = appendJSONItem(dst, &list[i]); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

func appendJSONItem(dst []byte, a *Arg) ([]byte, error) {
	switch a.Kind {
	case Null:
		return append(dst, "null"...), nil
	case Int, Bool, JSON:
		return append(dst, a.Text...), nil
	case Float:
		if !isDigit(a.Text[len(a.Text)-1]) {
			return dst, pgerr.New(pgerr.Data, "JSON has no %s", a.Text)
		}
		return append(dst, a.Text...), nil
	case Bytes:
		return appendHexAsBase64(dst, a.Text)
	case List:
		return appendJSONList(dst, a.List)
	case RangeKind, Default:
		return dst, errNotInJSON(a.Kind)
	default:
		return appendString(dst, a.Text)
	}
}

func appendHexAsBase64(dst []byte, text string) ([]byte, error) {
	data, err := hex.DecodeString(strings.TrimPrefix(text, `\x`))
	if err != nil {
		return dst, pgerr.Wrap(err, pgerr.Internal, "malformed bytes")
	}
	return appendBase64(dst, data), nil
}

func appendBase64(dst, data []byte) []byte {
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, data)
	return append(dst, '"')
}

// appendObjectFor takes a dict for JSON, hstore and composite types.
func appendObjectFor(dst []byte, a *Arg, t *Type) ([]byte, bool, error) {
	if t.Class == Composite {
		dst, err := appendNamedFields(dst, a.Text, t)
		return dst, true, err
	}
	switch familyOf(t) {
	case familyJSON, familyJSONB:
		return append(dst, a.Text...), true, nil
	case familyHstore:
		dst, err := appendHstore(dst, a.Text)
		return dst, true, err
	}
	return dst, false, nil
}

// eachMember calls each for the members of a JSON object in their order; nested objects are arguments of kind JSON.
func eachMember(object string, each func(key string, value Arg) error) error {
	s := scanner{src: object, plain: true}
	s.space()
	err := s.members(func(key string) error {
		value, err := s.value()
		if err != nil {
			return err
		}
		return each(key, value)
	})
	if err != nil {
		return err
	}
	return s.end()
}

func appendHstore(dst []byte, object string) ([]byte, error) {
	first := true
	err := eachMember(object, func(key string, value Arg) error {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(appendQuoted(dst, key, arrayQuote), "=>"...)
		switch value.Kind {
		case Null:
			dst = append(dst, "NULL"...)
		case Text:
			dst = appendQuoted(dst, value.Text, arrayQuote)
		default:
			return pgerr.New(pgerr.Data, "values of hstore must be str or None, %q is %s", key, value.Kind)
		}
		return nil
	})
	return dst, err
}

// appendNamedFields writes a composite literal; fields that the dict leaves out are NULL.
func appendNamedFields(dst []byte, object string, t *Type) ([]byte, error) {
	values := make([]Arg, len(t.Fields))
	err := eachMember(object, func(key string, value Arg) error {
		i := slices.IndexFunc(t.Fields, func(f Field) bool { return f.Name == key })
		if i < 0 {
			return pgerr.New(pgerr.Data, "type %s has no field %q", t.Name, key)
		}
		var err error
		values[i], err = retype(value, t.Fields[i].Type)
		return err
	})
	if err != nil {
		return dst, err
	}
	dst = append(dst, '(')
	for i, field := range t.Fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		var ok bool
		if dst, ok, err = appendPart(dst, &values[i], field.Type); err != nil {
			return dst, err
		}
		if !ok {
			return dst, pgerr.New(pgerr.Data, "%s does not fit field %q of type %s", values[i].Kind, field.Name, t.Name)
		}
	}
	return append(dst, ')'), nil
}

// retype undoes what JSON did to a value of a dict: bytes went as base64, strings of a JSON field lost their quotes.
func retype(value Arg, t *Type) (Arg, error) {
	t = underlying(t)
	if t == nil || value.Kind != Text {
		return value, nil
	}
	switch familyOf(t) {
	case familyBytea:
		if strings.HasPrefix(value.Text, `\x`) {
			return value, nil
		}
		data, err := readBytes(value.Text)
		if err != nil || data.Kind != Bytes {
			return value, pgerr.New(pgerr.Data, "a bytea field in a dict takes bytes")
		}
		return data, nil
	case familyJSON, familyJSONB:
		text, err := appendString(nil, value.Text)
		return Arg{Kind: Text, Text: string(text)}, err
	}
	return value, nil
}
