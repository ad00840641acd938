package query

import (
	"strings"

	"ouroboros-postgres/core/wire"
)

func (n *columnNode) write(b *builder) {
	if n.of == "" {
		b.columnAt(b.at, n.name)
		return
	}
	if source, qualified := b.sourceOf(n); qualified {
		b.part(source)
		b.write(".")
	}
	b.nameAt(b.at, n.name)
}

// sourceOf finds what a column is qualified with, if it is.
func (b *builder) sourceOf(n *columnNode) (name string, qualified bool) {
	s := b.scope
	if s != nil && s.combined {
		return "", false
	}
	if s != nil && !n.outer {
		if name, found := s.find(n.of); found {
			return name, s.needsSource()
		}
	}
	for inner := s; inner != nil; inner = inner.outer {
		if inner == s {
			continue
		}
		if name, found := inner.find(n.of); found {
			b.uncover(name, inner)
			return name, true
		}
	}
	switch {
	case n.as != "":
		bare, err := Bare(n.as)
		b.placed(position{kind: "alias"}, err)
		return bare, true
	case s == nil:
		return "", false
	}
	return b.lastPart(n.of), true
}

// uncover notes the sources that hide the one of that name in a select further out.
func (b *builder) uncover(name string, in *scope) {
	for s := b.scope; s != in; s = s.outer {
		if source, hides := s.named(name); hides {
			b.hiding = append(b.hiding, source.node)
		}
	}
}

// lastPart is the name of a table of which only the text is known.
func (b *builder) lastPart(table string) string {
	_, name, err := SplitTable(table)
	b.placed(position{kind: "table name"}, err)
	return name
}

func (n *starNode) write(b *builder) {
	if n.of != "" {
		name, found := "", false
		for s := b.scope; s != nil && !found; s = s.outer {
			name, found = s.find(n.of)
		}
		if !found {
			name = b.lastPart(n.of)
		}
		b.part(name)
		b.write(".")
	}
	b.write("*")
}

func (n *valueNode) write(b *builder) {
	if n.value.Kind == wire.Null {
		b.write("NULL")
		return
	}
	b.bind(n.value)
}

func (n *constantNode) write(b *builder) {
	if n.value {
		b.write(always)
	} else {
		b.write(never)
	}
}

func (n *rawNode) write(b *builder) { b.raw(n.Raw) }

func (n *rawNode) writeQuery(b *builder) { b.raw(n.Raw) }

func (n *queryNode) write(b *builder) {
	b.write("(")
	n.writeQuery(b)
	b.write(")")
}

func (n *existsNode) write(b *builder) {
	if n.negated {
		b.write("NOT ")
	}
	b.write("EXISTS (")
	n.query.writeQuery(b)
	b.write(")")
}

// operand writes an expression as a side of an operator.
func (b *builder) operand(e expression) {
	switch e.(type) {
	case *compareNode, *booleanNode, *rawNode, *matchNode:
		b.enclose(e)
	default:
		e.write(b)
	}
}

func (b *builder) enclose(e expression) {
	b.write("(")
	e.write(b)
	b.write(")")
}

func (n *booleanNode) write(b *builder) {
	word := strings.ToUpper(n.operator)
	switch {
	case word == "NOT" && len(n.members) == 1:
		if n.enclosed {
			b.write("(")
		}
		b.not(n.members[0])
		if n.enclosed {
			b.write(")")
		}
	case (word == "AND" || word == "OR") && len(n.members) > 0:
		if n.enclosed {
			b.write("(")
		}
		for i, member := range n.members {
			if i > 0 {
				b.write(" ", word, " ")
			}
			b.member(member)
		}
		if n.enclosed {
			b.write(")")
		}
	default:
		b.fail("Invalid boolean operator %s with %d members%s", n.operator, len(n.members), b.place())
	}
}

func (b *builder) not(e expression) {
	b.write("NOT ")
	if inner, ok := e.(*booleanNode); ok && inner.enclosed {
		inner.write(b)
		return
	}
	b.enclose(e)
}

// member writes an expression beside others that are joined by AND or OR.
func (b *builder) member(e expression) {
	switch e := e.(type) {
	case *booleanNode:
		if e.enclosed {
			e.write(b)
		} else {
			b.enclose(e)
		}
	case *rawNode:
		b.enclose(e)
	default:
		e.write(b)
	}
}

func (n *compareNode) write(b *builder) {
	switch {
	case n.right != nil:
		b.compareRight(n)
	case n.left == nil:
		b.fail("the left side of %s is missing%s", n.operator, b.place())
	default:
		b.compare(compared{
			left: func() { b.operand(n.left) }, label: b.label(n.left), name: n.operator, value: n.value, array: n.array,
			cast: b.castOf(n.cast),
		})
	}
}

func (b *builder) castOf(name string) string {
	switch name {
	case "":
		return ""
	case "jsonb":
		return "::jsonb"
	}
	b.fail("Unknown cast: %s%s", name, b.place())
	return ""
}

// label names an expression in messages.
func (b *builder) label(e expression) string {
	switch e := e.(type) {
	case *columnNode:
		return "column " + e.name
	case *nameNode:
		return "column " + e.name
	}
	return b.at.element()
}

// compareRight writes a condition with an expression on its right side.
func (b *builder) compareRight(n *compareNode) {
	o, known := operatorOf(n.operator)
	inner, isQuery := n.right.(*queryNode)
	switch {
	case !known:
		b.unknownOperator(n.operator)
	case o.form == membership && isQuery:
		b.inQuery(n.left, o.sql, inner.query)
	case n.left == nil:
		b.fail("the left side of %s is missing%s", n.operator, b.place())
	case o.form == anyElement:
		b.right(n.right)
		b.write(" = ANY(")
		n.left.write(b)
		b.write(")")
	case o.form == infix || o.form == equality:
		b.operand(n.left)
		b.write(" ", o.sql, " ")
		b.right(n.right)
		if cast := b.castOf(n.cast); cast != "" {
			b.write(cast)
		} else {
			b.write(o.cast)
		}
	default:
		b.fail("operator %s on %s takes no expression%s", n.operator, b.label(n.left), b.place())
	}
}

// right is operand for the right side, where operators of the same rank need parentheses.
func (b *builder) right(e expression) {
	if _, ok := e.(*pathNode); ok {
		b.enclose(e)
		return
	}
	b.operand(e)
}

// inQuery writes a membership in the result of a query. NOT IN passes over the NULLs of a select; a text of the caller is
// taken as it is.
func (b *builder) inQuery(left expression, operator string, q query) {
	if left == nil {
		b.fail("%s subquery requires a field name%s", operator, b.place())
		return
	}
	b.within(b.at.as(operator+" subquery"), func() { b.operand(left) })
	b.write(" ", operator, " (")
	if _, isSelect := q.(*selectNode); isSelect && operator == "NOT IN" {
		b.write("SELECT v FROM (")
		q.writeQuery(b)
		b.write(") AS s(v) WHERE v IS NOT NULL)")
		return
	}
	q.writeQuery(b)
	b.write(")")
}

func (n *pathNode) write(b *builder) {
	b.operand(n.left)
	b.write(" #>> ")
	if n.keys.Kind != wire.List {
		b.fail("keys of path must be a list")
	}
	b.bind(n.keys)
}

func (n *matchNode) write(b *builder) {
	config, err := split(n.config)
	b.placed(position{kind: "text search configuration"}, err)
	switch {
	case strings.ContainsAny(n.config, `"'\`):
		b.fail("Invalid text search configuration: quotes are not allowed")
	case len(config) > 2:
		b.fail("Invalid text search configuration: a name and its schema are all it can have")
	}
	name := "'" + strings.Join(config, ".") + "'"
	b.write("to_tsvector(", name, ", ")
	n.left.write(b)
	b.write(") @@ plainto_tsquery(", name, ", ")
	if n.query.Kind == wire.Null {
		b.fail("the text to match is missing%s", b.place())
	}
	b.bind(n.query)
	b.write(")")
}
