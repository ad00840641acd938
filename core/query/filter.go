package query

import "ouroboros-postgres/core/wire"

// Condition compares a column with a value.
type Condition struct {
	Column   string
	Operator string
	Value    wire.Arg
}

// Match is which rows a statement is about: conditions joined by AND, or a text of the caller with its own $1…, or all.
type Match struct {
	Filter []Condition
	Where  string
	Args   []wire.Arg
}

// matching gives the conditions of a match. A text of nothing but comments is none.
func (b *builder) matching(m Match) []element {
	switch {
	case m.Where != "" && len(m.Filter) > 0:
		b.fail("filter and where exclude each other")
	case len(m.Filter) > 0 && len(m.Args) > 0:
		b.fail("args belong to where")
	case len(m.Filter) > 0:
		return nameConditions("", m.Filter)
	}
	text, err := Fragment(m.Where, len(m.Args), 0)
	if err != nil {
		b.keep(err)
	}
	if text == "" {
		return nil
	}
	return []element{{&rawNode{Raw{m.Where, m.Args}}, position{kind: "where"}}}
}

// nameNode is a column of one part, behind the quoted name of its table if there is a prefix.
type nameNode struct {
	prefix, name string
}

func (n *nameNode) write(b *builder) {
	b.write(n.prefix)
	b.nameAt(b.at, n.name)
}

// named makes of a column a name of one part, behind a prefix.
func named(prefix string, e expression) expression {
	if n, ok := e.(*columnNode); ok {
		return &nameNode{prefix, n.name}
	}
	return e
}

// nameElements are columns of one part.
func nameElements(list []element) []element {
	for i := range list {
		list[i].expression = named("", list[i].expression)
	}
	return list
}

// nameItems are a select list of columns of one part, in which "*" stands for all.
func nameItems(columns []string) []columnItem {
	list := columnItems(columns)
	for i := range list {
		if columns[i] == "*" {
			list[i].expression = &starNode{}
		} else {
			list[i].expression = named("", list[i].expression)
		}
	}
	return list
}

// nameOrders are orders by columns of one part.
func nameOrders(prefix string, orders []Order) []orderNode {
	list := orderNodes("order_by", orders)
	for i := range list {
		list[i].expression = named(prefix, list[i].expression)
	}
	return list
}

// nameConditions are conditions on columns of one part.
func nameConditions(prefix string, filter []Condition) []element {
	list := whereElements(filter, nil)
	for _, e := range list {
		if n, ok := e.expression.(*compareNode); ok {
			n.left = named(prefix, n.left)
		}
	}
	return list
}

// condition writes a condition on a column behind a prefix.
func (b *builder) condition(prefix string, c Condition) {
	n := c.node()
	n.left = named(prefix, n.left)
	b.within(position{kind: "identifier"}, func() { n.write(b) })
}

func (b *builder) conditions(prefix string, filter []Condition) {
	b.conjunction("", nameConditions(prefix, filter))
}
