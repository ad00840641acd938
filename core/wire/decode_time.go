package wire

import (
	"encoding/binary"
	"math"
	"strconv"
)

// Dates count days and times count microseconds from 2000-01-01.
const (
	daySeconds   = 24 * 60 * 60
	dayMicros    = daySeconds * 1_000_000
	firstDay     = -730119 // 0001-01-01
	lastDay      = 2921939 // 9999-12-31
	maxDeltaDays = 999_999_999
	serverEpoch  = 946_684_800_000_000 // 2000-01-01 in microseconds since 1970
	utcSuffix    = "+00:00"
)

func int32At(src []byte, i int) int64 {
	return int64(int32(binary.BigEndian.Uint32(src[i:]))) //nolint:gosec // two's complement
}

func int64At(src []byte, i int) int64 {
	return int64(binary.BigEndian.Uint64(src[i:])) //nolint:gosec // two's complement
}

func appendDate(dst, src []byte) ([]byte, error) {
	if len(src) != 4 {
		return dst, errMalformed
	}
	return appendDateValue(dst, int32At(src, 0))
}

func appendDateValue(dst []byte, days int64) ([]byte, error) {
	switch days {
	case math.MaxInt32:
		days = lastDay
	case math.MinInt32:
		days = firstDay
	}
	dst, err := appendDay(append(dst, '"'), days)
	return append(dst, '"'), err
}

// appendDay turns a day number into the proleptic Gregorian calendar, counting in years that begin in March.
func appendDay(dst []byte, days int64) ([]byte, error) {
	if days < firstDay || days > lastDay {
		return dst, errYear
	}
	const daysBefore2000 = 730425 // from 0000-03-01
	z := days + daysBefore2000
	era := z / 146097
	dayOfEra := z % 146097
	yearOfEra := (dayOfEra - dayOfEra/1460 + dayOfEra/36524 - dayOfEra/146096) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	m := (5*dayOfYear + 2) / 153
	day := dayOfYear - (153*m+2)/5 + 1
	year, month := yearOfEra+era*400, m+3
	if month > 12 {
		year, month = year+1, month-12
	}
	dst = appendTwo(dst, year/100)
	dst = appendTwo(dst, year%100)
	dst = appendTwo(append(dst, '-'), month)
	return appendTwo(append(dst, '-'), day), nil
}

func appendTwo(dst []byte, n int64) []byte {
	return append(dst, byte('0'+n/10), byte('0'+n%10)) //nolint:gosec // 0 ≤ n ≤ 99
}

func appendTime(dst, src []byte) ([]byte, error) {
	if len(src) != 8 {
		return dst, errMalformed
	}
	return appendTimeValue(dst, int64At(src, 0))
}

func appendTimeValue(dst []byte, micros int64) ([]byte, error) {
	if err := checkTime(micros); err != nil {
		return dst, err
	}
	return append(appendClock(append(dst, '"'), micros), '"'), nil
}

func checkTime(micros int64) error {
	switch {
	case micros == dayMicros:
		return errMidnight
	case micros < 0 || micros > dayMicros:
		return errMalformed
	}
	return nil
}

func appendClock(dst []byte, micros int64) []byte {
	seconds, fraction := micros/1_000_000, micros%1_000_000
	dst = appendTwo(dst, seconds/3600)
	dst = appendTwo(append(dst, ':'), seconds/60%60)
	dst = appendTwo(append(dst, ':'), seconds%60)
	if fraction == 0 {
		return dst
	}
	dst = appendTwo(append(dst, '.'), fraction/10_000)
	dst = appendTwo(dst, fraction/100%100)
	return appendTwo(dst, fraction%100)
}

func appendTimeTZ(dst, src []byte) ([]byte, error) {
	if len(src) != 12 {
		return dst, errMalformed
	}
	return appendTimeTZValue(dst, int64At(src, 0), -int32At(src, 8))
}

// appendTimeTZValue takes the offset in seconds east of Greenwich.
func appendTimeTZValue(dst []byte, micros, offset int64) ([]byte, error) {
	if err := checkTime(micros); err != nil {
		return dst, err
	}
	if offset <= -daySeconds || offset >= daySeconds {
		return dst, errMalformed
	}
	dst = appendClock(append(dst, '"'), micros)
	if offset < 0 {
		dst, offset = append(dst, '-'), -offset
	} else {
		dst = append(dst, '+')
	}
	dst = appendTwo(dst, offset/3600)
	dst = appendTwo(append(dst, ':'), offset/60%60)
	if offset%60 != 0 {
		dst = appendTwo(append(dst, ':'), offset%60)
	}
	return append(dst, '"'), nil
}

func appendTimestamp(dst, src []byte) ([]byte, error) {
	if len(src) != 8 {
		return dst, errMalformed
	}
	return appendTimestampValue(dst, int64At(src, 0), "")
}

func appendTimestampTZ(dst, src []byte) ([]byte, error) {
	if len(src) != 8 {
		return dst, errMalformed
	}
	return appendTimestampValue(dst, int64At(src, 0), utcSuffix)
}

func appendTimestampValue(dst []byte, micros int64, suffix string) ([]byte, error) {
	days, clock := floorDiv(micros, dayMicros)
	switch micros {
	case math.MaxInt64:
		days, clock = lastDay, dayMicros-1
	case math.MinInt64:
		days, clock = firstDay, 0
	}
	dst, err := appendDay(append(dst, '"'), days)
	if err != nil {
		return dst, err
	}
	dst = appendClock(append(dst, 'T'), clock)
	return append(append(dst, suffix...), '"'), nil
}

func floorDiv(n, by int64) (quotient, rest int64) {
	quotient, rest = n/by, n%by
	if rest < 0 {
		quotient, rest = quotient-1, rest+by
	}
	return quotient, rest
}

func appendInterval(dst, src []byte) ([]byte, error) {
	if len(src) != 16 {
		return dst, errMalformed
	}
	return appendIntervalValue(dst, int32At(src, 12), int32At(src, 8), int64At(src, 0))
}

// appendIntervalValue counts a year as 365 days and a remaining month as 30.
func appendIntervalValue(dst []byte, months, days, micros int64) ([]byte, error) {
	carry, micros := floorDiv(micros, dayMicros)
	days += carry + months/12*365 + months%12*30
	if days < -maxDeltaDays || days > maxDeltaDays {
		return dst, errInterval
	}
	dst = strconv.AppendInt(append(dst, '['), days, 10)
	dst = strconv.AppendInt(append(dst, ','), micros, 10)
	return append(dst, ']'), nil
}
