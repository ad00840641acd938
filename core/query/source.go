package query

import "strings"

func (n *selectNode) fromClause(b *builder) {
	if n.from == nil {
		if len(n.joins) > 0 {
			b.fail("joins need a source to join")
		}
		return
	}
	b.write(" FROM ")
	b.source(n.from, b.scope.sources[0].name)
	for i, j := range n.joins {
		b.write(" ", joinWords(b, j.kind), " JOIN ")
		b.source(j.source, b.scope.sources[i+1].name)
		b.write(" ON ")
		b.within(j.on.at, func() { j.on.write(b) })
	}
}

func joinWords(b *builder, kind string) string {
	switch word := strings.ToUpper(kind); word {
	case "INNER", "LEFT", "RIGHT":
		return word
	case "FULL":
		return "FULL OUTER"
	}
	b.fail("Unknown join kind: %s", kind)
	return ""
}

// source writes an item of FROM under its name.
func (b *builder) source(n *sourceNode, name string) {
	if n.query != nil {
		b.write("(")
		s := b.scope
		b.enter(s.outer, func() { n.query.writeQuery(b) })
		b.write(") AS ")
		b.part(name)
		return
	}
	parts, err := n.table.parts()
	b.placed(position{kind: "table name"}, err)
	b.parts(parts)
	if n.alias != "" || len(parts) > 0 && name != parts[len(parts)-1] {
		b.write(" AS ")
		b.part(name)
	}
}

// parts are the bare parts of the name.
func (t tableName) parts() ([]string, error) {
	if t.bare == nil {
		schema, table, err := SplitTable(t.text)
		if err != nil || schema == "" {
			return []string{table}, err
		}
		return []string{schema, table}, nil
	}
	if len(t.bare) < 1 || len(t.bare) > 2 {
		return nil, refuse(InvalidFormat, "Invalid table name: one or two parts are needed")
	}
	for _, part := range t.bare {
		if err := checkBare(part); err != nil {
			return nil, err
		}
		if system(part) {
			return nil, refuse(SystemSchema, "Access to "+part+" is not allowed")
		}
	}
	return t.bare, nil
}
