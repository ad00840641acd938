package query

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// scope is what the columns of a select, an update or a delete may belong to.
type scope struct {
	outer     *scope
	sources   []namedSource
	qualified bool // columns are written with their source even when there is only one
	combined  bool // of the result of set operations: its columns have no source
}

// namedSource is a source under the name by which it is referred to.
type namedSource struct {
	node *sourceNode
	keys []string
	name string
}

// enter opens a scope around what write writes.
func (b *builder) enter(s *scope, write func()) {
	outer := b.scope
	b.scope = s
	write()
	b.scope = outer
}

// open names the sources of a select: first those whose names are the user's own, so that the others keep clear of them.
func (b *builder) open(sources []*sourceNode, qualified bool) *scope {
	s := &scope{outer: b.scope, sources: make([]namedSource, len(sources)), qualified: qualified}
	for i, source := range sources {
		s.sources[i].node, s.sources[i].keys = source, source.keys
		if source.fixed {
			name := b.sourceName(source)
			if s.taken(name) {
				b.fail("Duplicate alias: %s", name)
			}
			s.sources[i].name = name
		}
	}
	for i, source := range sources {
		if s.sources[i].name == "" {
			s.sources[i].name = s.free(b.sourceName(source), source.alias != "", b.shadowing[source])
		}
	}
	return s
}

func (b *builder) sourceName(source *sourceNode) string {
	if source.alias != "" || source.fixed {
		bare, err := Bare(source.alias)
		b.placed(position{kind: "alias"}, err)
		return bare
	}
	if source.query != nil {
		b.fail("a query in FROM needs an alias")
		return ""
	}
	parts, err := source.table.parts()
	b.placed(position{kind: "table name"}, err)
	if err != nil {
		return ""
	}
	return parts[len(parts)-1]
}

// taken tells that this select, or one around it, has a source of that name.
func (s *scope) taken(name string) bool {
	for ; s != nil; s = s.outer {
		if _, found := s.named(name); found {
			return true
		}
	}
	return false
}

// named looks for the source of that name in this select.
func (s *scope) named(name string) (source namedSource, found bool) {
	i := slices.IndexFunc(s.sources, func(n namedSource) bool { return n.name == name })
	if i < 0 {
		return namedSource{}, false
	}
	return s.sources[i], true
}

// free is the name, or the first name_1, name_2, … that is not taken. An alias that ends like that is counted up. A name
// may hide that of a source further out, as texts of the caller expect, unless a column of that one is needed.
func (s *scope) free(name string, alias, needed bool) string {
	_, own := s.named(name)
	if name == "" || !own && (!needed || !s.taken(name)) {
		return name
	}
	stem, n := name, 0
	if alias {
		stem, n = counted(name)
	}
	for {
		n++
		suffix := "_" + strconv.Itoa(n)
		if candidate := shortened(stem, MaxIdentifier-len(suffix)) + suffix; !s.taken(candidate) {
			return candidate
		}
	}
}

// counted divides name_2 into name and 2.
func counted(name string) (stem string, n int) {
	const digits = 6 // more are no number that was counted
	i := strings.LastIndexByte(name, '_')
	if i <= 0 || len(name)-i-1 > digits {
		return name, 0
	}
	n, err := strconv.Atoi(name[i+1:])
	if err != nil || n < 0 {
		return name, 0
	}
	return name[:i], n
}

// shortened cuts a name off at a length in bytes, between characters.
func shortened(name string, length int) string {
	if len(name) <= length {
		return name
	}
	for length > 0 && !utf8.RuneStart(name[length]) {
		length--
	}
	return name[:length]
}

// find looks for the source that columns call key.
func (s *scope) find(key string) (name string, found bool) {
	for _, source := range s.sources {
		if slices.Contains(source.keys, key) {
			return source.name, true
		}
	}
	return "", false
}

// needsSource tells that the columns of this select's own sources are qualified.
func (s *scope) needsSource() bool { return s.qualified || len(s.sources) > 1 }
