package wire

import (
	"encoding/hex"
	"net/netip"
	"strings"
)

func appendBoolText(dst, src []byte) ([]byte, error) {
	switch string(src) {
	case "t", "true":
		return append(dst, "true"...), nil
	case "f", "false":
		return append(dst, "false"...), nil
	}
	return dst, errMalformed
}

func appendIntText(dst, src []byte) ([]byte, error) {
	if !isNumberToken(src, Int) {
		return dst, errMalformed
	}
	return append(dst, src...), nil
}

func isNumberToken(src []byte, kind ArgKind) bool {
	s := scanner{src: string(src)}
	if c := s.peek(); c != '-' && !isDigit(c) {
		return false
	}
	token, err := s.number()
	return err == nil && s.pos == len(src) && (token.Kind == kind || kind == Float)
}

func appendFloatText(dst, src []byte) ([]byte, error) {
	switch string(src) {
	case "NaN":
		return append(dst, `"nan"`...), nil
	case "Infinity":
		return append(dst, `"inf"`...), nil
	case "-Infinity":
		return append(dst, `"-inf"`...), nil
	}
	if !isNumberToken(src, Float) {
		return dst, errMalformed
	}
	dst = append(dst, src...)
	if !strings.ContainsAny(string(src), ".eE") {
		dst = append(dst, ".0"...)
	}
	return dst, nil
}

func appendNumericText(dst, src []byte) ([]byte, error) {
	switch text := string(src); {
	case text == "NaN", text == "Infinity", text == "-Infinity", isDecimal(text):
		return append(append(append(dst, '"'), src...), '"'), nil
	}
	return dst, errMalformed
}

// appendByteaText reads both settings of bytea_output; values in the escape format cannot begin with \x.
func appendByteaText(dst, src []byte) ([]byte, error) {
	text := string(src)
	if digits, ok := strings.CutPrefix(text, `\x`); ok {
		data, err := hex.DecodeString(digits)
		if err != nil {
			return dst, errMalformed
		}
		return appendBase64(dst, data), nil
	}
	data := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] != '\\':
			data = append(data, text[i])
		case strings.HasPrefix(text[i:], `\\`):
			data = append(data, '\\')
			i++
		default:
			if len(text) < i+4 || !isOctal(text[i+1:i+4]) {
				return dst, errMalformed
			}
			data = append(data, (text[i+1]-'0')<<6|(text[i+2]-'0')<<3|(text[i+3]-'0'))
			i += 3
		}
	}
	return appendBase64(dst, data), nil
}

func isOctal(digits string) bool {
	return strings.Trim(digits, "01234567") == "" && digits[0] <= '3'
}

func appendUUIDText(dst, src []byte) ([]byte, error) {
	if !isUUID(string(src)) {
		return dst, errMalformed
	}
	return append(append(append(dst, '"'), src...), '"'), nil
}

func appendInetText(dst, src []byte) ([]byte, error) {
	prefix, err := textPrefix(string(src))
	if err != nil {
		return dst, err
	}
	return appendAddress(dst, prefix), nil
}

func appendCIDRText(dst, src []byte) ([]byte, error) {
	prefix, err := textPrefix(string(src))
	if err != nil {
		return dst, err
	}
	return appendNetwork(dst, prefix), nil
}

func textPrefix(text string) (netip.Prefix, error) {
	if strings.Contains(text, "/") {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return prefix, errMalformed
		}
		return prefix, nil
	}
	addr, err := netip.ParseAddr(text)
	if err != nil || addr.Zone() != "" {
		return netip.Prefix{}, errMalformed
	}
	return netip.PrefixFrom(addr, addr.BitLen()), nil
}
