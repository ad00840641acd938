package schema

import "context"

// ForeignKey is one constraint; Columns[i] refers to ReferencedColumns[i].
type ForeignKey struct {
	Name              string   `json:"name"`
	Columns           []string `json:"columns"`
	ReferencedTable   string   `json:"referenced_table"`
	ReferencedColumns []string `json:"referenced_columns"`
	OnDelete          string   `json:"on_delete"`
	OnUpdate          string   `json:"on_update"`
	ReferencedSchema  string   `json:"referenced_schema"`
	Deferrable        bool     `json:"deferrable"`
}

// Backreference is one column pair of a constraint that points at a table.
type Backreference struct {
	SourceTable    string `json:"source_table"`
	SourceColumn   string `json:"source_column"`
	TargetTable    string `json:"target_table"`
	TargetColumn   string `json:"target_column"`
	ConstraintName string `json:"constraint_name"`
	OnDelete       string `json:"on_delete"`
	OnUpdate       string `json:"on_update"`
	SourceSchema   string `json:"source_schema"`
}

func action(column string) string {
	return "CASE " + column + " WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT'" +
		" WHEN 'r' THEN 'RESTRICT' ELSE 'NO ACTION' END"
}

// keyNames lists the columns behind an array of attribute numbers, in its order.
func keyNames(relation, numbers string) string {
	return "(SELECT jsonb_agg(a.attname ORDER BY k.n) FROM unnest(" + numbers + ") WITH ORDINALITY AS k (attnum, n)" +
		" JOIN pg_catalog.pg_attribute a ON a.attrelid = " + relation + " AND a.attnum = k.attnum)"
}

// A constraint of a partitioned table has derived rows for the partitions on either side; they are told by their parent.
func foreignKeysQuery() string {
	return `
SELECT f.conname AS name, jsonb_build_object(
  'name', f.conname,
  'columns', ` + keyNames("f.conrelid", "f.conkey") + `,
  'referenced_table', rc.relname,
  'referenced_columns', ` + keyNames("f.confrelid", "f.confkey") + `,
  'on_delete', ` + action("f.confdeltype") + `,
  'on_update', ` + action("f.confupdtype") + `,
  'referenced_schema', rn.nspname,
  'deferrable', f.condeferrable) AS item
FROM pg_catalog.pg_constraint f
JOIN pg_catalog.pg_class c ON c.oid = f.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_class rc ON rc.oid = f.confrelid
JOIN pg_catalog.pg_namespace rn ON rn.oid = rc.relnamespace
WHERE f.contype = 'f' AND c.relname = $1::text AND n.nspname = $2::text
AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint p WHERE p.oid = f.conparentid AND p.conrelid = f.conrelid)`
}

// ForeignKeys describes the foreign keys of a table by name.
func ForeignKeys(ctx context.Context, ask Ask, table, schema string) ([]ForeignKey, error) {
	found := []ForeignKey{}
	err := ask.decode(ctx, &found, list(foreignKeysQuery(), "name"), table, schema)
	return found, err
}

func backreferencesQuery() string {
	return `
SELECT c.relname AS source, n.nspname AS source_schema, f.conname AS name, k.n AS position, jsonb_build_object(
  'source_table', c.relname,
  'source_column', a.attname,
  'target_table', rc.relname,
  'target_column', ra.attname,
  'constraint_name', f.conname,
  'on_delete', ` + action("f.confdeltype") + `,
  'on_update', ` + action("f.confupdtype") + `,
  'source_schema', n.nspname) AS item
FROM pg_catalog.pg_constraint f
JOIN pg_catalog.pg_class c ON c.oid = f.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_class rc ON rc.oid = f.confrelid
JOIN pg_catalog.pg_namespace rn ON rn.oid = rc.relnamespace
CROSS JOIN LATERAL unnest(f.conkey, f.confkey) WITH ORDINALITY AS k (attnum, refnum, n)
JOIN pg_catalog.pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.attnum
JOIN pg_catalog.pg_attribute ra ON ra.attrelid = f.confrelid AND ra.attnum = k.refnum
WHERE f.contype = 'f' AND rc.relname = $1::text AND rn.nspname = $2::text
AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint p WHERE p.oid = f.conparentid AND p.confrelid = f.confrelid)`
}

// Backreferences lists the foreign keys that point at a table, its own included.
func Backreferences(ctx context.Context, ask Ask, table, schema string) ([]Backreference, error) {
	found := []Backreference{}
	err := ask.decode(ctx, &found, list(backreferencesQuery(), "source", "source_schema", "name", "position"), table, schema)
	return found, err
}
