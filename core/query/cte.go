package query

import "strings"

// CTE is a named query in front of a statement.
type CTE struct {
	Name string
	Raw
}

func cteNodes(ctes []CTE) []cteNode {
	list := make([]cteNode, len(ctes))
	for i, c := range ctes {
		list[i] = cteNode{c.Name, &rawNode{c.Raw}, position{argument: "ctes", index: i}}
	}
	return list
}

// Subquery is a condition on the result of another query; Column is only used by in and not_in.
type Subquery struct {
	Type   string // in, not_in, exists or not_exists, in any case
	Column string
	Raw
}

func (s Subquery) node() expression {
	text := &rawNode{s.Raw}
	switch kind := strings.ToLower(s.Type); kind {
	case "in", "not_in":
		return &compareNode{left: optionalColumn(s.Column), operator: kind, right: &queryNode{text}}
	case "exists", "not_exists":
		return &existsNode{text, kind == "not_exists"}
	}
	return &unknownNode{"subquery type", s.Type}
}

// unknownNode stands for what has no node.
type unknownNode struct {
	what, name string
}

func (n *unknownNode) write(b *builder) { b.fail("Unknown %s: %s%s", n.what, n.name, b.place()) }

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
func (w WithCTE) Build() (Query, error) {
	b := &builder{}
	if len(w.Columns) == 1 && w.Columns[0] == "*" {
		w.Columns = nil
	}
	n := &selectNode{
		ctes: cteNodes(w.CTEs), recursive: w.Recursive, columns: columnItems(w.Columns), from: tableSource(w.Table),
		where: whereElements(w.Filter, w.Subqueries), order: orderNodes("order_by", w.Order), page: w.Page.node(),
	}
	n.writeQuery(b)
	b.distinctNames(n.names())
	return b.query()
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
