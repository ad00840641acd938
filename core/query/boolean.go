package query

import "strings"

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
