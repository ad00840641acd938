package schema

import (
	"context"

	"ouroboros-postgres/core/pgerr"
)

// DefaultSchema is where names without a schema are looked for.
const DefaultSchema = "public"

// Table is all that is known of one table.
type Table struct {
	Name        string       `json:"name"`
	Schema      string       `json:"schema"`
	Columns     []Column     `json:"columns"`
	Indexes     []Index      `json:"indexes"`
	ForeignKeys []ForeignKey `json:"foreign_keys"`
}

const tables = `
SELECT to_jsonb(c.relname::text) AS item, c.relname AS name
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1::text AND c.relkind IN ('r', 'p')`

// ListTables names the ordinary and partitioned tables of a schema, sorted.
func ListTables(ctx context.Context, ask Ask, schema string) ([]string, error) {
	names := []string{}
	err := ask.decode(ctx, &names, list(tables, "name"), schema)
	return names, err
}

const tableExists = `
SELECT to_jsonb(EXISTS (
  SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relname = $1::text AND n.nspname = $2::text AND c.relkind IN ('r', 'p')))::text`

// TableExists tells whether there is a table of that name; a view is none.
func TableExists(ctx context.Context, ask Ask, table, schema string) (bool, error) {
	var exists bool
	err := ask.decode(ctx, &exists, tableExists, table, schema)
	return exists, err
}

// Inspect describes one table; all parts come from the same snapshot.
func Inspect(ctx context.Context, ask Ask, table, schema string) (*Table, error) {
	sql := "SELECT jsonb_build_object('name', $1::text, 'schema', $2::text, 'columns', (" + list(columns, "position") +
		")::jsonb, 'indexes', (" + list(indexes, "name") + ")::jsonb, 'foreign_keys', (" + list(foreignKeysQuery(), "name") +
		")::jsonb)::text WHERE EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace" +
		" WHERE c.relname = $1::text AND n.nspname = $2::text AND c.relkind IN ('r', 'p'))"
	var found *Table
	if err := ask.decode(ctx, &found, sql, table, schema); err != nil {
		return nil, err
	}
	if found == nil {
		return nil, pgerr.New(pgerr.TableMissing, "Table does not exist: %s.%s", schema, table)
	}
	for i := range found.Columns {
		found.Columns[i].classify()
	}
	return found, nil
}
