package wire

import (
	"bytes"
	"strings"
)

// literal walks the text form of arrays, composites, ranges and hstore.
type literal struct {
	src []byte
	pos int
}

func (l *literal) peek() byte {
	if l.pos < len(l.src) {
		return l.src[l.pos]
	}
	return 0
}

func (l *literal) take(c byte) bool {
	if l.pos >= len(l.src) || l.src[l.pos] != c {
		return false
	}
	l.pos++
	return true
}

func (l *literal) done() bool { return l.pos == len(l.src) }

// part reads up to one of the stop bytes outside quotes. Inside quotes a backslash protects any byte and a doubled quote
// stands for one. An empty part without quotes is told by quoted.
func (l *literal) part(stop string) (part []byte, quoted, ok bool) {
	part = l.src[l.pos:l.pos:l.pos]
	inside := false
	for ; l.pos < len(l.src); l.pos++ {
		c := l.src[l.pos]
		switch {
		case c == '\\':
			if l.pos++; l.done() {
				return nil, false, false
			}
			part = append(part, l.src[l.pos])
		case c == '"' && inside && l.pos+1 < len(l.src) && l.src[l.pos+1] == '"':
			l.pos++
			part = append(part, '"')
		case c == '"':
			inside, quoted = !inside, true
		case !inside && strings.IndexByte(stop, c) >= 0:
			return part, quoted, true
		default:
			part = append(part, c)
		}
	}
	return nil, false, false
}

func arrayText(elem decoder, delimiter byte) decoder {
	stop := string([]byte{delimiter, '}'})
	return func(dst, src []byte) ([]byte, error) {
		a := arrayReader{literal: literal{src: src}, elem: elem, delimiter: delimiter, stop: stop}
		a.skipBounds()
		depth := 0
		for depth < len(src)-a.pos && src[a.pos+depth] == '{' {
			depth++
		}
		if depth == 0 || depth > maxDimensions {
			return dst, errMalformed
		}
		a.dims = make([]int, depth)
		if err := a.read(0); err != nil {
			return dst, err
		}
		if !a.done() {
			return dst, errMalformed
		}
		dst = append(openArray(dst, a.dims), a.flat...)
		return closeArray(dst, a.dims), nil
	}
}

// arrayReader reads an array literal into the flat list of its elements.
type arrayReader struct {
	literal
	elem      decoder
	delimiter byte
	stop      string
	dims      []int
	flat      []byte
}

// skipBounds passes over "[0:2]=", which tells lower bounds other than 1.
func (a *arrayReader) skipBounds() {
	if a.peek() != '[' {
		return
	}
	if i := bytes.IndexByte(a.src, '='); i >= 0 {
		a.pos = i + 1
	}
}

func (a *arrayReader) read(level int) error {
	if !a.take('{') {
		return errMalformed
	}
	if level == 0 && a.take('}') {
		return nil
	}
	count := 0
	for {
		count++
		var err error
		if level+1 < len(a.dims) {
			err = a.read(level + 1)
		} else {
			err = a.element()
		}
		if err != nil {
			return err
		}
		if a.take(a.delimiter) {
			continue
		}
		if a.take('}') {
			break
		}
		return errMalformed
	}
	if a.dims[level] != 0 && a.dims[level] != count {
		return errMalformed
	}
	a.dims[level] = count
	return nil
}

func (a *arrayReader) element() error {
	if len(a.flat) > 0 {
		a.flat = append(a.flat, ',')
	}
	if c := a.peek(); c == '{' {
		return errMalformed
	}
	part, quoted, ok := a.part(a.stop)
	if !ok || !quoted && len(part) == 0 {
		return errMalformed
	}
	if !quoted && strings.EqualFold(string(part), "null") {
		part = nil
	}
	var err error
	a.flat, err = appendOr(a.flat, part, a.elem)
	return err
}

func rangeText(elem decoder) decoder {
	return func(dst, src []byte) ([]byte, error) {
		l := literal{src: src}
		dst, err := l.rangeValue(dst, elem)
		if err == nil && !l.done() {
			err = errMalformed
		}
		return dst, err
	}
}

func (l *literal) rangeValue(dst []byte, elem decoder) ([]byte, error) {
	if bytes.HasPrefix(l.src[l.pos:], []byte("empty")) {
		l.pos += len("empty")
		return append(dst, `"empty"`...), nil
	}
	bounds := [2]byte{l.peek()}
	if !l.take('[') && !l.take('(') {
		return dst, errMalformed
	}
	dst, err := l.textBound(append(dst, '['), ",", elem)
	if err != nil {
		return dst, err
	}
	l.pos++
	if dst, err = l.textBound(append(dst, ','), ")]", elem); err != nil {
		return dst, err
	}
	bounds[1] = l.peek()
	l.pos++
	return closeRange(dst, bounds), nil
}

// textBound stops before the byte that ends the bound.
func (l *literal) textBound(dst []byte, stop string, elem decoder) ([]byte, error) {
	part, quoted, ok := l.part(stop)
	if !ok {
		return dst, errMalformed
	}
	if len(part) == 0 && !quoted {
		part = nil
	}
	return appendOr(dst, part, elem)
}

// multirangeText takes the codec of one range, whose text form it delimits first.
func multirangeText(single decoder) decoder {
	return func(dst, src []byte) (_ []byte, err error) {
		l := literal{src: src}
		if !l.take('{') {
			return dst, errMalformed
		}
		dst = append(dst, '[')
		for n := 0; !l.take('}'); n++ {
			if n > 0 {
				if !l.take(',') {
					return dst, errMalformed
				}
				dst = append(dst, ',')
			}
			start := l.pos
			if !l.skipRange() {
				return dst, errMalformed
			}
			if dst, err = single(dst, src[start:l.pos]); err != nil {
				return dst, err
			}
		}
		if !l.done() {
			return dst, errMalformed
		}
		return append(dst, ']'), nil
	}
}

func (l *literal) skipRange() bool {
	_, _, ok := l.part(")]")
	l.pos++
	return ok
}

// rowParts splits the text form of a composite; nil is NULL.
func rowParts(src []byte) ([][]byte, error) {
	l := literal{src: src}
	if !l.take('(') {
		return nil, errMalformed
	}
	var parts [][]byte
	for {
		part, quoted, ok := l.part(",)")
		if !ok {
			return nil, errMalformed
		}
		if len(part) == 0 && !quoted {
			part = nil
		}
		parts = append(parts, part)
		if l.take(',') {
			continue
		}
		l.pos++
		if !l.done() {
			return nil, errMalformed
		}
		return parts, nil
	}
}

func (p *rowPlan) text(dst, src []byte) ([]byte, error) {
	parts, err := rowParts(src)
	if err != nil {
		return dst, err
	}
	if len(p.fields) == 0 && len(parts) == 1 && parts[0] == nil {
		parts = nil
	}
	if len(parts) != len(p.fields) {
		return dst, errMalformed
	}
	return p.append(dst, parts, false)
}

// appendRecordText knows no types: every field is text.
func appendRecordText(dst, src []byte) ([]byte, error) {
	parts, err := rowParts(src)
	if err != nil {
		return dst, err
	}
	dst = append(dst, '[')
	for i, part := range parts {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = appendOr(append(dst, `["s",`...), part, appendString[[]byte]); err != nil {
			return dst, err
		}
		dst = append(dst, ']')
	}
	return append(dst, ']'), nil
}
