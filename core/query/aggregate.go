package query

import "ouroboros-postgres/core/wire"

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

// Window is a window function in the select list.
type Window struct {
	Function  string // in any case
	Column    string
	Offset    *int64   // rows of lag and lead, n of ntile and nth_value
	Default   wire.Arg // of lag and lead; Null: none
	Partition []string
	Order     []Order
	Alias     string
	Frame     *Frame
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
func (a Aggregate) Build() (Query, error) {
	b := &builder{}
	a.check(b)
	n := a.node()
	b.distinctNames(n.names())
	n.writeQuery(b)
	return b.query()
}

// wildcard tells that all columns of the table are selected, whatever they are called.
func (a Aggregate) wildcard() bool { return len(a.Aggregates)+len(a.GroupBy) == 0 }

func (a Aggregate) check(b *builder) {
	switch {
	case a.wildcard() && len(a.Windows)+len(a.SetOperations) == 0:
		b.fail("one of aggregates, group_by, windows and set_operations is needed")
	case len(a.DistinctOn) > 0 && len(a.SetOperations) > 0 && len(a.Order) > 0:
		b.fail("distinct_on, order_by and set_operations exclude each other: select the distinct rows in a CTE")
	}
	for i, w := range a.Windows {
		if w.Alias == "" {
			b.fail("a window function requires an alias (windows[%d])", i)
		}
	}
}

func (a Aggregate) node() *selectNode {
	return &selectNode{
		ctes: cteNodes(a.CTEs), distinct: a.Distinct, distinctOn: columnElements("distinct_on", a.DistinctOn), columns: a.selected(),
		from: tableSource(a.Table), where: whereElements(a.Filter, a.Subqueries), groupBy: columnElements("group_by", a.GroupBy),
		having: havingElements(a.Having), sets: setNodes(a.SetOperations), order: orderNodes("order_by", a.Order), page: a.Page.node(),
	}
}

func (a Aggregate) selected() []columnItem {
	var list []columnItem
	if a.wildcard() {
		list = append(list, columnItem{element: element{expression: &starNode{}}})
	}
	for _, e := range columnElements("group_by", a.GroupBy) {
		list = append(list, columnItem{element: e})
	}
	for i, g := range a.Aggregates {
		n := &aggregateNode{function: g.Function, column: optionalColumn(g.Column)}
		list = append(list, columnItem{element: element{n, position{argument: "aggregates", index: i}}, label: g.Alias})
	}
	for i, w := range a.Windows {
		list = append(list, columnItem{element: element{w.node(), position{argument: "windows", index: i}}, label: w.Alias})
	}
	return list
}

func (w Window) node() *windowNode {
	return &windowNode{
		function: w.Function, column: optionalColumn(w.Column), offset: optionalNumber(w.Offset), standIn: w.Default,
		partition: columnElements("window function partition_by", w.Partition),
		order:     orderNodes("window function order_by", w.Order), frame: w.Frame,
	}
}

func havingElements(having []Having) []element {
	list := make([]element, len(having))
	for i, h := range having {
		list[i] = element{&compareNode{
			left:     &aggregateNode{function: h.Function, column: optionalColumn(h.Column)},
			operator: h.Operator, value: h.Value, array: true,
		}, position{"having clause", "having", i}}
	}
	return list
}

func setNodes(operations []SetOperation) []setNode {
	list := make([]setNode, len(operations))
	for i, s := range operations {
		list[i] = setNode{s.Operation, &rawNode{s.Raw}, position{argument: "set_operations", index: i}}
	}
	return list
}
