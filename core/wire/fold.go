package wire

import (
	"bytes"
	"slices"

	"ouroboros-postgres/core/pgerr"
)

// folding makes one row of consecutive ones that are equal but for their nests.
type folding struct {
	known [][]byte // the values of the row that is open, nil before the first
	open  []byte   // these, encoded
	lists []list   // its nests
}

// list is what a nest has been in the rows that were folded, each with a comma before it.
type list struct {
	group *group
	items []byte
	kept  int // how many bytes of items are of rows before the one that is being added
}

func (e *RowEncoder) fold() error {
	if len(e.groups) == 0 || e.groups[0].nested {
		return pgerr.New(pgerr.Internal, "a folded result needs columns before its nests")
	}
	f := &folding{}
	for i := range e.groups[1:] {
		f.lists = append(f.lists, list{group: &e.groups[i+1]})
	}
	e.folding = f
	return nil
}

// row adds a row; one that fails leaves no trace.
func (f *folding) row(e *RowEncoder, values [][]byte) error {
	own := values[:e.groups[0].end]
	repeated := f.known != nil && slices.EqualFunc(f.known, own, same)
	err := f.extend(e, values)
	var encoded []byte
	if err == nil && !repeated {
		encoded, err = e.values(nil, &e.groups[0], values)
	}
	if err != nil {
		for i := range f.lists {
			f.lists[i].items = f.lists[i].items[:f.lists[i].kept]
		}
		return err
	}
	if !repeated {
		f.close(e)
		f.known, f.open = cloned(own), encoded
	}
	return nil
}

func (f *folding) extend(e *RowEncoder, values [][]byte) (err error) {
	for i := range f.lists {
		f.lists[i].kept = len(f.lists[i].items)
	}
	for i := range f.lists {
		l := &f.lists[i]
		if l.items, err = e.group(append(l.items, ','), l.group, values); err != nil {
			return err
		}
	}
	return nil
}

// close ends the row that is open, if there is one, without what is not kept: that is of the next row.
func (f *folding) close(e *RowEncoder) {
	if f.known == nil {
		return
	}
	if e.count > 0 {
		e.rows = append(e.rows, ',')
	}
	e.rows = append(append(e.rows, '['), f.open...)
	for i := range f.lists {
		l := &f.lists[i]
		e.rows = append(append(append(e.rows, ",["...), l.items[1:l.kept]...), ']')
		l.items = append(l.items[:0], l.items[l.kept:]...)
	}
	e.rows = append(e.rows, ']')
	e.count++
}

// end closes the last row.
func (f *folding) end(e *RowEncoder) {
	for i := range f.lists {
		f.lists[i].kept = len(f.lists[i].items)
	}
	f.close(e)
	f.known = nil
}

// same tells NULL from a value without bytes.
func same(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }

func cloned(values [][]byte) [][]byte {
	copies := make([][]byte, len(values))
	for i, value := range values {
		copies[i] = bytes.Clone(value)
	}
	return copies
}
