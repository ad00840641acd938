package wire_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"ouroboros-postgres/core/internal/pgtest"
	"ouroboros-postgres/core/wire"
)

// server is a connection with the types that the tests create.
type server struct {
	t     testing.TB
	conn  *pgconn.PgConn
	types *catalogue
}

// catalogue adds types to the built-in ones, as the engine does.
type catalogue struct {
	builtin *wire.Builtin
	more    map[uint32]*wire.Type
}

func (c *catalogue) Type(oid uint32) (*wire.Type, bool) {
	if t, ok := c.more[oid]; ok {
		return t, true
	}
	return c.builtin.Type(oid)
}

func connect(t testing.TB) *server {
	t.Helper()
	conn, err := pgconn.Connect(context.Background(), pgtest.DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	s := &server{t: t, conn: conn, types: &catalogue{builtin: wire.NewBuiltin(), more: map[uint32]*wire.Type{}}}
	s.script(setup)
	s.loadTypes()
	return s
}

const setup = `
set client_min_messages = warning;
drop schema if exists wire_test cascade;
create schema wire_test;
set search_path = wire_test, public;
create extension if not exists hstore;
create extension if not exists citext;
create type mood as enum ('sad', 'it''s "ok"', 'happy');
create domain positive as int4 check (value > 0);
create type inner_row as (a int4, b text);
create type outer_row as (id int8, label text, part inner_row, tags text[], price numeric, at timestamptz, data jsonb,
  raw bytea, n positive, how mood, span int4range, pairs hstore);
create type with_point as (id int4, place point, day date, gap interval, flag bool, tags text[]);
create type float_span as range (subtype = float8);
create type text_span as range (subtype = text);
set datestyle = 'ISO, DMY';
`

func (s *server) script(sql string) {
	s.t.Helper()
	if _, err := s.conn.Exec(context.Background(), sql).ReadAll(); err != nil {
		s.t.Fatal(err)
	}
}

type typeRow struct {
	OID    uint32   `json:"oid"`
	Name   string   `json:"name"`
	Class  string   `json:"class"`
	Elem   uint32   `json:"elem"`
	Fields []string `json:"fields"`
	Types  []uint32 `json:"types"`
}

const typesSQL = `
select coalesce(json_agg(json_build_object('oid', t.oid::int8, 'name', typname, 'class',
  case when typelem <> 0 and typlen = -1 then 'a' else typtype::text end,
  'elem', coalesce(nullif(typelem::int8, 0), nullif(typbasetype::int8, 0), r.rngsubtype::int8, m.rngtypid::int8, 0),
  'fields', (select json_agg(attname order by attnum) from pg_attribute where attrelid = typrelid and attnum > 0),
  'types', (select json_agg(atttypid::int8 order by attnum) from pg_attribute where attrelid = typrelid and attnum > 0)
)), '[]')
from pg_type t left join pg_range r on r.rngtypid = t.oid left join pg_range m on m.rngmultitypid = t.oid
where t.oid >= 16384`

func (s *server) loadTypes() {
	results, err := s.conn.Exec(context.Background(), typesSQL).ReadAll()
	if err != nil {
		s.t.Fatal(err)
	}
	var rows []typeRow
	if err := json.Unmarshal(results[0].Rows[0][0], &rows); err != nil {
		s.t.Fatal(err)
	}
	classes := map[string]wire.Class{
		"a": wire.Array, "e": wire.Enum, "d": wire.Domain, "c": wire.Composite, "r": wire.Range, "m": wire.Multirange,
	}
	for _, row := range rows {
		s.types.more[row.OID] = &wire.Type{OID: row.OID, Name: row.Name, Class: classes[row.Class]}
	}
	for _, row := range rows {
		t := s.types.more[row.OID]
		if row.Elem != 0 {
			t.Elem = s.find(row.Elem)
		}
		for i, name := range row.Fields {
			t.Fields = append(t.Fields, wire.Field{Name: name, Type: s.find(row.Types[i])})
		}
	}
}

func (s *server) find(oid uint32) *wire.Type {
	t, ok := s.types.Type(oid)
	if !ok {
		s.t.Fatalf("no type %d", oid)
	}
	return t
}

// query runs one statement the way the engine does and returns its payload.
func (s *server) query(sql, args string) (string, error) {
	s.t.Helper()
	parsed, err := wire.ParseArgs([]byte(args))
	if err != nil {
		return "", err
	}
	var declared []uint32
	for range 3 {
		prepared, err := s.prepare(sql, declared, parsed)
		if err != nil {
			return "", err
		}
		params := make([]*wire.Type, len(prepared.ParamOIDs))
		for i, oid := range prepared.ParamOIDs {
			params[i] = s.find(oid)
		}
		binding, err := wire.Bind(parsed, params)
		if err != nil {
			return "", err
		}
		if binding.Declare == nil {
			return s.execute(prepared, binding)
		}
		declared = binding.Declare
	}
	return "", errors.New("binding does not end")
}

func (s *server) prepare(sql string, declared []uint32, args []wire.Arg) (*pgconn.StatementDescription, error) {
	prepared, err := s.conn.Prepare(context.Background(), "", sql, declared)
	var fault *pgconn.PgError
	if declared == nil && errors.As(err, &fault) {
		switch fault.Code {
		case "42P18", "42725", "42804", "42883":
			return s.conn.Prepare(context.Background(), "", sql, wire.Natural(args))
		}
	}
	return prepared, err
}

func (s *server) execute(prepared *pgconn.StatementDescription, binding wire.Binding) (string, error) {
	encoder, err := wire.NewRowEncoder(prepared.Fields, s.types, wire.Shape{})
	if err != nil {
		return "", err
	}
	reader := s.conn.ExecPrepared(context.Background(), "", binding.Values, binding.Formats, encoder.Formats())
	for reader.NextRow() {
		if rowErr := encoder.Row(reader.Values()); rowErr != nil && err == nil {
			err = rowErr
		}
	}
	tag, closeErr := reader.Close()
	if closeErr != nil {
		return "", closeErr
	}
	if err != nil {
		return "", err
	}
	return string(encoder.Result(tag).AppendPayload(nil)), nil
}

// simple runs one statement through the simple protocol, in which everything is text.
func (s *server) simple(sql string) (string, error) {
	results := s.conn.Exec(context.Background(), sql)
	var payload string
	var err error
	for results.NextResult() {
		reader := results.ResultReader()
		encoder, encoderErr := wire.NewRowEncoder(reader.FieldDescriptions(), s.types, wire.Shape{})
		if encoderErr != nil {
			s.t.Fatal(encoderErr)
		}
		encoder.AcceptText()
		for reader.NextRow() {
			if rowErr := encoder.Row(reader.Values()); rowErr != nil && err == nil {
				err = rowErr
			}
		}
		tag, closeErr := reader.Close()
		if closeErr != nil {
			return "", closeErr
		}
		payload = string(encoder.Result(tag).AppendPayload(nil))
	}
	if closeErr := results.Close(); closeErr != nil {
		return "", closeErr
	}
	return payload, err
}

// value is the only value of a payload.
func value(t testing.TB, payload string) (kind, data string) {
	t.Helper()
	var p struct {
		Cols [][2]json.RawMessage `json:"cols"`
		Rows [][]json.RawMessage  `json:"rows"`
		Tag  string               `json:"tag"`
	}
	if err := json.Unmarshal([]byte(payload), &p); err != nil {
		t.Fatalf("%v in %s", err, payload)
	}
	if len(p.Cols) != 1 || len(p.Rows) != 1 {
		t.Fatalf("expected one value, got %s", payload)
	}
	return string(p.Cols[0][1]), string(p.Rows[0][0])
}
