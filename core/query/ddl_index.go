package query

import (
	"crypto/sha256"
	"fmt"
	"strings"
)

// IndexDefinition is an index of a new table; without a name it is called after its columns.
type IndexDefinition struct {
	Name    string
	Columns []string
	Unique  bool
	Method  string
}

func (i IndexDefinition) build(table string) (string, error) {
	b := &builder{}
	if len(i.Columns) == 0 {
		b.fail("an index needs a column")
	}
	b.write("CREATE ")
	if i.Unique {
		b.write("UNIQUE ")
	}
	b.write("INDEX IF NOT EXISTS ")
	b.name(i.named(table))
	b.write(" ON ")
	b.table(table)
	b.method(i.Method)
	b.write(" (")
	b.names("", i.Columns)
	b.write(")")
	sql, _, err := b.finish()
	return sql, err
}

func (b *builder) method(name string) {
	switch lower := strings.ToLower(name); lower {
	case "":
	case "btree", "hash", "gin", "gist", "spgist", "brin":
		b.write(" USING ", lower)
	default:
		b.fail("Unknown index type: %s", name)
	}
}

// named stays unique where the plain name would be cut off.
func (i IndexDefinition) named(table string) string {
	if i.Name != "" {
		return i.Name
	}
	suffix := "idx"
	if i.Unique {
		suffix = "key"
	}
	parts := []string{columnName(table)}
	for _, column := range i.Columns {
		parts = append(parts, bareName(column))
	}
	name := strings.Join(append(parts, suffix), "_")
	if len(name) > MaxIdentifier {
		sum := sha256.Sum256([]byte(name))
		name = fmt.Sprintf("ix_%x_%s", sum[:8], suffix)
	}
	return Verbatim(name)
}
