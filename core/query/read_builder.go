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
func (s Select) Build() (string, []wire.Arg, error) {
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
	return b.finish()
}

// Count counts rows of one table.
type Count struct {
	Table string
	Match Match
}

// Build writes the statement.
func (c Count) Build() (string, []wire.Arg, error) {
	b := &builder{}
	n := &selectNode{
		columns: []columnItem{{element: element{expression: &aggregateNode{function: "count"}}}},
		from:    tableSource(c.Table), where: b.matching(c.Match),
	}
	n.writeQuery(b)
	return b.finish()
}
