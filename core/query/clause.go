package query

import (
	"strings"

	"ouroboros-postgres/core/wire"
)

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
