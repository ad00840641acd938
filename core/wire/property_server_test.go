package wire_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"
)

// generator makes a random value of one type: the argument and the JSON that must come back.
type generator struct {
	sql  string
	make func(r *rand.Rand) (arg, want string)
}

func quote(text string) string {
	raw, err := json.Marshal(text)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

func tagged(tag, text string) string { return `{"` + tag + `":` + quote(text) + `}` }

func generators() []generator {
	return []generator{
		{"text", func(r *rand.Rand) (string, string) { t := quote(randomText(r)); return t, t }},
		{"int4", func(r *rand.Rand) (string, string) { t := strconv.Itoa(int(int32(r.Uint32()))); return t, t }}, //nolint:gosec // any
		{"int8", func(r *rand.Rand) (string, string) {
			t := strconv.FormatInt(int64(r.Uint64()), 10) //nolint:gosec // any bits
			return t, t
		}},
		{"float8", randomFloat},
		{"numeric", randomNumeric},
		{"date", func(r *rand.Rand) (string, string) {
			t := randomInstant(r).Format("2006-01-02")
			return tagged("d", t), quote(t)
		}},
		{"timestamp", func(r *rand.Rand) (string, string) {
			t := iso(randomInstant(r))
			return tagged("ts", t), quote(t)
		}},
		{"timestamptz", func(r *rand.Rand) (string, string) {
			t := randomInstant(r)
			east := t.In(time.FixedZone("", (r.IntN(27)-13)*3600))
			if y := east.Year(); y < 1 || y > 9999 {
				east = t
			}
			return tagged("tsz", iso(east)+east.Format("-07:00")), quote(iso(t) + "+00:00")
		}},
		{"time", func(r *rand.Rand) (string, string) {
			t := iso(randomInstant(r))[11:]
			return tagged("t", t), quote(t)
		}},
		{"interval", func(r *rand.Rand) (string, string) {
			days, seconds, micros := r.IntN(2_000_000)-1_000_000, r.IntN(86400), r.IntN(1_000_000)
			return tagged("v", fmt.Sprintf("P%dDT%d.%06dS", days, seconds, micros)),
				fmt.Sprintf("[%d,%d]", days, seconds*1_000_000+micros)
		}},
		{"uuid", func(r *rand.Rand) (string, string) {
			t := fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", r.Uint32(), r.IntN(1<<16), r.IntN(1<<16), r.IntN(1<<16), r.IntN(1<<48))
			return tagged("u", t), quote(t)
		}},
		{"bytea", func(r *rand.Rand) (string, string) {
			data := make([]byte, r.IntN(9))
			for i := range data {
				data[i] = byte(r.Uint32()) //nolint:gosec // any byte
			}
			raw, err := json.Marshal(data)
			if err != nil {
				return err.Error(), ""
			}
			return `{"y":` + string(raw) + `}`, string(raw)
		}},
		{"json", func(r *rand.Rand) (string, string) {
			object := `{"k":` + quote(randomText(r)) + `}`
			return tagged("j", object), object
		}},
		{"bool", func(r *rand.Rand) (string, string) { t := strconv.FormatBool(r.IntN(2) == 0); return t, t }},
	}
}

func randomFloat(r *rand.Rand) (arg, want string) {
	n := math.Float64frombits(r.Uint64())
	if math.IsNaN(n) || math.IsInf(n, 0) {
		n = 0.1
	}
	text := strconv.FormatFloat(n, 'e', -1, 64)
	return text, strconv.FormatFloat(n, 'g', -1, 64)
}

func randomNumeric(r *rand.Rand) (arg, want string) {
	digits := make([]byte, 1+r.IntN(40))
	for i := range digits {
		digits[i] = byte('0' + r.IntN(3)*r.IntN(5)) //nolint:gosec // one digit
	}
	point := r.IntN(len(digits) + 1)
	whole := strings.TrimLeft(string(digits[:point]), "0")
	if whole == "" {
		whole = "0"
	}
	if point < len(digits) {
		whole += "." + string(digits[point:])
	}
	if strings.Trim(whole, "0.") != "" && r.IntN(2) == 0 {
		whole = "-" + whole
	}
	return tagged("n", whole), quote(whole)
}

func randomInstant(r *rand.Rand) time.Time {
	const first, last = -62135596800 + 86400*2, 253402300800 - 86400*2
	micros := int64(0)
	if r.IntN(2) == 0 {
		micros = r.Int64N(1_000_000)
	}
	return time.Unix(first+r.Int64N(last-first), micros*1000).UTC()
}

func iso(t time.Time) string {
	text := t.Format("2006-01-02T15:04:05")
	if micros := t.Nanosecond() / 1000; micros != 0 {
		text += fmt.Sprintf(".%06d", micros)
	}
	return text
}

// TestRoundTrip sends random values of every type alone and in an array, and reads them back; what the server answers in
// binary must equal what is read from its text.
func TestRoundTrip(t *testing.T) {
	s := connect(t)
	s.script(`set timezone = 'Asia/Kolkata'`)
	for _, g := range generators() {
		t.Run(g.sql, func(t *testing.T) {
			r := rand.New(rand.NewPCG(7, uint64(len(g.sql))))
			for range 40 {
				arg, want := g.make(r)
				other, wantOther := g.make(r)
				checkRoundTrip(t, s, g.sql, arg, want)
				checkRoundTrip(t, s, g.sql+`[]`, `[`+arg+`,null,`+other+`]`, `[`+want+`,null,`+wantOther+`]`)
				flat := `{"dims":[2,1],"flat":[` + want + `,` + wantOther + `]}`
				if g.sql != "json" {
					checkRoundTrip(t, s, g.sql+`[]`, `[[`+arg+`],[`+other+`]]`, flat)
				}
			}
		})
	}
}

func checkRoundTrip(t *testing.T, s *server, sql, arg, want string) {
	t.Helper()
	payload, err := s.query(`select $1::`+sql+` as v`, `[`+arg+`]`)
	if err != nil {
		t.Fatalf("%s %s: %v", sql, arg, err)
	}
	if _, got := value(t, payload); !sameJSON(t, got, want) {
		t.Errorf("%s %s: got %s, want %s", sql, arg, got, want)
	}
}

// sameJSON compares decoded values: escapes and the notation of floats may differ.
func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var parts [2]any
	for i, text := range []string{a, b} {
		if err := json.Unmarshal([]byte(text), &parts[i]); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
	}
	return fmt.Sprintf("%#v", parts[0]) == fmt.Sprintf("%#v", parts[1])
}

// TestContainersOfText sends hostile texts through every kind of literal, and compares both formats of the answer.
func TestContainersOfText(t *testing.T) {
	s := connect(t)
	s.script(`create temp table kept (a text[], b inner_row[], c text_span, d hstore, e text_span[], f with_point)`)
	r := rand.New(rand.NewPCG(3, 4))
	for range 150 {
		x, y := randomText(r), randomText(r)
		if x > y {
			x, y = y, x
		}
		span := `{"r":{"lower":` + quote(x) + `,"upper":` + quote(y) + `,"bounds":"[]"}}`
		wantSpan := `[` + quote(x) + `,` + quote(y) + `,"[]"]`
		pairs := `{` + quote(x) + `:` + quote(y) + `}`
		args := `[[` + quote(x) + `,null,` + quote(y) + `],[[1,` + quote(x) + `],` + tagged("j", `{"b":`+quote(y)+`}`) + `],` +
			span + `,` + tagged("j", pairs) + `,[` + span + `],[1,"(1,2)",null,null,true,[` + quote(x) + `,` + quote(y) + `]]]`
		want := `[[` + quote(x) + `,null,` + quote(y) + `],[[1,` + quote(x) + `],[null,` + quote(y) + `]],` +
			wantSpan + `,` + pairs + `,[` + wantSpan + `],[1,"(1,2)",null,null,true,[` + quote(x) + `,` + quote(y) + `]]]`
		s.script(`truncate kept`)
		if _, err := s.query(`insert into kept values ($1, $2, $3, $4, $5, $6)`, args); err != nil {
			// The collation may order the bounds another way than bytes do.
			if strings.Contains(err.Error(), "22000") {
				continue
			}
			t.Fatalf("%s: %v", args, err)
		}
		inBinary, err := s.query(`select * from kept`, `[]`)
		if err != nil {
			t.Fatal(err)
		}
		inText, err := s.simple(`select * from kept`)
		if err != nil || inText != inBinary {
			t.Fatalf("text %s\nbinary %s %v", inText, inBinary, err)
		}
		row := inBinary[strings.Index(inBinary, `"rows":[`)+8 : strings.LastIndex(inBinary, `],"tag"`)]
		if !sameJSON(t, row, want) {
			t.Fatalf("got %s\nwant %s", row, want)
		}
	}
}
