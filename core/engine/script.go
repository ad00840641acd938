package engine

import (
	"context"

	"github.com/jackc/pgx/v5/pgconn"
)

// runScript runs several statements as one batch of the simple protocol, an implicit transaction. The result is that of
// the last one; its rows wait until the connection is free again, because their types may have to be looked up.
func (b *backend) runScript(ctx context.Context, sql string, out sink) (pgconn.CommandTag, error) {
	results := b.pg.Exec(ctx, sql)
	var last script
	for results.NextResult() {
		last = script{}
		if err := last.read(results.ResultReader()); err != nil {
			break // Close reports it
		}
		b.pool.noticeDDL(b, last.tag.String())
	}
	if err := results.Close(); err != nil {
		return last.tag, err
	}
	oids := make([]uint32, len(last.fields))
	for i := range last.fields {
		oids[i] = last.fields[i].DataTypeOID
	}
	types, err := b.pool.types.ensure(ctx, b.pg, oids)
	if err != nil {
		return last.tag, err
	}
	return last.tag, last.replay(out, types)
}

// script keeps one result of a batch.
type script struct {
	fields []pgconn.FieldDescription
	rows   [][][]byte
	tag    pgconn.CommandTag
}

func (r *script) read(reader *pgconn.ResultReader) error {
	r.fields = append(r.fields, reader.FieldDescriptions()...)
	for reader.NextRow() {
		r.rows = append(r.rows, cloned(reader.Values()))
	}
	tag, err := reader.Close()
	r.tag = tag
	return err
}

func (r *script) replay(out sink, types *typeSet) error {
	if _, err := out.describe(r.fields, types); err != nil {
		return err
	}
	out.text()
	for _, row := range r.rows {
		if err := out.row(row); err != nil {
			return err
		}
	}
	return nil
}
