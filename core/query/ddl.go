package query

import "ouroboros-postgres/core/pgerr"

// CreateTable makes a table and its indexes.
type CreateTable struct {
	Table       string
	IfNotExists bool
	Columns     []ColumnDefinition
	Indexes     []IndexDefinition
}

// Build writes the statement of the table and those of its indexes, which are left alone where they exist.
func (t CreateTable) Build() ([]string, error) {
	if len(t.Columns) == 0 {
		return nil, pgerr.New(pgerr.Value, "a table needs a column")
	}
	b := &builder{}
	b.write("CREATE TABLE ")
	if t.IfNotExists {
		b.write("IF NOT EXISTS ")
	}
	b.table(t.Table)
	b.write(" (")
	for i, column := range t.Columns {
		if i > 0 {
			b.write(", ")
		}
		b.column(column)
	}
	b.write(")")
	table, _, err := b.finish()
	if err != nil {
		return nil, err
	}
	statements := []string{table}
	for _, index := range t.Indexes {
		sql, err := index.build(t.Table)
		if err != nil {
			return nil, err
		}
		statements = append(statements, sql)
	}
	return statements, nil
}

// DropTable removes a table.
type DropTable struct {
	Table    string
	IfExists bool
	Cascade  bool
}

// Build writes the statement.
func (t DropTable) Build() (string, error) {
	b := &builder{}
	b.write("DROP TABLE ")
	if t.IfExists {
		b.write("IF EXISTS ")
	}
	b.table(t.Table)
	if t.Cascade {
		b.write(" CASCADE")
	}
	sql, _, err := b.finish()
	return sql, err
}
