package query

import (
	"strings"

	"ouroboros-postgres/core/wire"
)

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

func (n *pathNode) write(b *builder) {
	b.operand(n.left)
	b.write(" #>> ")
	if n.keys.Kind != wire.List {
		b.fail("keys of path must be a list")
	}
	b.bindOnce(n.keys)
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
