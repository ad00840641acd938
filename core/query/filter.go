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

// Structured tells that no SQL text of the caller is involved.
func (m Match) Structured() bool { return m.Where == "" }

// matching gives the conditions of a match. A text of nothing but comments is none.
func (b *builder) matching(m Match) []element {
	switch {
	case m.Where != "" && len(m.Filter) > 0:
		b.fail("filter and where exclude each other")
	case len(m.Filter) > 0 && len(m.Args) > 0:
		b.fail("args belong to where")
	case len(m.Filter) > 0:
		return whereElements(m.Filter, nil)
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

// prefixedNode is a column behind the quoted name of its table.
type prefixedNode struct {
	prefix, column string
}

func (n *prefixedNode) write(b *builder) {
	b.write(n.prefix)
	b.nameAt(b.at, n.column)
}

// condition writes a condition on a column behind a prefix.
func (b *builder) condition(prefix string, c Condition) {
	n := c.node()
	n.left = &prefixedNode{prefix, c.Column}
	b.within(position{kind: "identifier"}, func() { n.write(b) })
}

func (b *builder) conditions(prefix string, filter []Condition) {
	list := whereElements(filter, nil)
	for i, e := range list {
		if n, ok := e.expression.(*compareNode); ok {
			n.left = &prefixedNode{prefix, filter[i].Column}
		}
	}
	b.conjunction("", list)
}
