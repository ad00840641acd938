package query

import (
	"strings"

	"ouroboros-postgres/core/wire"
)

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

func (n *selectNode) fromClause(b *builder) {
	if n.from == nil {
		if len(n.joins) > 0 {
			b.fail("joins need a source to join")
		}
		return
	}
	b.write(" FROM ")
	b.source(n.from, b.scope.sources[0].name)
	for i, j := range n.joins {
		b.write(" ", joinWords(b, j.kind), " JOIN ")
		b.source(j.source, b.scope.sources[i+1].name)
		b.write(" ON ")
		b.within(j.on.at, func() { j.on.write(b) })
	}
}

func joinWords(b *builder, kind string) string {
	switch word := strings.ToUpper(kind); word {
	case "INNER", "LEFT", "RIGHT":
		return word
	case "FULL":
		return "FULL OUTER"
	}
	b.fail("Unknown join kind: %s", kind)
	return ""
}

// source writes an item of FROM under its name.
func (b *builder) source(n *sourceNode, name string) {
	if n.query != nil {
		b.write("(")
		s := b.scope
		b.enter(s.outer, func() { n.query.writeQuery(b) })
		b.write(") AS ")
		b.part(name)
		return
	}
	parts, err := n.table.parts()
	b.placed(position{kind: "table name"}, err)
	b.parts(parts)
	if n.alias != "" || len(parts) > 0 && name != parts[len(parts)-1] {
		b.write(" AS ")
		b.part(name)
	}
}

// parts are the bare parts of the name.
func (t tableName) parts() ([]string, error) {
	if t.bare == nil {
		schema, table, err := SplitTable(t.text)
		if err != nil || schema == "" {
			return []string{table}, err
		}
		return []string{schema, table}, nil
	}
	if len(t.bare) < 1 || len(t.bare) > 2 {
		return nil, refuse(InvalidFormat, "Invalid table name: one or two parts are needed")
	}
	for _, part := range t.bare {
		if err := checkBare(part); err != nil {
			return nil, err
		}
		if system(part) {
			return nil, refuse(SystemSchema, "Access to "+part+" is not allowed")
		}
	}
	return t.bare, nil
}

// commaList writes expressions separated by commas behind a clause; nothing for none.
func (b *builder) commaList(clause string, list []element) {
	for i, e := range list {
		if i == 0 {
			b.write(clause)
		} else {
			b.write(", ")
		}
		b.within(e.at, func() { e.write(b) })
	}
}

func (b *builder) whereClause(conditions []element) { b.conjunction(" WHERE ", conditions) }

// conjunction writes conditions joined by AND.
func (b *builder) conjunction(clause string, conditions []element) {
	for i, c := range conditions {
		b.next(clause, i)
		b.within(c.at, func() { b.joined(c.expression, len(conditions)) })
	}
}

// joined writes one of n conditions.
func (b *builder) joined(e expression, n int) {
	if _, raw := e.(*rawNode); raw && n == 1 {
		e.write(b)
		return
	}
	b.member(e)
}

func (b *builder) next(clause string, i int) {
	if i == 0 {
		b.write(clause)
	} else {
		b.write(" AND ")
	}
}

func (n *selectNode) havingClause(b *builder) {
	for i, h := range n.having {
		b.next(" HAVING ", i)
		b.within(h.at, func() {
			if c, ok := h.expression.(*compareNode); ok {
				b.checkHaving(c)
			}
			b.joined(h.expression, len(n.having))
		})
	}
}

// checkHaving refuses the operators that make no sense for aggregates.
func (b *builder) checkHaving(c *compareNode) {
	if _, ok := c.left.(*aggregateNode); !ok {
		return
	}
	o, known := operatorOf(c.operator)
	switch {
	case known && (o.form == equality || o.form == membership || o.form == bounds):
	case o.sql == ">", o.sql == ">=", o.sql == "<", o.sql == "<=", o.sql == "IS NULL", o.sql == "IS NOT NULL":
	default:
		b.unknownOperator(c.operator)
	}
}

func (b *builder) orderBy(clause string, orders []orderNode) {
	for i, o := range orders {
		if i == 0 {
			b.write(clause)
		} else {
			b.write(", ")
		}
		b.within(o.at, func() { o.write(b) })
		b.direction(o.direction)
	}
}

func (b *builder) pageNode(p pageNode) {
	b.amount("limit", " LIMIT ", p.limit)
	b.amount("offset", " OFFSET ", p.offset)
}

func (b *builder) amount(name, clause string, rows wire.Arg) {
	switch rows.Kind {
	case wire.Null:
		return
	case wire.Slot:
		b.amounts = append(b.amounts, amount{name, rows.Text})
	case wire.Int:
		if strings.HasPrefix(rows.Text, "-") {
			b.fail("%s must not be negative", name)
		}
	default:
		b.fail("%s must be an int, not %s", name, rows.Kind)
	}
	b.write(clause)
	b.bind(rows)
}

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

func (n *selectNode) locking(b *builder) {
	b.locks = true
	switch strength := strings.ToUpper(n.lock.strength); strength {
	case "UPDATE", "NO KEY UPDATE", "SHARE", "KEY SHARE":
		b.write(" FOR ", strength)
	default:
		b.fail("Unknown lock strength: %s", n.lock.strength)
	}
	for i, key := range n.lock.of {
		if i == 0 {
			b.write(" OF ")
		} else {
			b.write(", ")
		}
		name, found := b.scope.find(key)
		if !found {
			b.fail("the lock is of a source that the query does not have: %s", key)
		}
		b.part(name)
	}
	switch {
	case len(n.sets) > 0:
		b.fail("a lock and set operations exclude each other")
	case n.lock.nowait && n.lock.skipLocked:
		b.fail("nowait and skip_locked exclude each other")
	case n.lock.nowait:
		b.write(" NOWAIT")
	case n.lock.skipLocked:
		b.write(" SKIP LOCKED")
	}
}

// with writes the WITH clause. RECURSIVE is not added without being asked for: a query with the name of the table that it
// reads would refer to itself.
func (b *builder) with(ctes []cteNode, recursive bool) {
	seen := map[string]bool{}
	for i, cte := range ctes {
		switch {
		case i > 0:
			b.write(", ")
		case recursive:
			b.write("WITH RECURSIVE ")
		default:
			b.write("WITH ")
		}
		b.nameAt(cte.at.as("CTE name"), cte.name)
		if bare, err := Bare(cte.name); err == nil && seen[bare] {
			b.fail("Duplicate CTE name in %s: %s", cte.at.element(), cte.name)
		} else {
			seen[bare] = true
		}
		b.write(" AS (")
		b.within(cte.at, func() { cte.query.writeQuery(b) })
		b.write(")")
	}
	if len(ctes) > 0 {
		b.write(" ")
	}
}
