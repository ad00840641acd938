package query

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
