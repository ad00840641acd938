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
	b.write("SELECT ")
	if s.Distinct && len(s.DistinctOn) > 0 {
		b.fail("distinct and distinct_on exclude each other")
	}
	if s.Distinct {
		b.write("DISTINCT ")
	}
	if len(s.DistinctOn) > 0 {
		b.write("DISTINCT ON (")
		b.names("", s.DistinctOn)
		b.write(") ")
	}
	b.selected("", s.Columns)
	b.write(" FROM ")
	b.table(s.Table)
	b.match(s.Match)
	b.order("", leading(s.DistinctOn, s.Order))
	b.page(s.Page)
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
	b.write("SELECT count(*) FROM ")
	b.table(c.Table)
	b.match(c.Match)
	return b.finish()
}
