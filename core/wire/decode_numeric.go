package wire

import "encoding/binary"

const (
	numericNegative = 0x4000
	numericNaN      = 0xC000
	numericInf      = 0xD000
	numericNegInf   = 0xF000
)

// appendNumeric writes the server's base-10000 digits with the exact scale.
func appendNumeric(dst, src []byte) ([]byte, error) {
	if len(src) < 8 {
		return dst, errMalformed
	}
	n := numeric{
		digits: src[8:],
		weight: int(int16(binary.BigEndian.Uint16(src[2:]))), //nolint:gosec // two's complement
		scale:  int(binary.BigEndian.Uint16(src[6:])),
	}
	if count := int(binary.BigEndian.Uint16(src)); len(n.digits) != 2*count {
		return dst, errMalformed
	}
	switch sign := binary.BigEndian.Uint16(src[4:]); sign {
	case 0:
		return n.append(append(dst, '"'))
	case numericNegative:
		return n.append(append(dst, '"', '-'))
	case numericNaN:
		return append(dst, `"NaN"`...), nil
	case numericInf:
		return append(dst, `"Infinity"`...), nil
	case numericNegInf:
		return append(dst, `"-Infinity"`...), nil
	}
	return dst, errMalformed
}

// numeric is sum(digit[i] * 10000^(weight-i)), shown with scale decimals.
type numeric struct {
	digits        []byte
	weight, scale int
}

func (n *numeric) append(dst []byte) ([]byte, error) {
	for i := 0; i < len(n.digits); i += 2 {
		if binary.BigEndian.Uint16(n.digits[i:]) > 9999 {
			return dst, errMalformed
		}
	}
	dst = n.appendWhole(dst)
	if n.scale > 0 {
		dst = append(dst, '.')
		end := len(dst) + n.scale
		for i := n.weight + 1; len(dst) < end; i++ {
			dst = appendFour(dst, n.digit(i))
		}
		dst = dst[:end]
	}
	return append(dst, '"'), nil
}

func (n *numeric) appendWhole(dst []byte) []byte {
	if n.weight < 0 {
		return append(dst, '0')
	}
	mark := len(dst)
	for i := 0; i <= n.weight; i++ {
		dst = appendFour(dst, n.digit(i))
	}
	zeros := 0
	for zeros < len(dst)-mark-1 && dst[mark+zeros] == '0' {
		zeros++
	}
	return append(dst[:mark], dst[mark+zeros:]...)
}

// digit is 0 before and after the digits that were sent.
func (n *numeric) digit(i int) uint16 {
	if i < 0 || 2*i+1 >= len(n.digits) {
		return 0
	}
	return binary.BigEndian.Uint16(n.digits[2*i:])
}

func appendFour(dst []byte, d uint16) []byte {
	return append(dst, byte('0'+d/1000), byte('0'+d/100%10), byte('0'+d/10%10), byte('0'+d%10))
}
