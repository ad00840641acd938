package wire

// appendHstoreJSON writes the binary form of hstore as a JSON object.
func appendHstoreJSON(dst, src []byte) (_ []byte, err error) {
	c := cursor{src: src}
	count := c.int()
	if c.failed || count < 0 || count > len(c.src) {
		return dst, errMalformed
	}
	dst = append(dst, '{')
	for i := range count {
		if i > 0 {
			dst = append(dst, ',')
		}
		key, value := c.value(), c.value()
		if c.failed || key == nil {
			return dst, errMalformed
		}
		if dst, err = appendMember(dst, key, value); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), c.err()
}

func appendMember(dst, key, value []byte) ([]byte, error) {
	dst, err := appendString(dst, key)
	if err != nil {
		return dst, err
	}
	return appendOr(append(dst, ':'), value, appendString[[]byte])
}

// appendHstoreText reads "a"=>"1", "b"=>NULL.
func appendHstoreText(dst, src []byte) (_ []byte, err error) {
	l := literal{src: append(src[:len(src):len(src)], ',')}
	dst = append(dst, '{')
	for n := 0; l.pos < len(src); n++ {
		if n > 0 {
			dst = append(dst, ',')
			l.take(' ')
		}
		key, _, ok := l.part("=")
		if !ok || !l.take('=') || !l.take('>') {
			return dst, errMalformed
		}
		value, quoted, ok := l.part(",")
		if !ok || !l.take(',') {
			return dst, errMalformed
		}
		if !quoted {
			value = nil
		}
		if dst, err = appendMember(dst, key, value); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}
