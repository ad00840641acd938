package query

import "strings"

func (n *selectNode) writeQuery(b *builder) {
	b.with(n.ctes, n.recursive)
	if n.left != nil && len(n.sets) == 0 {
		b.fail("left needs set operations")
	}
	b.write(strings.Repeat("(", len(n.sets)))
	b.enter(b.open(n.sources(), n.qualified), func() { n.body(b) })
	for _, s := range n.sets {
		b.setOperation(s)
	}
	if len(n.sets) > 0 {
		b.enter(&scope{outer: b.scope, combined: true}, func() {
			b.orderBy(" ORDER BY ", n.order)
			b.pageNode(n.page)
		})
	}
}

// sources are those of FROM and of the joins, in this order.
func (n *selectNode) sources() []*sourceNode {
	if n.from == nil {
		return nil
	}
	all := []*sourceNode{n.from}
	for _, j := range n.joins {
		all = append(all, j.source)
	}
	return all
}

// body is the select without what concerns the result of set operations.
func (n *selectNode) body(b *builder) {
	b.write("SELECT ")
	n.distinctness(b)
	for _, e := range n.groupBy { // the select list repeats them: an error is about the group
		b.textOf(e)
	}
	n.list(b)
	n.fromClause(b)
	b.whereClause(n.where)
	b.commaList(" GROUP BY ", n.groupBy)
	n.havingClause(b)
	order, page := n.order, n.page
	if len(n.sets) > 0 {
		order, page = nil, pageNode{}
		if n.left != nil {
			order, page = n.left.order, n.left.page
		}
	}
	b.orderBy(" ORDER BY ", b.leading(n.distinctOn, order))
	b.pageNode(page)
	if n.lock != nil {
		n.locking(b)
	}
}

func (n *selectNode) distinctness(b *builder) {
	switch {
	case len(n.distinctOn) > 0:
		b.write("DISTINCT ON (")
		b.commaList("", n.distinctOn)
		b.write(") ")
	case n.distinct:
		b.write("DISTINCT ")
	}
}

// list writes the select list.
func (n *selectNode) list(b *builder) {
	if len(n.columns) == 0 {
		n.everything(b)
	}
	for i, c := range n.columns {
		if i > 0 {
			b.write(", ")
		}
		b.within(c.at, func() { c.expression.write(b) })
		if c.label != "" || c.labelled {
			b.write(" AS ")
			b.nameAt(c.at.as(labelKind(c.expression)), c.label)
		}
	}
}

func (n *selectNode) everything(b *builder) {
	switch {
	case n.from == nil:
		b.fail("a select without a source needs columns")
	case b.scope.needsSource():
		b.part(b.scope.sources[0].name)
		b.write(".")
	}
	b.write("*")
}

// labelKind says in messages what the label of an expression is.
func labelKind(e expression) string {
	switch e.(type) {
	case *aggregateNode:
		return "aggregate alias"
	case *windowNode:
		return "window function alias"
	}
	return "label"
}
