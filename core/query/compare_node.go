package query

func (n *compareNode) write(b *builder) {
	switch {
	case n.right != nil:
		b.compareRight(n)
	case n.left == nil:
		b.fail("the left side of %s is missing%s", n.operator, b.place())
	default:
		b.compare(compared{
			left: func() { b.operand(n.left) }, label: b.label(n.left), name: n.operator, value: n.value, array: n.array,
			cast: b.castOf(n.cast),
		})
	}
}

func (b *builder) castOf(name string) string {
	switch name {
	case "":
		return ""
	case "jsonb":
		return "::jsonb"
	}
	b.fail("Unknown cast: %s%s", name, b.place())
	return ""
}

// label names an expression in messages.
func (b *builder) label(e expression) string {
	switch e := e.(type) {
	case *columnNode:
		return "column " + e.name
	case *nameNode:
		return "column " + e.name
	}
	return b.at.element()
}

// compareRight writes a condition with an expression on its right side.
func (b *builder) compareRight(n *compareNode) {
	o, known := operatorOf(n.operator)
	inner, isQuery := n.right.(*queryNode)
	switch {
	case !known:
		b.unknownOperator(n.operator)
	case o.form == membership && isQuery:
		b.inQuery(n.left, o.sql, inner.query)
	case n.left == nil:
		b.fail("the left side of %s is missing%s", n.operator, b.place())
	case o.form == anyElement:
		b.right(n.right)
		b.write(" = ANY(")
		n.left.write(b)
		b.write(")")
	case o.form == infix || o.form == equality:
		b.operand(n.left)
		b.write(" ", o.sql, " ")
		b.right(n.right)
		if cast := b.castOf(n.cast); cast != "" {
			b.write(cast)
		} else {
			b.write(o.cast)
		}
	default:
		b.fail("operator %s on %s takes no expression%s", n.operator, b.label(n.left), b.place())
	}
}

// right is operand for the right side, where operators of the same rank need parentheses.
func (b *builder) right(e expression) {
	if _, ok := e.(*pathNode); ok {
		b.enclose(e)
		return
	}
	b.operand(e)
}

// inQuery writes a membership in the result of a query. NOT IN passes over the NULLs of a select; a text of the caller is
// taken as it is.
func (b *builder) inQuery(left expression, operator string, q query) {
	if left == nil {
		b.fail("%s subquery requires a field name%s", operator, b.place())
		return
	}
	b.within(b.at.as(operator+" subquery"), func() { b.operand(left) })
	b.write(" ", operator, " (")
	if _, isSelect := q.(*selectNode); isSelect && operator == "NOT IN" {
		b.write("SELECT v FROM (")
		q.writeQuery(b)
		b.write(") AS s(v) WHERE v IS NOT NULL)")
		return
	}
	q.writeQuery(b)
	b.write(")")
}
