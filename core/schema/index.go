package schema

import "context"

// Index is one index; Columns are its keys in order, an expression as its SQL text.
type Index struct {
	Name        string   `json:"name"`
	Columns     []string `json:"columns"`
	IsUnique    bool     `json:"is_unique"`
	Type        string   `json:"index_type"`
	IsPrimary   bool     `json:"is_primary"`
	Predicate   *string  `json:"predicate"`
	Include     []string `json:"include"`
	Expressions []string `json:"expressions"`
}

const indexes = `
SELECT x.relname AS name, jsonb_build_object(
  'name', x.relname,
  'columns', (SELECT coalesce(jsonb_agg(coalesce(a.attname, pg_catalog.pg_get_indexdef(i.indexrelid, k.n::int, true)) ORDER BY k.n), '[]'::jsonb)
    FROM unnest(i.indkey) WITH ORDINALITY AS k (attnum, n)
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.attnum <> 0
    WHERE k.n <= i.indnkeyatts),
  'is_unique', i.indisunique,
  'index_type', m.amname,
  'is_primary', i.indisprimary,
  'predicate', pg_catalog.pg_get_expr(i.indpred, i.indrelid),
  'include', (SELECT coalesce(jsonb_agg(coalesce(a.attname, pg_catalog.pg_get_indexdef(i.indexrelid, k.n::int, true)) ORDER BY k.n), '[]'::jsonb)
    FROM unnest(i.indkey) WITH ORDINALITY AS k (attnum, n)
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.attnum <> 0
    WHERE k.n > i.indnkeyatts),
  'expressions', (SELECT coalesce(jsonb_agg(coalesce(a.attname, pg_catalog.pg_get_indexdef(i.indexrelid, k.n::int, true)) ORDER BY k.n), '[]'::jsonb)
    FROM unnest(i.indkey) WITH ORDINALITY AS k (attnum, n)
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.attnum <> 0
    WHERE k.attnum = 0)) AS item
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
JOIN pg_catalog.pg_am m ON m.oid = x.relam
JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = $1::text AND n.nspname = $2::text`

// Indexes describes the indexes of a table by name, those of constraints included.
func Indexes(ctx context.Context, ask Ask, table, schema string) ([]Index, error) {
	found := []Index{}
	err := ask.decode(ctx, &found, list(indexes, "name"), table, schema)
	return found, err
}
