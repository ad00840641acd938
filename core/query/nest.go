package query

import (
	"slices"

	"ouroboros-postgres/core/wire"
)

// shape says which columns of the rows are fields of one value: from one with a nest up to the next or the end.
func (n *selectNode) shape(b *builder) wire.Shape {
	var nests []wire.Nest
	left := 0 // how many fields of the last nest have no column yet
	for _, c := range n.columns {
		if c.nest != nil {
			b.filled(left)
			nest := wire.Nest{Marker: columnName(c.label), Name: c.nest.name, Fields: c.nest.fields, Key: int(c.nest.key)}
			nests = append(nests, nest)
			left = len(c.nest.fields)
		}
		if len(nests) > 0 {
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
		b.fail("nest needs as many fields as there are columns")
	}
}

// shaped tells whether the rows are to be anything but their columns.
func (n *selectNode) shaped() bool {
	return n.fold || slices.ContainsFunc(n.columns, func(c columnItem) bool { return c.nest != nil })
}
