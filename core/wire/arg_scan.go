package wire

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"ouroboros-postgres/core/pgerr"
)

// maxDepth bounds nesting, so that a hostile request cannot exhaust the stack.
const maxDepth = 1000

// Args is a list of arguments for use in request structs; errors name the position ("parameter $2: …").
type Args []Arg

// UnmarshalJSON implements json.Unmarshaler.
func (a *Args) UnmarshalJSON(raw []byte) error {
	args, err := ParseArgs(raw)
	*a = args
	return err
}

// UnmarshalJSON implements json.Unmarshaler.
func (a *Arg) UnmarshalJSON(raw []byte) error {
	s := scanner{src: string(raw)}
	arg, err := s.document()
	if err != nil {
		return err
	}
	*a = arg
	return nil
}

// ParseArgs reads a JSON list of arguments (docs/reference/payloads.md). null is an empty list.
func ParseArgs(raw []byte) ([]Arg, error) { return parseArgs(string(raw)) }

func parseArgs(src string) ([]Arg, error) {
	s := scanner{src: src}
	s.space()
	if strings.HasPrefix(s.src[s.pos:], "null") {
		s.pos += len("null")
		return nil, s.end()
	}
	if !s.take('[') {
		return nil, s.malformed()
	}
	args := make([]Arg, 0, min(s.listSize(), 64))
	err := s.items(func(position int) error {
		arg, err := s.value()
		if err != nil {
			return atParameter(err, position)
		}
		args = append(args, arg)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return args, s.end()
}

// atParameter names the parameter (counted from 0) that err is about.
func atParameter(err error, position int) error {
	e := *pgerr.From(err)
	e.Message = "parameter $" + strconv.Itoa(position+1) + ": " + e.Message
	return &e
}

// scanner reads JSON strictly. Texts are slices of src wherever they hold no escapes.
type scanner struct {
	src   string
	pos   int
	depth int
	plain bool // objects are user data, kept as raw JSON, instead of tags
	names bool // texts are names or SQL, not values: a NUL character is for the rules of names to refuse
}

func (s *scanner) document() (Arg, error) {
	s.space()
	arg, err := s.value()
	if err != nil {
		return Arg{}, err
	}
	return arg, s.end()
}

func (s *scanner) malformed() error {
	return pgerr.New(pgerr.Value, "malformed JSON in arguments at byte %d", s.pos)
}

func (s *scanner) end() error {
	s.space()
	if s.pos != len(s.src) {
		return s.malformed()
	}
	return nil
}

func (s *scanner) space() {
	for s.pos < len(s.src) {
		switch s.src[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

func (s *scanner) peek() byte {
	if s.pos < len(s.src) {
		return s.src[s.pos]
	}
	return 0
}

// take skips white space, then c if it comes next, then white space.
func (s *scanner) take(c byte) bool {
	s.space()
	if s.peek() != c {
		return false
	}
	s.pos++
	s.space()
	return true
}

// items calls each for every item up to the closing bracket.
func (s *scanner) items(each func(position int) error) error {
	if s.take(']') {
		return nil
	}
	for i := 0; ; i++ {
		if err := each(i); err != nil {
			return err
		}
		if s.take(',') {
			continue
		}
		if s.take(']') {
			return nil
		}
		return s.malformed()
	}
}

func (s *scanner) value() (Arg, error) {
	switch c := s.peek(); {
	case c == '"':
		text, err := s.text()
		return Arg{Kind: Text, Text: text}, err
	case c == '-' || isDigit(c):
		return s.number()
	case c == '[':
		return s.nested((*scanner).list)
	case c == '{' && s.plain:
		return s.nested((*scanner).object)
	case c == '{':
		return s.nested((*scanner).tag)
	default:
		return s.keyword()
	}
}

func (s *scanner) nested(read func(*scanner) (Arg, error)) (Arg, error) {
	if s.depth++; s.depth > maxDepth {
		return Arg{}, pgerr.New(pgerr.Value, "arguments are nested too deeply")
	}
	arg, err := read(s)
	s.depth--
	return arg, err
}

func (s *scanner) list() (Arg, error) { return s.listOf(s.value) }

func (s *scanner) listOf(read func() (Arg, error)) (Arg, error) {
	s.pos++
	list := make([]Arg, 0, s.listSize())
	err := s.items(func(int) error {
		item, err := read()
		list = append(list, item)
		return err
	})
	return Arg{Kind: List, List: list}, err
}

// listSize guesses the length of a list from the commas up to the next bracket, looking a bounded way ahead.
func (s *scanner) listSize() int {
	const window = 1 << 20
	ahead := s.src[s.pos:min(len(s.src), s.pos+window)]
	if end := strings.IndexByte(ahead, ']'); end >= 0 {
		ahead = ahead[:end]
	}
	return strings.Count(ahead, ",") + 1
}

// skip goes to the end of a value by its brackets and quotes alone.
func (s *scanner) skip() bool {
	start, depth := s.pos, 0
	for ; s.pos < len(s.src); s.pos++ {
		switch s.src[s.pos] {
		case '"':
			s.pos = endOfString(s.src, s.pos)
		case '{', '[':
			depth++
			continue
		case '}', ']':
			if depth == 0 {
				return s.pos > start
			}
			depth--
		case ',', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return s.pos > start
			}
			continue
		default:
			continue
		}
		if depth == 0 {
			s.pos = min(s.pos+1, len(s.src))
			return true
		}
	}
	return depth == 0 && s.pos > start
}

// endOfString is the place of the quote that ends the string which begins at i.
func endOfString(src string, i int) int {
	for i++; i < len(src); i++ {
		switch src[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(src)
}

// object checks an object of user data and keeps its text.
func (s *scanner) object() (Arg, error) {
	start := s.pos
	err := s.members(func(string) error {
		_, err := s.value()
		return err
	})
	if err != nil {
		return Arg{}, err
	}
	return Arg{Kind: JSON, Text: strings.TrimRight(s.src[start:s.pos], " \t\r\n")}, nil
}

// members calls each at the value of every member of an object.
func (s *scanner) members(each func(key string) error) error {
	if !s.take('{') {
		return s.malformed()
	}
	if s.take('}') {
		return nil
	}
	for {
		if s.peek() != '"' {
			return s.malformed()
		}
		key, err := s.text()
		if err != nil {
			return err
		}
		if !s.take(':') {
			return s.malformed()
		}
		if err := each(key); err != nil {
			return err
		}
		if s.take(',') {
			continue
		}
		if s.take('}') {
			return nil
		}
		return s.malformed()
	}
}

func (s *scanner) keyword() (Arg, error) {
	rest := s.src[s.pos:]
	for _, word := range [...]struct {
		text string
		kind ArgKind
	}{{"null", Null}, {"true", Bool}, {"false", Bool}} {
		if strings.HasPrefix(rest, word.text) {
			s.pos += len(word.text)
			if word.kind == Null {
				return Arg{}, nil
			}
			return Arg{Kind: word.kind, Text: word.text}, nil
		}
	}
	return Arg{}, s.malformed()
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// number keeps the token: no detour over float64 may change it.
func (s *scanner) number() (Arg, error) {
	start, kind := s.pos, Int
	if s.peek() == '-' {
		s.pos++
	}
	if s.peek() == '0' {
		s.pos++
	} else if s.digits() == 0 {
		return Arg{}, s.malformed()
	}
	if s.peek() == '.' {
		s.pos++
		kind = Float
		if s.digits() == 0 {
			return Arg{}, s.malformed()
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.pos++
		kind = Float
		if c := s.peek(); c == '+' || c == '-' {
			s.pos++
		}
		if s.digits() == 0 {
			return Arg{}, s.malformed()
		}
	}
	if isDigit(s.peek()) {
		return Arg{}, s.malformed()
	}
	return Arg{Kind: kind, Text: s.src[start:s.pos]}, nil
}

func (s *scanner) digits() int {
	start := s.pos
	for isDigit(s.peek()) {
		s.pos++
	}
	return s.pos - start
}

// text reads a string. What PostgreSQL cannot store as text (NUL, lone surrogates, invalid UTF-8) is a data error.
func (s *scanner) text() (string, error) {
	s.pos++
	start := s.pos
	ascii := true
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; {
		case c == '"':
			text := s.src[start:s.pos]
			s.pos++
			if !ascii && !utf8.ValidString(text) {
				return "", errInvalidUTF8()
			}
			return text, nil
		case c == '\\':
			return s.escaped(start)
		case c < ' ':
			return "", s.malformed()
		case c >= utf8.RuneSelf:
			ascii = false
		}
		s.pos++
	}
	return "", s.malformed()
}

func errInvalidUTF8() error { return pgerr.New(pgerr.Data, "the text is not valid UTF-8") }

// escaped goes on with a string from its first escape.
func (s *scanner) escaped(start int) (string, error) {
	buf := append(make([]byte, 0, 2*(s.pos-start)+16), s.src[start:s.pos]...)
	for s.pos < len(s.src) {
		c := s.src[s.pos]
		s.pos++
		switch {
		case c == '"':
			if !utf8.Valid(buf) {
				return "", errInvalidUTF8()
			}
			return string(buf), nil
		case c < ' ':
			return "", s.malformed()
		case c != '\\':
			buf = append(buf, c)
			continue
		}
		r, err := s.escape()
		if err != nil {
			return "", err
		}
		buf = utf8.AppendRune(buf, r)
	}
	return "", s.malformed()
}

// escape reads what follows a backslash.
func (s *scanner) escape() (rune, error) {
	c := s.peek()
	s.pos++
	if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 && c != 0 {
		return rune("\"\\/\b\f\n\r\t"[i]), nil
	}
	if c != 'u' {
		return 0, s.malformed()
	}
	r, ok := s.hex4()
	if !ok {
		return 0, s.malformed()
	}
	if r == 0 && !s.names {
		return 0, pgerr.New(pgerr.Data, "PostgreSQL text cannot contain NUL (0x00) characters")
	}
	if !utf16.IsSurrogate(r) {
		return r, nil
	}
	if strings.HasPrefix(s.src[s.pos:], `\u`) {
		s.pos += 2
		low, ok := s.hex4()
		if !ok {
			return 0, s.malformed()
		}
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return pair, nil
		}
	}
	return 0, pgerr.New(pgerr.Data, "the text contains a lone surrogate, which UTF-8 cannot encode")
}

func (s *scanner) hex4() (rune, bool) {
	if s.pos+4 > len(s.src) {
		return 0, false
	}
	n, err := strconv.ParseUint(s.src[s.pos:s.pos+4], 16, 16)
	if err != nil {
		return 0, false
	}
	s.pos += 4
	return rune(n), true
}
