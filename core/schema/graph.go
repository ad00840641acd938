package schema

import "context"

// Edge is a foreign key on the way of a cascading delete. Source refers to Target; both are quoted names with schema.
type Edge struct {
	Constraint   string   `json:"constraint"`
	SourceSchema string   `json:"source_schema"`
	SourceTable  string   `json:"source_table"`
	Source       uint32   `json:"source"`
	Target       uint32   `json:"target"`
	SourceName   string   `json:"source_name"`
	TargetName   string   `json:"target_name"`
	Columns      []string `json:"columns"`
	Referenced   []string `json:"referenced"`
	OnDelete     string   `json:"on_delete"`
}

// Graph is what deleting rows of one table may reach. Root is the table's OID, 0 when it does not exist.
type Graph struct {
	Root  uint32 `json:"root"`
	Edges []Edge `json:"edges"`
}

// Blocks tells that existing rows behind the edge forbid the delete.
func (e Edge) Blocks() bool { return e.OnDelete == "RESTRICT" || e.OnDelete == "NO ACTION" }

// Cascades tells that rows behind the edge are deleted along.
func (e Edge) Cascades() bool { return e.OnDelete == "CASCADE" }

func graphQuery() string {
	return `
WITH RECURSIVE reached (oid) AS (
  SELECT to_regclass($1)::oid
  UNION
  SELECT f.conrelid FROM reached r JOIN pg_catalog.pg_constraint f ON f.confrelid = r.oid
  WHERE f.contype = 'f' AND f.confdeltype = 'c')
SELECT jsonb_build_object('root', coalesce(to_regclass($1)::oid::int8, 0), 'edges', (
  SELECT coalesce(jsonb_agg(jsonb_build_object(
    'constraint', f.conname,
    'source_schema', n.nspname,
    'source_table', c.relname,
    'source', c.oid::int8,
    'target', rc.oid::int8,
    'source_name', format('%I.%I', n.nspname, c.relname),
    'target_name', format('%I.%I', rn.nspname, rc.relname),
    'columns', ` + keyNames("f.conrelid", "f.conkey") + `,
    'referenced', ` + keyNames("f.confrelid", "f.confkey") + `,
    'on_delete', ` + action("f.confdeltype") + `) ORDER BY n.nspname, c.relname, f.conname), '[]'::jsonb)
  FROM reached r
  JOIN pg_catalog.pg_constraint f ON f.confrelid = r.oid AND f.contype = 'f'
  JOIN pg_catalog.pg_class c ON c.oid = f.conrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_class rc ON rc.oid = f.confrelid
  JOIN pg_catalog.pg_namespace rn ON rn.oid = rc.relnamespace
  WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint p WHERE p.oid = f.conparentid AND p.confrelid = f.confrelid)))::text`
}

// References walks the foreign keys that point at a table and, through those that cascade, at its children. name is
// quoted; without a schema it follows the search_path.
func References(ctx context.Context, ask Ask, name string) (Graph, error) {
	var g Graph
	err := ask.decode(ctx, &g, graphQuery(), name)
	return g, err
}

func primaryKeyQuery() string {
	return "SELECT coalesce((SELECT " + keyNames("i.indrelid", "i.indkey[0:i.indnkeyatts - 1]") +
		" FROM pg_catalog.pg_index i WHERE i.indrelid = to_regclass($1) AND i.indisprimary), '[]'::jsonb)::text"
}

// PrimaryKey names the key columns in order; name is as for References.
func PrimaryKey(ctx context.Context, ask Ask, name string) ([]string, error) {
	var names []string
	err := ask.decode(ctx, &names, primaryKeyQuery(), name)
	return names, err
}

const columnType = `
SELECT jsonb_build_object('table', to_regclass($1) IS NOT NULL, 'type', (
  SELECT pg_catalog.format_type(a.atttypid, a.atttypmod) FROM pg_catalog.pg_attribute a
  WHERE a.attrelid = to_regclass($1) AND a.attname = $2::text AND a.attnum > 0 AND NOT a.attisdropped))::text`

// ColumnType is the SQL type of a column, "" when the table does not have it; found tells whether there is the table.
func ColumnType(ctx context.Context, ask Ask, name, column string) (sqlType string, found bool, err error) {
	var answer struct {
		Table bool    `json:"table"`
		Type  *string `json:"type"`
	}
	err = ask.decode(ctx, &answer, columnType, name, column)
	if answer.Type != nil {
		sqlType = *answer.Type
	}
	return sqlType, answer.Table, err
}
