package query

import (
	"crypto/sha256"
	"fmt"

	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/wire"
)

// Link is a many-to-many table seen from its source side.
type Link struct {
	JoinTable       string
	SourceKey       string
	TargetKey       string
	TargetTable     string
	TargetReference string
}

// LinkEnd is one table that a many-to-many table refers to; Type is the SQL type of the referenced column, as the
// catalogue prints it.
type LinkEnd struct {
	Table     string
	Reference string
	Type      string
}

// Create writes the statement for the table and the one for the index that the way back needs.
func (l Link) Create(source, target LinkEnd) (table, index string, err error) {
	if bareName(l.SourceKey) == bareName(l.TargetKey) {
		return "", "", pgerr.New(pgerr.Value, "source and target key must differ")
	}
	b := &builder{}
	b.write("CREATE TABLE IF NOT EXISTS ")
	b.table(l.JoinTable)
	b.write(" (")
	b.key(l.SourceKey, source)
	b.key(l.TargetKey, target)
	b.write("PRIMARY KEY (")
	b.names("", []string{l.SourceKey, l.TargetKey})
	b.write("))")
	table, _, err = b.finish()
	if err != nil {
		return "", "", err
	}
	index, err = l.index()
	return table, index, err
}

func (b *builder) key(name string, end LinkEnd) {
	b.name(name)
	b.write(" ", end.Type, " NOT NULL REFERENCES ")
	b.table(end.Table)
	b.write(" (")
	b.name(end.Reference)
	b.write(") ON DELETE CASCADE, ")
}

func (l Link) index() (string, error) {
	_, table, err := SplitTable(l.JoinTable)
	if err != nil {
		return "", err
	}
	b := &builder{}
	b.write("CREATE INDEX IF NOT EXISTS ", quoted(indexName(table, bareName(l.TargetKey))), " ON ")
	b.table(l.JoinTable)
	b.write(" (")
	b.name(l.TargetKey)
	b.write(")")
	sql, _, err := b.finish()
	return sql, err
}

// indexName stays unique where the plain name would be cut off.
func indexName(table, column string) string {
	name := table + "_" + column + "_idx"
	if len(name) <= MaxIdentifier {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return fmt.Sprintf("m2m_%x_idx", sum[:8])
}

// Add links targets to a source; links that exist stay as they are.
func (l Link) Add(source wire.Arg, targets []wire.Arg) (string, []wire.Arg, error) {
	b := &builder{}
	b.write("INSERT INTO ")
	b.table(l.JoinTable)
	b.write(" (")
	b.names("", []string{l.SourceKey, l.TargetKey})
	b.write(") VALUES ")
	for i, target := range targets {
		if i == 0 {
			b.write("(")
			b.bind(source)
		} else {
			b.write(", ($1")
		}
		b.write(", ")
		b.bind(target)
		b.write(")")
	}
	b.write(" ON CONFLICT DO NOTHING")
	return b.finish()
}

// Remove unlinks one target.
func (l Link) Remove(source, target wire.Arg) (string, []wire.Arg, error) {
	b := l.delete(source)
	b.write(" AND ")
	b.name(l.TargetKey)
	b.write(" = ")
	b.bind(target)
	return b.finish()
}

// Clear unlinks all targets of a source.
func (l Link) Clear(source wire.Arg) (string, []wire.Arg, error) { return l.delete(source).finish() }

// Retain unlinks all targets but these.
func (l Link) Retain(source wire.Arg, targets []wire.Arg) (string, []wire.Arg, error) {
	b := l.delete(source)
	b.write(" AND ")
	b.name(l.TargetKey)
	b.write(" <> ALL(")
	b.bind(wire.Arg{Kind: wire.List, List: targets})
	b.write(")")
	return b.finish()
}

func (l Link) delete(source wire.Arg) *builder {
	b := &builder{}
	b.write("DELETE FROM ")
	l.ofSource(b, source)
	return b
}

// Count counts the targets of a source.
func (l Link) Count(source wire.Arg) (string, []wire.Arg, error) {
	b := &builder{}
	b.write("SELECT count(*) FROM ")
	l.ofSource(b, source)
	return b.finish()
}

// Has asks for one link.
func (l Link) Has(source, target wire.Arg) (string, []wire.Arg, error) {
	b := &builder{}
	b.write("SELECT EXISTS (SELECT 1 FROM ")
	l.ofSource(b, source)
	b.write(" AND ")
	b.name(l.TargetKey)
	b.write(" = ")
	b.bind(target)
	b.write(")")
	return b.finish()
}

func (l Link) ofSource(b *builder, source wire.Arg) {
	b.table(l.JoinTable)
	b.write(" WHERE ")
	b.name(l.SourceKey)
	b.write(" = ")
	b.bind(source)
}

// Fetch reads the target rows of a source.
func (l Link) Fetch(source wire.Arg, columns []string, order []Order, page Page) (string, []wire.Arg, error) {
	b := &builder{}
	b.write("SELECT ")
	b.selected(mainAlias+".", columns)
	b.write(" FROM ")
	b.table(l.TargetTable)
	b.write(" AS ", mainAlias, " JOIN ")
	b.table(l.JoinTable)
	b.write(` AS "j" ON "j".`)
	b.name(l.TargetKey)
	b.write(" = ", mainAlias, ".")
	b.name(l.TargetReference)
	b.write(` WHERE "j".`)
	b.name(l.SourceKey)
	b.write(" = ")
	b.bind(source)
	b.order(mainAlias+".", order)
	b.page(page)
	return b.finish()
}
