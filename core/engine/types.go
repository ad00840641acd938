package engine

import (
	"context"
	"maps"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/goccy/go-json"
	"github.com/jackc/pgx/v5/pgconn"

	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/wire"
)

// catalogue knows the types of one database.
type catalogue struct {
	known atomic.Pointer[typeSet]
}

// typeSet holds the built-in types and those read from pg_type up to some moment. It never changes: the answer to a
// statement is read with the types that the statement was prepared with, whatever DDL makes the catalogue forget meanwhile.
type typeSet struct {
	builtin *wire.Builtin
	loaded  map[uint32]*wire.Type
}

func newCatalogue() *catalogue {
	c := &catalogue{}
	c.known.Store(&typeSet{builtin: wire.NewBuiltin()})
	return c
}

// Type implements wire.Types.
func (s *typeSet) Type(oid uint32) (*wire.Type, bool) {
	if t, ok := s.builtin.Type(oid); ok {
		return t, true
	}
	t, ok := s.loaded[oid]
	return t, ok
}

// forget drops what DDL may have changed.
func (c *catalogue) forget() {
	c.known.Store(&typeSet{builtin: c.known.Load().builtin})
}

func (s *typeSet) missing(oids []uint32) []uint32 {
	var unknown []uint32
	for _, oid := range oids {
		if _, ok := s.Type(oid); !ok && oid != 0 {
			unknown = append(unknown, oid)
		}
	}
	return unknown
}

// ensure reads the unknown ones among oids, and all they are made of, in one round trip, and answers with a set that has
// all of oids.
func (c *catalogue) ensure(ctx context.Context, pg *pgconn.PgConn, oids []uint32) (*typeSet, error) {
	known := c.known.Load()
	unknown := known.missing(oids)
	if len(unknown) == 0 {
		return known, nil
	}
	rows, err := readTypes(ctx, pg, unknown)
	if err != nil {
		return nil, err
	}
	more := known.with(rows, unknown)
	c.known.CompareAndSwap(known, more) // else something else was faster, DDL perhaps: this is for the one who asked only
	return more, nil
}

// with is the set with what was read for the unknown types.
func (s *typeSet) with(rows []typeRow, unknown []uint32) *typeSet {
	more := &typeSet{builtin: s.builtin, loaded: make(map[uint32]*wire.Type, len(s.loaded)+len(rows))}
	maps.Copy(more.loaded, s.loaded)
	for _, row := range rows {
		if _, ok := s.builtin.Type(row.oid); !ok {
			more.loaded[row.oid] = row.bare()
		}
	}
	for _, row := range rows {
		if t, ok := more.loaded[row.oid]; ok {
			more.link(t, row)
		}
	}
	for _, oid := range unknown {
		if more.loaded[oid] == nil { // dropped meanwhile
			more.loaded[oid] = &wire.Type{OID: oid, Name: strconv.FormatUint(uint64(oid), 10), Class: wire.Pseudo}
		}
	}
	return more
}

func (s *typeSet) link(t *wire.Type, row typeRow) {
	t.Elem, _ = s.Type(row.elem)
	for _, f := range row.fields {
		part, _ := s.Type(f.oid)
		t.Fields = append(t.Fields, wire.Field{Name: f.name, Type: part})
	}
}

type typeField struct {
	name string
	oid  uint32
}

// UnmarshalJSON reads ["name", oid].
func (f *typeField) UnmarshalJSON(data []byte) error {
	pair := [2]any{&f.name, &f.oid}
	return json.Unmarshal(data, &pair)
}

type typeRow struct {
	oid, elem    uint32
	schema, name string
	class        wire.Class
	fields       []typeField
}

func (r typeRow) bare() *wire.Type {
	return &wire.Type{OID: r.oid, Schema: r.schema, Name: r.name, Class: r.class}
}

// typeQuery follows each type to its parts. Multirange types came with PostgreSQL 14.
const typeQuery = `WITH RECURSIVE wanted(oid) AS (
  SELECT unnest($1::pg_catalog.oid[])
  UNION
  SELECT part.oid FROM wanted
  JOIN pg_catalog.pg_type p ON p.oid = wanted.oid
  CROSS JOIN LATERAL (
    SELECT p.typelem UNION ALL SELECT p.typbasetype
    UNION ALL SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE r.rngtypid = p.oid
    MULTIRANGE_PARTS
    UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a
      WHERE p.typtype = 'c' AND a.attrelid = p.typrelid AND a.attnum > 0 AND NOT a.attisdropped
  ) AS part(oid)
  WHERE part.oid <> 0
)
SELECT p.oid, n.nspname, p.typname,
  CASE WHEN p.typtype = 'b' AND p.typcategory = 'A' AND p.typlen = -1 AND p.typelem <> 0 THEN 'a' ELSE p.typtype::text END,
  CASE p.typtype WHEN 'd' THEN p.typbasetype
    WHEN 'r' THEN (SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE r.rngtypid = p.oid)
    MULTIRANGE_ELEMENT
    ELSE p.typelem END,
  COALESCE((SELECT pg_catalog.json_agg(pg_catalog.json_build_array(a.attname, a.atttypid::pg_catalog.int8) ORDER BY a.attnum)
    FROM pg_catalog.pg_attribute a
    WHERE p.typtype = 'c' AND a.attrelid = p.typrelid AND a.attnum > 0 AND NOT a.attisdropped)::text, '[]')
FROM wanted JOIN pg_catalog.pg_type p ON p.oid = wanted.oid JOIN pg_catalog.pg_namespace n ON n.oid = p.typnamespace`

func typeQueryFor(pg *pgconn.PgConn) string {
	parts, element := "", ""
	if serverMajor(pg) >= 14 {
		parts = "UNION ALL SELECT r.rngtypid FROM pg_catalog.pg_range r WHERE r.rngmultitypid = p.oid"
		element = "WHEN 'm' THEN (SELECT r.rngtypid FROM pg_catalog.pg_range r WHERE r.rngmultitypid = p.oid)"
	}
	return strings.NewReplacer("MULTIRANGE_PARTS", parts, "MULTIRANGE_ELEMENT", element).Replace(typeQuery)
}

// serverMajor is 0 when the server does not say.
func serverMajor(pg *pgconn.PgConn) int {
	version := pg.ParameterStatus("server_version")
	end := strings.IndexFunc(version, func(r rune) bool { return r < '0' || r > '9' })
	if end >= 0 {
		version = version[:end]
	}
	major, err := strconv.Atoi(version)
	if err != nil {
		return 0
	}
	return major
}

func readTypes(ctx context.Context, pg *pgconn.PgConn, oids []uint32) ([]typeRow, error) {
	list := []byte{'{'}
	for i, oid := range oids {
		if i > 0 {
			list = append(list, ',')
		}
		list = strconv.AppendUint(list, uint64(oid), 10)
	}
	list = append(list, '}')
	reader := pg.ExecParams(ctx, typeQueryFor(pg), [][]byte{list}, nil, nil, nil)
	var rows []typeRow
	for reader.NextRow() {
		row, err := parseTypeRow(reader.Values())
		if err != nil {
			_, _ = reader.Close()
			return nil, err
		}
		rows = append(rows, row)
	}
	_, err := reader.Close()
	return rows, err
}

var typeClasses = map[string]wire.Class{
	"a": wire.Array, "b": wire.Scalar, "c": wire.Composite, "d": wire.Domain, "e": wire.Enum, "m": wire.Multirange,
	"p": wire.Pseudo, "r": wire.Range,
}

func parseTypeRow(values [][]byte) (typeRow, error) {
	oid, errOID := strconv.ParseUint(string(values[0]), 10, 32)
	elem, errElem := strconv.ParseUint(string(values[4]), 10, 32)
	row := typeRow{
		oid: uint32(oid), elem: uint32(elem), schema: string(values[1]), name: string(values[2]),
		class: typeClasses[string(values[3])],
	}
	errFields := json.Unmarshal(values[5], &row.fields)
	if errOID != nil || errElem != nil || errFields != nil {
		return row, pgerr.New(pgerr.Internal, "the type catalogue answered in an unknown form")
	}
	return row, nil
}
