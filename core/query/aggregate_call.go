package query

import "strings"

func (n *aggregateNode) write(b *builder) {
	open := opening(n.function)
	switch {
	case strings.EqualFold(n.function, "count"):
		b.write("COUNT(*)")
		return
	case open == "":
		b.fail("Unknown aggregate function: %s%s", n.function, b.place())
		return
	case n.column == nil:
		b.fail("%s requires a column name%s", strings.ToLower(n.function), b.place())
		return
	}
	at := b.at
	if at.kind == "" || at.kind == "filter" {
		at.kind = "aggregate"
	}
	b.write(open)
	b.within(at, func() { n.column.write(b) })
	b.write(")")
}

// opening is an aggregate function up to its column, "" when there is none.
func opening(function string) string {
	switch name := strings.ToLower(function); name {
	case "count_column":
		return "COUNT("
	case "count_distinct":
		return "COUNT(DISTINCT "
	case "sum", "avg", "min", "max":
		return strings.ToUpper(name) + "("
	}
	return ""
}
