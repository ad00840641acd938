package query

import "strings"

func (b *builder) setOperation(s setNode) {
	b.write(")")
	switch operation := strings.ToLower(s.operation); operation {
	case "union", "intersect", "except", "union_all", "intersect_all", "except_all":
		b.write(" ", strings.ToUpper(strings.ReplaceAll(operation, "_", " ")), " ")
	default:
		b.fail("Unknown set operation: %s (%s)", s.operation, s.at.element())
	}
	b.write("(")
	b.within(s.at, func() { s.query.writeQuery(b) })
	b.write(")")
}
