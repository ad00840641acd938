package wire

import (
	"errors"
	"strings"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

var errNotUTF8 = errors.New("the text is not valid UTF-8")

// mustEscape tells the bytes that JSON strings cannot hold as they are.
func mustEscape(c byte) bool { return c < ' ' || c == '"' || c == '\\' }

// appendString appends a JSON string, copying runs that need no escape.
func appendString[T ~string | ~[]byte](dst []byte, text T) ([]byte, error) {
	mark := len(dst)
	dst = append(dst, '"')
	start, ascii := 0, true
	for i := range len(text) {
		c := text[i]
		if c >= utf8.RuneSelf {
			ascii = false
			continue
		}
		if !mustEscape(c) {
			continue
		}
		dst = appendEscape(append(dst, text[start:i]...), c)
		start = i + 1
	}
	dst = append(dst, text[start:]...)
	if !ascii && !utf8.Valid(dst[mark:]) {
		return dst[:mark], errNotUTF8
	}
	return append(dst, '"'), nil
}

func appendEscape(dst []byte, c byte) []byte {
	if i := strings.IndexByte("\"\\\b\f\n\r\t", c); i >= 0 {
		return append(dst, '\\', `"\bfnrt`[i])
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}
