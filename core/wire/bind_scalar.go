package wire

import (
	"math"
	"strconv"

	"github.com/shopspring/decimal"
)

// appendScalarFor appends a where a type of family f takes it.
func appendScalarFor(dst []byte, a *Arg, f family) ([]byte, bool) {
	switch a.Kind {
	case Int:
		return append(dst, a.Text...), intFits(a.Text, f)
	case Float:
		return appendFloatFor(dst, a.Text, f)
	case Numeric:
		return append(dst, a.Text...), decimalFits(a.Text, f)
	default:
		return append(dst, a.Text...), kindFits(a.Kind, f)
	}
}

func intFits(text string, f family) bool {
	switch f {
	case familyFloat4, familyFloat8, familyNumeric, familyJSON, familyJSONB:
		return true
	case familyInt2:
		return within(text, math.MinInt16, math.MaxInt16)
	case familyInt4:
		return within(text, math.MinInt32, math.MaxInt32)
	case familyInt8, familyMoney:
		return within(text, math.MinInt64, math.MaxInt64)
	case familyOID:
		return within(text, 0, math.MaxUint32)
	}
	return false
}

func within(text string, low, high int64) bool {
	n, err := strconv.ParseInt(text, 10, 64)
	return err == nil && low <= n && n <= high
}

func appendFloatFor(dst []byte, text string, f family) ([]byte, bool) {
	switch f {
	case familyFloat4, familyFloat8:
		return append(dst, text...), true
	case familyNumeric:
		return appendShortest(dst, text), true
	case familyJSON, familyJSONB:
		return append(dst, text...), isDigit(text[len(text)-1])
	case familyInt2, familyInt4, familyInt8:
		whole, ok := wholeText(text)
		return append(dst, whole...), ok && intFits(whole, f)
	}
	return dst, false
}

// appendShortest writes the shortest decimal that reads back as the same float: 99.99 stays 99.99 as numeric.
func appendShortest(dst []byte, text string) []byte {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return append(dst, text...)
	}
	return strconv.AppendFloat(dst, n, 'g', -1, 64)
}

// wholeText turns "300.0" into "300".
func wholeText(text string) (string, bool) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n != math.Trunc(n) || math.Abs(n) > 1<<63 {
		return "", false
	}
	return strconv.FormatFloat(n, 'f', 0, 64), true
}

// decimalFits takes only whole amounts for money: the decimal point of its text depends on lc_monetary. Other amounts go as
// numeric, from which the server converts exactly.
func decimalFits(text string, f family) bool {
	switch f {
	case familyNumeric:
		return true
	case familyMoney:
		amount, err := decimal.NewFromString(text)
		return err == nil && amount.Exponent() == 0
	}
	return false
}

func kindFits(kind ArgKind, f family) bool {
	switch kind {
	case Bool:
		return f == familyBool || f == familyJSON || f == familyJSONB
	case Bytes:
		return f == familyBytea
	case UUID:
		return f == familyUUID
	case Date:
		return f == familyDate || f == familyTimestamp || f == familyTimestampTZ
	case Time:
		return f == familyTime || f == familyTimeTZ
	case TimeTZ:
		return f == familyTimeTZ
	case Timestamp:
		return f == familyTimestamp || f == familyTimestampTZ
	case TimestampTZ:
		return f == familyTimestampTZ
	case Interval:
		return f == familyInterval
	case IP:
		return f == familyInet
	case Network:
		return f == familyInet || f == familyCIDR
	}
	return false
}
