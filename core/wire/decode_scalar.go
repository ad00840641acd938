package wire

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"net/netip"
	"strconv"
)

var (
	errMalformed = errors.New("the server sent a malformed value")
	errYear      = errors.New("the year is outside 1 to 9999, all that Python has")
	errMidnight  = errors.New("the time 24:00:00 does not exist in Python")
	errInterval  = errors.New("the interval is longer than a timedelta can be")
)

func appendBool(dst, src []byte) ([]byte, error) {
	if len(src) != 1 {
		return dst, errMalformed
	}
	return strconv.AppendBool(dst, src[0] != 0), nil
}

func appendInt2(dst, src []byte) ([]byte, error) {
	if len(src) != 2 {
		return dst, errMalformed
	}
	return strconv.AppendInt(dst, int64(int16(binary.BigEndian.Uint16(src))), 10), nil //nolint:gosec // two's complement
}

func appendInt4(dst, src []byte) ([]byte, error) {
	if len(src) != 4 {
		return dst, errMalformed
	}
	return strconv.AppendInt(dst, int64(int32(binary.BigEndian.Uint32(src))), 10), nil //nolint:gosec // two's complement
}

func appendInt8(dst, src []byte) ([]byte, error) {
	if len(src) != 8 {
		return dst, errMalformed
	}
	return strconv.AppendInt(dst, int64(binary.BigEndian.Uint64(src)), 10), nil //nolint:gosec // two's complement
}

func appendUint4(dst, src []byte) ([]byte, error) {
	if len(src) != 4 {
		return dst, errMalformed
	}
	return strconv.AppendUint(dst, uint64(binary.BigEndian.Uint32(src)), 10), nil
}

func appendFloat4(dst, src []byte) ([]byte, error) {
	if len(src) != 4 {
		return dst, errMalformed
	}
	return appendFloat(dst, float64(math.Float32frombits(binary.BigEndian.Uint32(src))), 32), nil
}

func appendFloat8(dst, src []byte) ([]byte, error) {
	if len(src) != 8 {
		return dst, errMalformed
	}
	return appendFloat(dst, math.Float64frombits(binary.BigEndian.Uint64(src)), 64), nil
}

// appendFloat always leaves a '.' or an 'e', which tells floats from integers.
func appendFloat(dst []byte, n float64, bits int) []byte {
	switch {
	case math.IsNaN(n):
		return append(dst, `"nan"`...)
	case math.IsInf(n, 1):
		return append(dst, `"inf"`...)
	case math.IsInf(n, -1):
		return append(dst, `"-inf"`...)
	}
	if abs := math.Abs(n); abs != 0 && (abs < 1e-5 || abs >= 1e16) {
		return strconv.AppendFloat(dst, n, 'e', -1, bits)
	}
	mark := len(dst)
	dst = strconv.AppendFloat(dst, n, 'f', -1, bits)
	for _, c := range dst[mark:] {
		if c == '.' {
			return dst
		}
	}
	return append(dst, ".0"...)
}

// appendChar writes the single byte of a "char" as PostgreSQL 16 prints it: nothing for NUL, octal beyond ASCII.
func appendChar(dst, src []byte) ([]byte, error) {
	if len(src) != 1 {
		return dst, errMalformed
	}
	return appendCharText(dst, src)
}

func appendCharText(dst, src []byte) ([]byte, error) {
	switch {
	case len(src) == 1 && src[0] == 0:
		return append(dst, `""`...), nil
	case len(src) == 1 && src[0] >= 0x80:
		c := src[0]
		return append(dst, '"', '\\', '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7, '"'), nil
	}
	return appendString(dst, src)
}

func appendBytea(dst, src []byte) ([]byte, error) { return appendBase64(dst, src), nil }

func appendUUID(dst, src []byte) ([]byte, error) {
	if len(src) != 16 {
		return dst, errMalformed
	}
	dst = append(dst, '"')
	for i, part := range [...][]byte{src[:4], src[4:6], src[6:8], src[8:10], src[10:]} {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, part)
	}
	return append(dst, '"'), nil
}

// appendVoid: functions that return void answer an empty value, which is None.
func appendVoid(dst, _ []byte) ([]byte, error) { return append(dst, "null"...), nil }

func appendJSON(dst, src []byte) ([]byte, error) {
	if len(src) == 0 {
		return dst, errMalformed
	}
	return append(dst, src...), nil
}

func appendJSONB(dst, src []byte) ([]byte, error) {
	if len(src) < 2 || src[0] != 1 {
		return dst, errMalformed
	}
	return append(dst, src[1:]...), nil
}

func appendInet(dst, src []byte) ([]byte, error) {
	prefix, err := binaryPrefix(src)
	if err != nil {
		return dst, err
	}
	return appendAddress(dst, prefix), nil
}

func appendAddress(dst []byte, prefix netip.Prefix) []byte {
	if prefix.Bits() != prefix.Addr().BitLen() {
		return appendNetwork(dst, prefix)
	}
	dst = prefix.Addr().AppendTo(append(dst, '"'))
	return append(dst, '"')
}

func appendCIDR(dst, src []byte) ([]byte, error) {
	prefix, err := binaryPrefix(src)
	if err != nil {
		return dst, err
	}
	return appendNetwork(dst, prefix), nil
}

func appendNetwork(dst []byte, prefix netip.Prefix) []byte {
	dst = prefix.Addr().AppendTo(append(dst, '"'))
	dst = strconv.AppendInt(append(dst, '/'), int64(prefix.Bits()), 10)
	return append(dst, '"')
}

// binaryPrefix reads family, bits, is_cidr, length and address.
func binaryPrefix(src []byte) (netip.Prefix, error) {
	if len(src) < 4 || int(src[3]) != len(src)-4 {
		return netip.Prefix{}, errMalformed
	}
	addr, ok := netip.AddrFromSlice(src[4:])
	if !ok || int(src[1]) > addr.BitLen() {
		return netip.Prefix{}, errMalformed
	}
	return netip.PrefixFrom(addr, int(src[1])), nil
}
