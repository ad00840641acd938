package wire

import "strings"

// interval collects the parts of an interval's text.
type interval struct {
	months, days, micros int64
}

func appendIntervalText(dst, src []byte) ([]byte, error) {
	var (
		i    interval
		ok   bool
		text = string(src)
	)
	if strings.HasPrefix(text, "P") {
		ok = i.readISO(text[1:])
	} else {
		ok = i.readWords(strings.Fields(strings.TrimPrefix(text, "@")))
	}
	if !ok {
		return dst, errIntervalStyle
	}
	return appendIntervalValue(dst, i.months, i.days, i.micros)
}

// readISO reads P1Y2M3DT4H5M6.5S, in which every number has its own sign.
func (i *interval) readISO(text string) bool {
	inTime := false
	for text != "" {
		if text[0] == 'T' {
			inTime = true
			text = text[1:]
			continue
		}
		n, micros, rest, ok := signedDecimal(text)
		if !ok || rest == "" {
			return false
		}
		unit := rest[:1]
		if inTime {
			unit = "T" + unit
		}
		if !i.add(unit, n, micros) {
			return false
		}
		text = rest[1:]
	}
	return true
}

// readWords reads "1 year -2 mons 3 days 04:05:06.5" and its verbose form, which may end with "ago".
func (i *interval) readWords(words []string) bool {
	ago := len(words) > 0 && words[len(words)-1] == "ago"
	if ago {
		words = words[:len(words)-1]
	}
	if len(words) == 1 && words[0] == "0" {
		return true
	}
	for n := 0; n < len(words); n++ {
		if strings.Contains(words[n], ":") {
			if !i.addClock(words[n]) {
				return false
			}
			continue
		}
		whole, micros, rest, ok := signedDecimal(words[n])
		if n++; !ok || rest != "" || n == len(words) || !i.add(strings.TrimSuffix(words[n], "s"), whole, micros) {
			return false
		}
	}
	if ago {
		i.months, i.days, i.micros = -i.months, -i.days, -i.micros
	}
	return len(words) > 0
}

func (i *interval) addClock(text string) bool {
	unsigned := strings.TrimLeft(text, "+-")
	micros, rest, ok := textClock(unsigned)
	if text[0] == '-' {
		micros = -micros
	}
	i.micros += micros
	return ok && rest == ""
}

// add takes the units of all styles; those that begin with T belong to the time part of ISO 8601.
func (i *interval) add(unit string, n, micros int64) bool {
	switch unit {
	case "Y", "year":
		i.months += 12 * n
	case "M", "mon":
		i.months += n
	case "D", "day":
		i.days += n
	case "TH", "hour":
		i.micros += n * 3600_000_000
	case "TM", "min":
		i.micros += n * 60_000_000
	case "TS", "sec":
		i.micros += n*1_000_000 + micros
		return true
	default:
		return false
	}
	return micros == 0
}

// signedDecimal reads a number whose fraction, in millionths, has the sign of the whole.
func signedDecimal(text string) (whole, micros int64, rest string, ok bool) {
	unsigned := strings.TrimPrefix(strings.TrimPrefix(text, "+"), "-")
	whole, rest, ok = textNumber(unsigned)
	if !ok {
		return 0, 0, "", false
	}
	micros, rest, ok = textFraction(rest)
	if text[0] == '-' {
		whole, micros = -whole, -micros
	}
	return whole, micros, rest, ok
}
