package query

import (
	"strconv"
	"strings"

	"ouroboros-postgres/core/wire"
)

// Window is a window function in the select list.
type Window struct {
	Function  string // in any case
	Column    string
	Offset    *int64   // rows of lag and lead, n of ntile and nth_value
	Default   wire.Arg // of lag and lead; Null: none
	Partition []string
	Order     []Order
	Alias     string
	Frame     *Frame
}

// Frame is the part of its partition that a function sees. A bound is a number of rows (range: of values) before (negative)
// or behind the current row; nil is the end of the partition.
type Frame struct {
	Unit       string // rows or range, in any case
	Start, End *int64
}

func (b *builder) window(what string, w Window) {
	b.windowCall(what, w)
	b.write(" OVER (")
	start := b.text.Len()
	for i, column := range w.Partition {
		if i == 0 {
			b.write("PARTITION BY ")
		} else {
			b.write(", ")
		}
		b.columnAt(item("window function partition_by", i)+" in "+what, column)
	}
	if len(w.Order) > 0 {
		b.apart(start)
		b.orderAt("window function order_by", "ORDER BY ", w.Order)
	}
	if w.Frame != nil {
		b.apart(start)
		b.frame(what, *w.Frame)
	}
	b.write(") AS ")
	if w.Alias == "" {
		b.fail("a window function requires an alias (%s)", what)
		return
	}
	b.nameAt("window function alias in "+what, w.Alias)
}

// apart writes a space when something has been written since the text was as long as start.
func (b *builder) apart(start int) {
	if b.text.Len() > start {
		b.write(" ")
	}
}

// windowCall writes the call; offset and default are refused where they would have no effect.
func (b *builder) windowCall(what string, w Window) {
	name := strings.ToLower(w.Function)
	takesOffset, takesDefault := false, false
	switch name {
	case "row_number", "rank", "dense_rank", "percent_rank", "cume_dist":
		b.write(strings.ToUpper(name), "()")
	case "ntile":
		takesOffset = true
		b.write("NTILE(")
		b.windowOffset(what, name, w.Offset)
		b.write(")")
	case "lag", "lead":
		takesOffset, takesDefault = true, true
		b.neighbour(what, name, w)
	case "nth_value":
		takesOffset = true
		b.write("NTH_VALUE(")
		b.windowColumn(what, name, w.Column)
		b.write(", ")
		b.windowOffset(what, name, w.Offset)
		b.write(")")
	case "first_value", "last_value", "sum", "avg", "min", "max":
		b.write(strings.ToUpper(name), "(")
		b.windowColumn(what, name, w.Column)
		b.write(")")
	case "count_column":
		b.write("COUNT(")
		b.windowColumn(what, name, w.Column)
		b.write(")")
	case "count":
		b.write("COUNT(*)")
	default:
		b.fail("Unknown window function: %s (%s)", w.Function, what)
	}
	if w.Offset != nil && !takesOffset {
		b.fail("window function %s takes no offset (%s)", name, what)
	}
	if w.Default.Kind != wire.Null && !takesDefault {
		b.fail("window function %s takes no default (%s)", name, what)
	}
}

func (b *builder) neighbour(what, name string, w Window) {
	b.write(strings.ToUpper(name), "(")
	b.windowColumn(what, name, w.Column)
	b.write(", ")
	if w.Offset == nil {
		b.write("1")
	} else {
		b.number(*w.Offset)
	}
	if w.Default.Kind != wire.Null {
		b.write(", ")
		b.bind(w.Default)
	}
	b.write(")")
}

func (b *builder) windowOffset(what, name string, offset *int64) {
	if offset == nil {
		b.fail("window function %s requires an offset (%s)", name, what)
		return
	}
	b.number(*offset)
}

func (b *builder) windowColumn(what, name, column string) {
	if column == "" {
		b.fail("window function %s requires a column name (%s)", name, what)
		return
	}
	b.columnAt("window function column in "+what, column)
}

func (b *builder) frame(what string, f Frame) {
	switch unit := strings.ToUpper(f.Unit); unit {
	case "ROWS", "RANGE":
		b.write(unit, " BETWEEN ")
	default:
		b.fail("Unknown frame unit: %s (%s)", f.Unit, what)
	}
	b.frameBound(f.Start, "UNBOUNDED PRECEDING")
	b.write(" AND ")
	b.frameBound(f.End, "UNBOUNDED FOLLOWING")
}

func (b *builder) frameBound(bound *int64, unbounded string) {
	switch {
	case bound == nil:
		b.write(unbounded)
	case *bound == 0:
		b.write("CURRENT ROW")
	case *bound < 0:
		b.bind(wire.Arg{Kind: wire.Int, Text: strings.TrimPrefix(strconv.FormatInt(*bound, 10), "-")})
		b.write(" PRECEDING")
	default:
		b.number(*bound)
		b.write(" FOLLOWING")
	}
}
