package query

import (
	"slices"

	"ouroboros-postgres/core/wire"
)

// shape says which columns of the rows are fields of one value: those behind a marker, up to the next one or the end.
func (n *selectNode) shape(b *builder) wire.Shape {
	var nests []wire.Nest
	left := 0 // how many names the last marker has that no column has taken
	for _, c := range n.columns {
		switch {
		case c.nest != nil:
			b.filled(left)
			name := columnName(c.label)
			nests = append(nests, wire.Nest{Marker: name, Name: name, Fields: c.nest})
			left = len(c.nest)
		case len(nests) > 0:
			left--
		}
	}
	b.filled(left)
	if n.fold && len(nests) == 0 {
		b.fail("fold needs a nest")
	}
	return wire.Shape{Nests: nests, Fold: n.fold}
}

func (b *builder) filled(left int) {
	if left != 0 {
		b.fail("nest needs as many names as columns follow")
	}
}

// shaped tells whether the rows are to be anything but their columns.
func (n *selectNode) shaped() bool {
	return n.fold || slices.ContainsFunc(n.columns, func(c columnItem) bool { return c.nest != nil })
}
