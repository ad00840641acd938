package query

import "ouroboros-postgres/core/wire"

// Select reads rows of one table.
type Select struct {
	Table      string
	Columns    []string // none, or "*": all
	Match      Match
	Order      []Order
	Page       Page
	Distinct   bool
	DistinctOn []string
}

// Build writes the statement.
func (s Select) Build() (Query, error) {
	b := &builder{}
	if s.Distinct && len(s.DistinctOn) > 0 {
		b.fail("distinct and distinct_on exclude each other")
	}
	n := &selectNode{
		distinct: s.Distinct, distinctOn: nameElements(columnElements("distinct_on", s.DistinctOn)),
		columns: nameItems(s.Columns),
		from:    tableSource(s.Table), where: b.matching(s.Match), order: nameOrders("", s.Order), page: s.Page.node(),
	}
	n.writeQuery(b)
	return b.query()
}

// Count counts rows of one table.
type Count struct {
	Table string
	Match Match
}

// Build writes the statement.
func (c Count) Build() (Query, error) {
	b := &builder{}
	n := &selectNode{
		columns: []columnItem{{element: element{expression: &aggregateNode{function: "count"}}}},
		from:    tableSource(c.Table), where: b.matching(c.Match),
	}
	n.writeQuery(b)
	return b.query()
}

// Query is the text of a select, and its arguments.
type Query struct {
	SQL  string
	Args []wire.Arg
	Read bool // it has no effects: no SQL text of the caller is involved
}

func (b *builder) query() (Query, error) {
	sql, args, err := b.finish()
	return Query{sql, args, !b.foreign}, err
}
