package wire

import (
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
// column Name, which is NULL where the marker is not true. The marker itself is dropped.
type Nest struct {
	Marker string
	Name   string
	Fields []string // what the columns are called in there; nil: as they are
}

// group is a run of columns: on its own level, or nested under the name of a marker.
type group struct {
	nested     bool
	name       string
	marker     int
	start, end int
}

// nest divides the columns at the markers.
func (e *RowEncoder) nest(nests []Nest) error {
	found := 0
	current, fields := group{}, []string(nil)
	for i := range e.columns {
		n := slices.IndexFunc(nests, func(n Nest) bool { return n.Marker == e.columns[i].name })
		if n < 0 {
			continue
		}
		if familyOf(e.columns[i].typ) != familyBool {
			return pgerr.New(pgerr.Internal, "marker column %q is not boolean", nests[n].Marker)
		}
		found++
		if err := e.addGroup(current, i, fields); err != nil {
			return err
		}
		current, fields = group{nested: true, name: nests[n].Name, marker: i, start: i + 1}, nests[n].Fields
	}
	if found != len(nests) {
		return pgerr.New(pgerr.Internal, "the result has %d of %d marker columns", found, len(nests))
	}
	return e.addGroup(current, len(e.columns), fields)
}

// addGroup leaves out a run without columns before the first marker.
func (e *RowEncoder) addGroup(g group, end int, fields []string) error {
	g.end = end
	if fields != nil && len(fields) != g.end-g.start {
		return pgerr.New(pgerr.Internal, "%q has %d columns for %d fields", g.name, g.end-g.start, len(fields))
	}
	for i, field := range fields {
		e.columns[g.start+i].name = field
	}
	if g.nested || g.start < g.end {
		e.groups = append(e.groups, g)
	}
	return nil
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
