package wire

import (
	"bytes"
	"slices"

	"ouroboros-postgres/core/pgerr"
)

// Shape says how the columns of a joined read become values: see Nest.
type Shape struct {
	Nests []Nest
	Fold  bool                // consecutive rows that are equal but for their nests are one, whose nests are lists
	Keep  map[string][]string // array-of-composite columns reduced to these fields, in this order
}

// Nest turns the columns that follow the boolean column Marker, up to the next marker or the end, into one composite
// column Name, which is NULL where the marker is not true. The marker itself is dropped. With Fields, which are what the
// columns are called in there, the column Marker is the first of them, and what is NULL where nothing is there is their
// column number Key.
type Nest struct {
	Marker string
	Name   string
	Fields []string
	Key    int
}

// group is a run of columns: on its own level, or nested under the name of a marker.
type group struct {
	nested     bool
	name       string
	marker     int
	keyed      bool // the marker is not NULL where something is there, rather than true
	start, end int
}

// there tells by the value of the marker whether there is anything.
func (g *group) there(marker []byte) bool {
	if g.keyed {
		return marker != nil
	}
	return bytes.Equal(marker, []byte{1}) || bytes.Equal(marker, []byte{'t'})
}

// nest divides the columns at the markers. The others come first, and may be called like one of them.
func (e *RowEncoder) nest(nests []Nest) error {
	end := len(e.columns)
	for _, n := range slices.Backward(nests) {
		marker := end - 1
		for marker >= 0 && e.columns[marker].name != n.Marker {
			marker--
		}
		if marker < 0 {
			return pgerr.New(pgerr.Internal, "the result has no marker column %q", n.Marker)
		}
		g, err := e.nested(n, marker, end)
		if err != nil {
			return err
		}
		e.groups = append(e.groups, g)
		end = marker
	}
	if end > 0 {
		e.groups = append(e.groups, group{end: end})
	}
	slices.Reverse(e.groups)
	return nil
}

func (e *RowEncoder) nested(n Nest, marker, end int) (group, error) {
	g := group{nested: true, name: n.Name, marker: marker, start: marker + 1, end: end}
	if n.Fields == nil {
		if familyOf(e.columns[marker].typ) != familyBool {
			return g, pgerr.New(pgerr.Internal, "marker column %q is not boolean", n.Marker)
		}
		return g, nil
	}
	g.keyed, g.start, g.marker = true, marker, marker+n.Key
	if len(n.Fields) != g.end-g.start || g.marker >= g.end {
		return g, pgerr.New(pgerr.Internal, "%q has %d columns for %d fields", n.Name, g.end-g.start, len(n.Fields))
	}
	for i, field := range n.Fields {
		e.columns[g.start+i].name = field
	}
	return g, nil
}

// describe encodes the "cols" array.
func (e *RowEncoder) describe() (err error) {
	dst := append(make([]byte, 0, 24*len(e.columns)+2), '[')
	for i := range e.groups {
		g := &e.groups[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		if g.nested {
			if dst, err = appendString(append(dst, '['), g.name); err != nil {
				return pgerr.From(err)
			}
			dst = append(dst, `,`...)
			if e.folding != nil {
				dst = append(dst, `["a",`...)
			}
			dst = append(dst, `["c",[`...)
		}
		if dst, err = e.describeGroup(dst, g); err != nil {
			return pgerr.From(err)
		}
		if g.nested {
			dst = append(dst, "]]]"...)
			if e.folding != nil {
				dst = append(dst, ']')
			}
		}
	}
	dst = append(dst, ']')
	e.header = dst
	return nil
}

func (e *RowEncoder) describeGroup(dst []byte, g *group) (_ []byte, err error) {
	for i := g.start; i < g.end; i++ {
		if i > g.start {
			dst = append(dst, ',')
		}
		if dst, err = appendPair(dst, e.columns[i].name, e.columns[i].codec.kind); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// appendPair appends [name, kind].
func appendPair(dst []byte, name, kind string) ([]byte, error) {
	dst, err := appendString(append(dst, '['), name)
	dst = append(append(dst, ','), kind...)
	return append(dst, ']'), err
}
