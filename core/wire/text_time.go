package wire

import (
	"errors"
	"math"
	"strings"
	"time"
)

// The text forms are those of DateStyle ISO and of IntervalStyle postgres, postgres_verbose and iso_8601. Another style is
// refused: its fields cannot be told apart for sure.
var (
	errDateStyle     = errors.New("only DateStyle ISO can be read")
	errIntervalStyle = errors.New("only IntervalStyle postgres, postgres_verbose and iso_8601 can be read")
)

func appendDateText(dst, src []byte) ([]byte, error) {
	days, rest, err := textDay(string(src))
	if err != nil {
		return dst, err
	}
	if rest != "" {
		return dst, errDateStyle
	}
	return appendDateValue(dst, days)
}

// textDay reads the date that text begins with; infinite dates are the extremes of int32.
func textDay(text string) (days int64, rest string, err error) {
	switch text {
	case "infinity":
		return math.MaxInt32, "", nil
	case "-infinity":
		return math.MinInt32, "", nil
	}
	if strings.HasSuffix(text, " BC") || len(text) > 4 && isDigits(text[:5]) {
		return 0, "", errYear
	}
	if len(text) < 10 || !isDate(text[:10]) {
		return 0, "", errDateStyle
	}
	day, err := time.Parse(time.DateOnly, text[:10])
	if err != nil {
		return 0, "", errMalformed
	}
	const epoch = serverEpoch / 1_000_000
	days, _ = floorDiv(day.Unix()-epoch, daySeconds)
	return days, text[10:], nil
}

func appendTimeText(dst, src []byte) ([]byte, error) {
	micros, rest, ok := textClock(string(src))
	if !ok || rest != "" {
		return dst, errMalformed
	}
	return appendTimeValue(dst, micros)
}

// textClock reads hh:mm:ss with a fraction; hours may have more digits, as in intervals.
func textClock(text string) (micros int64, rest string, ok bool) {
	hours, text, ok := textNumber(text)
	if !ok || len(text) < 6 || !matches(text[:6], ":00:00") {
		return 0, "", false
	}
	minutes := int64(text[1]-'0')*10 + int64(text[2]-'0')
	seconds := int64(text[4]-'0')*10 + int64(text[5]-'0')
	fraction, rest, ok := textFraction(text[6:])
	return ((hours*60+minutes)*60+seconds)*1_000_000 + fraction, rest, ok
}

// textNumber reads digits, up to the hours that fit 64 bit as microseconds: more than any field of a valid value.
func textNumber(text string) (n int64, rest string, ok bool) {
	const limit = 2_562_047_787
	i := 0
	for i < len(text) && isDigit(text[i]) {
		n = n*10 + int64(text[i]-'0')
		if i++; n > limit {
			return 0, "", false
		}
	}
	return n, text[i:], i > 0
}

// textFraction reads a decimal fraction of a second, if there is one, as microseconds.
func textFraction(text string) (micros int64, rest string, ok bool) {
	if !strings.HasPrefix(text, ".") {
		return 0, text, true
	}
	scale, i := int64(100_000), 1
	for ; i < len(text) && isDigit(text[i]); i++ {
		micros += int64(text[i]-'0') * scale
		scale /= 10
	}
	return micros, text[i:], i > 1
}

func appendTimeTZText(dst, src []byte) ([]byte, error) {
	micros, rest, ok := textClock(string(src))
	if !ok {
		return dst, errMalformed
	}
	offset, ok := textOffset(rest)
	if !ok {
		return dst, errMalformed
	}
	return appendTimeTZValue(dst, micros, offset)
}

// textOffset reads +hh, +hh:mm or +hh:mm:ss as seconds.
func textOffset(text string) (int64, bool) {
	if len(text) < 3 || text[0] != '+' && text[0] != '-' {
		return 0, false
	}
	var seconds int64
	unit := int64(3600)
	for _, part := range strings.Split(text[1:], ":") {
		n, rest, ok := textNumber(part)
		if !ok || rest != "" || len(part) != 2 || unit == 0 {
			return 0, false
		}
		seconds += n * unit
		unit /= 60
	}
	if text[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}

func appendTimestampText(dst, src []byte) ([]byte, error) {
	micros, rest, err := textTimestamp(string(src))
	if err != nil {
		return dst, err
	}
	if rest != "" {
		return dst, errDateStyle
	}
	return appendTimestampValue(dst, micros, "")
}

func appendTimestampTZText(dst, src []byte) ([]byte, error) {
	micros, rest, err := textTimestamp(string(src))
	if err != nil {
		return dst, err
	}
	if micros != math.MaxInt64 && micros != math.MinInt64 {
		offset, ok := textOffset(rest)
		if !ok {
			return dst, errDateStyle
		}
		micros -= offset * 1_000_000
	}
	return appendTimestampValue(dst, micros, utcSuffix)
}

func textTimestamp(text string) (micros int64, rest string, err error) {
	days, rest, err := textDay(text)
	if err != nil {
		return 0, "", err
	}
	switch days {
	case math.MaxInt32:
		return math.MaxInt64, "", nil
	case math.MinInt32:
		return math.MinInt64, "", nil
	}
	if !strings.HasPrefix(rest, " ") {
		return 0, "", errDateStyle
	}
	clock, rest, ok := textClock(rest[1:])
	if !ok {
		return 0, "", errDateStyle
	}
	return days*dayMicros + clock, rest, nil
}
