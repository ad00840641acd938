package wire

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"net/netip"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"ouroboros-postgres/core/pgerr"
)

// tag reads an object with one key that names the kind of its value, or of each value of its list.
func (s *scanner) tag() (Arg, error) {
	var (
		arg  Arg
		seen bool
	)
	err := s.members(func(key string) error {
		if seen {
			return pgerr.New(pgerr.Value, "a tagged argument has exactly one key, found %q as well", key)
		}
		seen = true
		var err error
		arg, err = s.tagged(key)
		return err
	})
	if err != nil {
		return Arg{}, err
	}
	if !seen {
		return Arg{}, pgerr.New(pgerr.Value, "a tagged argument has exactly one key, found none")
	}
	return arg, nil
}

func (s *scanner) tagged(key string) (Arg, error) {
	if key == "r" {
		return s.rangeArg()
	}
	read, ok := tagReader(key)
	if !ok {
		return Arg{}, pgerr.New(pgerr.Value, "unknown argument tag %q", key)
	}
	if s.peek() == '[' {
		return s.nested(func(s *scanner) (Arg, error) {
			return s.listOf(func() (Arg, error) { return s.taggedValue(key, read) })
		})
	}
	return s.taggedValue(key, read)
}

func (s *scanner) taggedValue(key string, read func(string) (Arg, error)) (Arg, error) {
	var (
		arg  Arg
		text string
		err  error
	)
	switch c := s.peek(); {
	case c == '"':
		if text, err = s.text(); err == nil {
			arg, err = read(text)
		}
	case (key == "ts" || key == "tsz") && (c == '-' || isDigit(c)):
		if arg, err = s.number(); err == nil {
			arg = readMicroseconds(key, arg.Text)
		}
	default:
		return Arg{}, pgerr.New(pgerr.Value, "the value of argument tag %q must be text", key)
	}
	if err != nil {
		return Arg{}, err
	}
	if arg.Kind == Null {
		return Arg{}, pgerr.New(pgerr.Value, "malformed value of argument tag %q", key)
	}
	return arg, nil
}

// tagReader finds how to read the text under a tag; the reader answers Null for a malformed text.
func tagReader(key string) (func(text string) (Arg, error), bool) {
	switch key {
	case "f":
		return readSpecialFloat, true
	case "n":
		return readDecimal, true
	case "y":
		return readBytes, true
	case "x":
		return readKeyword, true
	case "u":
		return reader(UUID, isUUID), true
	case "d":
		return reader(Date, isDate), true
	case "t":
		return reader(Time, isTime), true
	case "tz":
		return reader(TimeTZ, isTimeTZ), true
	case "ts":
		return reader(Timestamp, dateThen(isTime)), true
	case "tsz":
		return reader(TimestampTZ, dateThen(isTimeTZ)), true
	case "v":
		return reader(Interval, isDuration), true
	case "j":
		return reader(JSON, func(text string) bool { return text != "" }), true
	case "ip":
		return reader(IP, isAddress), true
	case "net":
		return reader(Network, isNetwork), true
	}
	return nil, false
}

// reader accepts well-formed texts as they are.
func reader(kind ArgKind, wellFormed func(string) bool) func(string) (Arg, error) {
	return func(text string) (Arg, error) {
		if !wellFormed(text) {
			return Arg{}, nil
		}
		return Arg{Kind: kind, Text: text}, nil
	}
}

func readSpecialFloat(text string) (Arg, error) {
	switch text {
	case "nan":
		return Arg{Kind: Float, Text: "NaN"}, nil
	case "inf":
		return Arg{Kind: Float, Text: "Infinity"}, nil
	case "-inf":
		return Arg{Kind: Float, Text: "-Infinity"}, nil
	}
	return Arg{}, nil
}

// readMicroseconds takes what has passed since the beginning of 1970, in UTC for "tsz", and writes it as Python does.
func readMicroseconds(key, text string) Arg {
	passed, err := strconv.ParseInt(text, 10, 64)
	if err != nil || passed < math.MinInt64+serverEpoch {
		return Arg{}
	}
	days, micros := floorDiv(passed-serverEpoch, dayMicros)
	written, err := appendDay(make([]byte, 0, len("2006-01-02T15:04:05.000000+00:00")), days)
	if err != nil {
		return Arg{}
	}
	written = appendClock(append(written, 'T'), micros)
	if key == "ts" {
		return Arg{Kind: Timestamp, Text: string(written)}
	}
	return Arg{Kind: TimestampTZ, Text: string(append(written, utcSuffix...))}
}

func readKeyword(text string) (Arg, error) {
	if text != "default" {
		return Arg{}, nil
	}
	return Arg{Kind: Default}, nil
}

func readBytes(text string) (Arg, error) {
	data, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") {
		return Arg{}, nil //nolint:nilerr // the caller reports malformed texts
	}
	return Arg{Kind: Bytes, Text: `\x` + hex.EncodeToString(data)}, nil
}

// readDecimal takes what str(Decimal) yields.
func readDecimal(text string) (Arg, error) {
	unsigned := strings.TrimLeft(text, "+-")
	switch {
	case strings.HasPrefix(unsigned, "sNaN"):
		return Arg{}, pgerr.New(pgerr.Data, "a signaling NaN cannot be stored as numeric")
	case strings.HasPrefix(unsigned, "NaN"):
		return Arg{Kind: Numeric, Text: "NaN"}, nil
	case text == "Infinity", text == "-Infinity":
		return Arg{Kind: Numeric, Text: text}, nil
	case isDecimal(text):
		return Arg{Kind: Numeric, Text: text}, nil
	}
	return Arg{}, nil
}

func isDecimal(text string) bool {
	_, err := decimal.NewFromString(text)
	return err == nil
}

// matches compares text with a pattern in which 0 stands for a digit and x for a hexadecimal digit.
func matches(text, pattern string) bool {
	if len(text) != len(pattern) {
		return false
	}
	for i := range len(text) {
		c := text[i]
		switch pattern[i] {
		case '0':
			if !isDigit(c) {
				return false
			}
		case 'x':
			if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
				return false
			}
		default:
			if c != pattern[i] {
				return false
			}
		}
	}
	return true
}

func isUUID(text string) bool { return matches(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx") }

func isDate(text string) bool { return matches(text, "0000-00-00") }

// isTime accepts 10:00, 10:00:00 and 10:00:00 with a fraction.
func isTime(text string) bool {
	if matches(text, "00:00") {
		return true
	}
	if len(text) < 8 || !matches(text[:8], "00:00:00") {
		return false
	}
	return len(text) == 8 || len(text) > 9 && text[8] == '.' && isDigits(text[9:])
}

func isDigits(text string) bool {
	for i := range len(text) {
		if !isDigit(text[i]) {
			return false
		}
	}
	return text != ""
}

func isTimeTZ(text string) bool {
	if local, ok := strings.CutSuffix(text, "Z"); ok {
		return isTime(local)
	}
	i := strings.LastIndexAny(text, "+-")
	return i > 0 && isTime(text[:i]) && isTime(text[i+1:])
}

func dateThen(wellFormed func(string) bool) func(string) bool {
	return func(text string) bool {
		return len(text) > 11 && isDate(text[:10]) && (text[10] == 'T' || text[10] == ' ') && wellFormed(text[11:])
	}
}

func isDuration(text string) bool {
	return len(text) > 2 && text[0] == 'P' && strings.Trim(text[1:], "0123456789.+-YMWDTHS") == ""
}

func isAddress(text string) bool {
	if strings.Contains(text, "/") {
		_, err := netip.ParsePrefix(text)
		return err == nil
	}
	addr, err := netip.ParseAddr(text)
	return err == nil && addr.Zone() == ""
}

func isNetwork(text string) bool {
	prefix, err := netip.ParsePrefix(text)
	return err == nil && prefix.Masked() == prefix
}

// rangeArg reads the parts of a range.
func (s *scanner) rangeArg() (Arg, error) {
	r := RangeArg{Bounds: "[)"}
	err := s.members(func(key string) error { return s.rangePart(&r, key) })
	if err != nil {
		return Arg{}, err
	}
	switch r.Bounds {
	case "[)", "(]", "[]", "()":
		return Arg{Kind: RangeKind, Range: &r}, nil
	}
	return Arg{}, pgerr.New(pgerr.Value, "range bounds must be one of [), (], [] and ()")
}

func (s *scanner) rangePart(r *RangeArg, key string) error {
	value, err := s.value()
	if err != nil {
		return err
	}
	switch key {
	case "lower":
		r.Lower = value
	case "upper":
		r.Upper = value
	case "bounds":
		if value.Kind != Text {
			return pgerr.New(pgerr.Value, "range bounds must be text")
		}
		r.Bounds = value.Text
	case "empty":
		if value.Kind != Bool {
			return pgerr.New(pgerr.Value, "empty of a range must be a boolean")
		}
		r.Empty = value.Text == "true"
	default:
		return pgerr.New(pgerr.Value, "unknown part %q of a range", key)
	}
	return nil
}
