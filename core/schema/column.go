package schema

import (
	"context"
	"fmt"
)

// Column is one column of a table.
type Column struct {
	Name         string   `json:"name"`
	DataType     string   `json:"data_type"`
	Nullable     bool     `json:"nullable"`
	Default      *string  `json:"default"`
	IsPrimaryKey bool     `json:"is_primary_key"`
	IsUnique     bool     `json:"is_unique"`
	SQLType      string   `json:"sql_type"`
	Position     int      `json:"ordinal_position"`
	MaxLength    *int     `json:"max_length"`
	Precision    *int     `json:"precision"`
	Scale        *int     `json:"scale"`
	IsArray      bool     `json:"is_array"`
	IsIdentity   bool     `json:"is_identity"`
	IsGenerated  bool     `json:"is_generated"`
	EnumValues   []string `json:"enum_values"`
	Collation    *string  `json:"collation"`
	Comment      *string  `json:"comment"`
}

// columns decodes type modifiers as the types' own output functions do: varchar and char carry 4 bytes of header, bit
// strings none, numeric packs the precision above a signed scale of 11 bits. data_type arrives as the plain type name.
const columns = `
SELECT a.attnum AS position, jsonb_build_object(
  'name', a.attname,
  'data_type', pg_catalog.format_type(a.atttypid, NULL),
  'nullable', NOT (a.attnotnull OR t.typtype = 'd' AND t.typnotnull),
  'default', CASE WHEN a.attgenerated = '' AND a.attidentity = '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END,
  'is_primary_key', EXISTS (
    SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND a.attnum = ANY (i.indkey)),
  'is_unique', EXISTS (
    SELECT 1 FROM pg_catalog.pg_index i
    WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum AND i.indpred IS NULL),
  'sql_type', pg_catalog.format_type(a.atttypid, a.atttypmod),
  'ordinal_position', a.attnum,
  'max_length', CASE WHEN a.atttypmod < 0 THEN NULL
    WHEN a.atttypid IN ('varchar'::regtype, 'bpchar'::regtype) THEN a.atttypmod - 4
    WHEN a.atttypid IN ('bit'::regtype, 'varbit'::regtype) THEN a.atttypmod END,
  'precision', CASE WHEN a.atttypid = 'numeric'::regtype AND a.atttypmod >= 4 THEN ((a.atttypmod - 4) >> 16) & 65535 END,
  'scale', CASE WHEN a.atttypid = 'numeric'::regtype AND a.atttypmod >= 4 THEN (((a.atttypmod - 4) & 2047) # 1024) - 1024 END,
  'is_array', t.typcategory = 'A',
  'is_identity', a.attidentity <> '',
  'is_generated', a.attgenerated <> '',
  'enum_values', (
    SELECT jsonb_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid IN (t.oid, t.typelem, t.typbasetype)),
  'collation', (SELECT l.collname FROM pg_catalog.pg_collation l WHERE l.oid = a.attcollation AND a.attcollation <> t.typcollation),
  'comment', pg_catalog.col_description(c.oid, a.attnum)) AS item
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relname = $1::text AND n.nspname = $2::text AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`

// Columns describes the columns of a table or view in order; there are none when it does not exist.
func Columns(ctx context.Context, ask Ask, table, schema string) ([]Column, error) {
	found := []Column{}
	if err := ask.decode(ctx, &found, list(columns, "position"), table, schema); err != nil {
		return nil, err
	}
	for i := range found {
		found[i].classify()
	}
	return found, nil
}

// classify replaces the plain type name by the documented form.
func (c *Column) classify() {
	switch c.DataType {
	case "smallint":
		c.DataType = "SmallInt"
	case "integer":
		c.DataType = "Integer"
	case "bigint":
		c.DataType = "BigInt"
	case "real":
		c.DataType = "Real"
	case "double precision":
		c.DataType = "DoublePrecision"
	case "text":
		c.DataType = "Text"
	case "boolean":
		c.DataType = "Boolean"
	case "bytea":
		c.DataType = "Bytea"
	case "uuid":
		c.DataType = "Uuid"
	case "date":
		c.DataType = "Date"
	case "time without time zone":
		c.DataType = "Time"
	case "timestamp without time zone":
		c.DataType = "Timestamp"
	case "timestamp with time zone":
		c.DataType = "TimestampTz"
	case "json":
		c.DataType = "Json"
	case "jsonb":
		c.DataType = "Jsonb"
	default:
		c.DataType = c.sized()
	}
}

func (c *Column) sized() string {
	switch {
	case c.DataType == "numeric" && c.Precision != nil && c.Scale != nil:
		return fmt.Sprintf("Numeric(%d, %d)", *c.Precision, *c.Scale)
	case c.DataType == "numeric":
		return "Numeric"
	case c.DataType == "character varying" && c.MaxLength != nil:
		return fmt.Sprintf("Varchar(%d)", *c.MaxLength)
	case c.DataType == "character varying":
		return "Varchar"
	}
	return c.SQLType
}
