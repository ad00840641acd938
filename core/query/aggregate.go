package query

import (
	"strings"

	"ouroboros-postgres/core/wire"
)

// Aggregation is an aggregate function in the select list. Alias "" leaves the name to the server.
type Aggregation struct {
	Function string // in any case
	Column   string
	Alias    string
}

// Having compares an aggregate with a value.
type Having struct {
	Function string
	Column   string
	Operator string
	Value    wire.Arg
}

// SetOperation joins the rows so far with those of another query.
type SetOperation struct {
	Operation string // union, union_all, intersect, intersect_all, except or except_all, in any case
	Raw
}

// Aggregate computes over the rows of a table, of groups of them or of windows on them.
type Aggregate struct {
	CTEs          []CTE
	Table         string
	Aggregates    []Aggregation
	Windows       []Window
	GroupBy       []string
	Having        []Having
	Filter        []Condition
	Subqueries    []Subquery
	Distinct      bool
	DistinctOn    []string // wins over Distinct
	SetOperations []SetOperation
	Order         []Order
	Page          Page
}

// Build writes the statement. Order and page concern the combined result of set operations.
func (a Aggregate) Build() (string, []wire.Arg, error) {
	b := &builder{}
	a.check(b)
	b.with(a.CTEs, false)
	b.write(strings.Repeat("(", len(a.SetOperations)), "SELECT ")
	a.distinct(b)
	a.selected(b)
	b.write(" FROM ")
	b.tableAt(a.Table)
	b.where(a.Filter, a.Subqueries)
	a.grouped(b)
	tail := &builder{args: b.args}
	tail.orderAt("order_by", " ORDER BY ", leading(a.DistinctOn, a.Order))
	tail.page(a.Page)
	b.keep(tail.err)
	b.args = tail.args
	for i, s := range a.SetOperations {
		b.setOperation(item("set_operations", i), s)
	}
	b.write(tail.text.String())
	return b.finish()
}

// wildcard tells that all columns of the table are selected, whatever they are called.
func (a Aggregate) wildcard() bool { return len(a.Aggregates)+len(a.GroupBy) == 0 }

// Structured tells that no SQL text of the caller is involved.
func (a Aggregate) Structured() bool {
	return len(a.CTEs)+len(a.Subqueries)+len(a.SetOperations) == 0
}

func (a Aggregate) check(b *builder) {
	switch {
	case a.wildcard() && len(a.Windows)+len(a.SetOperations) == 0:
		b.fail("one of aggregates, group_by, windows and set_operations is needed")
	case len(a.DistinctOn) > 0 && len(a.SetOperations) > 0 && len(a.Order) > 0:
		b.fail("distinct_on, order_by and set_operations exclude each other: select the distinct rows in a CTE")
	}
	b.distinctNames(a.names())
}

func (a Aggregate) distinct(b *builder) {
	switch {
	case len(a.DistinctOn) > 0:
		b.write("DISTINCT ON (")
		b.columnsAt("distinct_on", a.DistinctOn)
		b.write(") ")
	case a.Distinct:
		b.write("DISTINCT ")
	}
}

func (a Aggregate) selected(b *builder) {
	if a.wildcard() {
		b.write("*")
	}
	b.columnsAt("group_by", a.GroupBy)
	listed := len(a.GroupBy)
	for i, aggregate := range a.Aggregates {
		if listed > 0 {
			b.write(", ")
		}
		listed++
		b.aggregate(item("aggregates", i), aggregate)
	}
	for i, w := range a.Windows {
		if listed > 0 || a.wildcard() {
			b.write(", ")
		}
		listed++
		b.window(item("windows", i), w)
	}
}

func (b *builder) aggregate(what string, a Aggregation) {
	call, _ := b.aggregateCall("aggregate", what, a.Function, a.Column)
	b.write(call)
	if a.Alias != "" {
		b.write(" AS ")
		b.nameAt("aggregate alias in "+what, a.Alias)
	}
}

// aggregateCall gives the call and the name that the server gives its column; kind and what say where it stands.
func (b *builder) aggregateCall(kind, what, function, column string) (call, name string) {
	name = strings.ToLower(function)
	open := ""
	switch name {
	case "count":
		return "COUNT(*)", name
	case "count_column":
		open = "COUNT("
	case "count_distinct":
		open = "COUNT(DISTINCT "
	case "sum", "avg", "min", "max":
		open = strings.ToUpper(name) + "("
	default:
		b.fail("Unknown aggregate function: %s (%s)", function, what)
		return "", ""
	}
	if column == "" {
		b.fail("%s requires a column name (%s)", name, what)
		return "", ""
	}
	quoted, err := QuoteColumn(column)
	b.placed(kind+" in "+what, err)
	if strings.HasPrefix(name, "count") {
		name = "count"
	}
	return open + quoted + ")", name
}

func (a Aggregate) grouped(b *builder) {
	if len(a.GroupBy) > 0 {
		b.write(" GROUP BY ")
		b.columnsAt("group_by", a.GroupBy)
	}
	for i, h := range a.Having {
		if i == 0 {
			b.write(" HAVING ")
		} else {
			b.write(" AND ")
		}
		b.having(item("having", i), h)
	}
}

func (b *builder) having(what string, h Having) {
	call, _ := b.aggregateCall("having clause", what, h.Function, h.Column)
	switch strings.ToLower(h.Operator) {
	case "eq", "=", "ne", "!=", "<>", "gt", ">", "gte", ">=", "lt", "<", "lte", "<=",
		"in", "not_in", "between", "is_null", "is_not_null":
		b.compare(call, Condition{Column: what, Operator: h.Operator, Value: h.Value})
	default:
		b.fail("Unknown operator: %s (%s)", h.Operator, what)
	}
}

func (b *builder) setOperation(what string, s SetOperation) {
	b.write(")")
	switch operation := strings.ToLower(s.Operation); operation {
	case "union", "intersect", "except", "union_all", "intersect_all", "except_all":
		b.write(" ", strings.ToUpper(strings.ReplaceAll(operation, "_", " ")), " ")
	default:
		b.fail("Unknown set operation: %s (%s)", s.Operation, what)
	}
	b.write("(")
	b.raw(what, s.Raw)
	b.write(")")
}
