package query

// write writes an update or a delete. Names are quoted outside of its conditions.
func (n *modifyNode) write(b *builder) {
	b.with(n.ctes, n.recursive)
	s := b.open([]*sourceNode{n.table}, false)
	b.enter(s, func() {
		b.spelledOut(func() { n.head(b, s.sources[0].name) })
		b.whereClause(n.where)
		b.spelledOut(func() { b.returningAt(n.returning) })
	})
}

func (n *modifyNode) head(b *builder, name string) {
	if n.update {
		b.write("UPDATE ")
	} else {
		b.write("DELETE FROM ")
	}
	b.source(n.table, name)
	if !n.update {
		return
	}
	if len(n.set) == 0 {
		b.fail("Update failed: no columns to update")
	}
	for i, a := range n.set {
		if i == 0 {
			b.write(" SET ")
		} else {
			b.write(", ")
		}
		b.nameAt(position{kind: "column", argument: "set", index: i}, a.Column)
		b.write(" = ")
		b.bind(a.Value)
	}
}

// spelledOut writes with all names in quotes.
func (b *builder) spelledOut(write func()) {
	sparing := b.sparing
	b.sparing = false
	write()
	b.sparing = sparing
}

// returningAt writes RETURNING, where "*" stands for all columns.
func (b *builder) returningAt(columns []string) {
	for i, column := range columns {
		if i == 0 {
			b.write(" RETURNING ")
		} else {
			b.write(", ")
		}
		if column == "*" {
			b.write("*")
		} else {
			b.nameAt(position{argument: "returning", index: i}, column)
		}
	}
}
