package query

import (
	"strconv"
	"strings"

	"ouroboros-postgres/core/wire"
)

// Frame is the part of its partition that a window function sees. A bound is a number of rows (range: of values) before
// (negative) or behind the current row; nil is the end of the partition.
type Frame struct {
	Unit       string // rows or range, in any case
	Start, End *int64
}

func (n *windowNode) write(b *builder) {
	n.call(b)
	b.write(" OVER (")
	start := len(b.text)
	b.commaList("PARTITION BY ", n.partition)
	if len(n.order) > 0 {
		b.apart(start)
		b.orderBy("ORDER BY ", n.order)
	}
	if n.frame != nil {
		b.apart(start)
		b.frame(*n.frame)
	}
	b.write(")")
}

// apart writes a space when something has been written since the text was as long as start.
func (b *builder) apart(start int) {
	if len(b.text) > start {
		b.write(" ")
	}
}

// windowTakes says what a window function takes.
type windowTakes struct {
	known, column, offset, needsOffset, standIn bool
}

func takes(name string) windowTakes {
	switch name {
	case "row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "count":
		return windowTakes{known: true}
	case "ntile":
		return windowTakes{known: true, offset: true, needsOffset: true}
	case "lag", "lead":
		return windowTakes{known: true, column: true, offset: true, standIn: true}
	case "nth_value":
		return windowTakes{known: true, column: true, offset: true, needsOffset: true}
	case "first_value", "last_value", "sum", "avg", "min", "max", "count_column":
		return windowTakes{known: true, column: true}
	}
	return windowTakes{}
}

// call writes the function with its arguments; offset and default are refused where they would have no effect.
func (n *windowNode) call(b *builder) {
	name := strings.ToLower(n.function)
	t := takes(name)
	given := n.offset.Kind != wire.Null
	switch {
	case !t.known:
		b.fail("Unknown window function: %s%s", n.function, b.place())
	case t.column && n.column == nil:
		b.fail("window function %s requires a column name%s", name, b.place())
	case t.needsOffset && !given:
		b.fail("window function %s requires an offset%s", name, b.place())
	case given && !t.offset:
		b.fail("window function %s takes no offset%s", name, b.place())
	case n.standIn.Kind != wire.Null && !t.standIn:
		b.fail("window function %s takes no default%s", name, b.place())
	default:
		b.write(strings.ToUpper(strings.TrimSuffix(name, "_column")), "(")
		n.arguments(b, name, t)
		b.write(")")
	}
}

func (n *windowNode) arguments(b *builder, name string, t windowTakes) {
	if name == "count" {
		b.write("*")
	}
	if t.column {
		b.within(b.at.as("window function column"), func() { n.column.write(b) })
	}
	if t.column && t.offset {
		b.write(", ")
	}
	switch {
	case n.offset.Kind != wire.Null:
		b.bind(n.offset)
	case t.offset:
		b.write("1")
	}
	if n.standIn.Kind != wire.Null {
		b.write(", ")
		b.bind(n.standIn)
	}
}

func (b *builder) frame(f Frame) {
	switch unit := strings.ToUpper(f.Unit); unit {
	case "ROWS", "RANGE":
		b.write(unit, " BETWEEN ")
	default:
		b.fail("Unknown frame unit: %s%s", f.Unit, b.place())
	}
	b.frameBound(f.Start, "UNBOUNDED PRECEDING")
	b.write(" AND ")
	b.frameBound(f.End, "UNBOUNDED FOLLOWING")
}

// frameBound writes a bound as it is: it belongs to the shape of the statement, not to its values.
func (b *builder) frameBound(bound *int64, unbounded string) {
	switch {
	case bound == nil:
		b.write(unbounded)
	case *bound == 0:
		b.write("CURRENT ROW")
	case *bound < 0:
		b.write(strings.TrimPrefix(strconv.FormatInt(*bound, 10), "-"), " PRECEDING")
	default:
		b.write(strconv.FormatInt(*bound, 10), " FOLLOWING")
	}
}
