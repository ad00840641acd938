package query

import (
	"strings"

	"ouroboros-postgres/core/wire"
)

// CTE is a named query in front of a statement.
type CTE struct {
	Name string
	Raw
}

// with writes the WITH clause. RECURSIVE is not added without being asked for: a query with the name of the table that it
// reads would refer to itself.
func (b *builder) with(ctes []CTE, recursive bool) {
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
		b.nameAt("CTE name in "+item("ctes", i), cte.Name)
		if bare, err := Bare(cte.Name); err == nil && seen[bare] {
			b.fail("Duplicate CTE name in %s: %s", item("ctes", i), cte.Name)
		} else {
			seen[bare] = true
		}
		b.write(" AS (")
		b.raw(item("ctes", i), cte.Raw)
		b.write(")")
	}
	if len(ctes) > 0 {
		b.write(" ")
	}
}

// Subquery is a condition on the result of another query; Column is only used by in and not_in.
type Subquery struct {
	Type   string // in, not_in, exists or not_exists, in any case
	Column string
	Raw
}

// where writes the conditions of a statement: comparisons first, then subqueries, all joined by AND.
func (b *builder) where(filter []Condition, subqueries []Subquery) {
	for i, c := range filter {
		b.next(i)
		quoted, err := QuoteColumn(c.Column)
		b.placed("filter in "+item("where_conditions", i), err)
		b.compare(quoted, c)
	}
	for i, s := range subqueries {
		b.next(len(filter) + i)
		b.subquery(item("subqueries", i), s)
	}
}

func (b *builder) next(i int) {
	if i == 0 {
		b.write(" WHERE ")
	} else {
		b.write(" AND ")
	}
}

func (b *builder) subquery(what string, s Subquery) {
	switch strings.ToLower(s.Type) {
	case "in":
		b.member(what, "IN", s.Column)
	case "not_in":
		b.member(what, "NOT IN", s.Column)
	case "exists":
		b.write("EXISTS")
	case "not_exists":
		b.write("NOT EXISTS")
	default:
		b.fail("Unknown subquery type: %s (%s)", s.Type, what)
	}
	b.write(" (")
	b.raw(what, s.Raw)
	b.write(")")
}

func (b *builder) member(what, operator, column string) {
	if column == "" {
		b.fail("%s subquery requires a field name (%s)", operator, what)
		return
	}
	b.columnAt(operator+" subquery in "+what, column)
	b.write(" ", operator)
}

// WithCTE reads rows of one of its named queries, or of a table beside them.
type WithCTE struct {
	CTEs       []CTE
	Recursive  bool
	Table      string
	Columns    []string // none, or "*": all
	Filter     []Condition
	Subqueries []Subquery
	Order      []Order
	Page       Page
}

// Build writes the statement.
func (w WithCTE) Build() (string, []wire.Arg, error) {
	b := &builder{}
	b.with(w.CTEs, w.Recursive)
	b.write("SELECT ")
	if all := len(w.Columns) == 0 || len(w.Columns) == 1 && w.Columns[0] == "*"; all {
		b.write("*")
	} else {
		b.columnsAt("select columns", w.Columns)
	}
	b.write(" FROM ")
	b.tableAt(w.Table)
	b.where(w.Filter, w.Subqueries)
	b.orderAt("order_by", " ORDER BY ", w.Order)
	b.page(w.Page)
	b.distinctNames(columnNames(w.Columns))
	return b.finish()
}

// Structured tells that no SQL text of the caller is involved.
func (w WithCTE) Structured() bool { return len(w.CTEs)+len(w.Subqueries) == 0 }
