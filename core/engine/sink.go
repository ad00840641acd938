package engine

import (
	"bytes"
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"ouroboros-postgres/core/wire"
)

// sink takes the rows of one statement. describe may be called again when an execution is repeated: it starts afresh.
type sink interface {
	// describe answers with the formats to ask for.
	describe(fields []pgconn.FieldDescription, types wire.Types) ([]int16, error)
	// text announces that all values come as text, whatever describe asked for.
	text()
	row(values [][]byte) error
	// rest is called when all rows have come and the connection is free for questions.
	rest(ctx context.Context, b *backend) error
}

// encoding appends rows to the payload for the caller.
type encoding struct {
	shape   wire.Shape
	encoder *wire.RowEncoder
	waiting [][][]byte // rows from the first one on that has a value of a type not known yet
}

func (e *encoding) describe(fields []pgconn.FieldDescription, types wire.Types) ([]int16, error) {
	encoder, err := wire.NewRowEncoder(fields, types, e.shape)
	if err != nil {
		return nil, err
	}
	e.encoder, e.waiting = encoder, nil
	return encoder.Formats(), nil
}

func (e *encoding) text() { e.encoder.AcceptText() }

func (e *encoding) row(values [][]byte) error {
	if len(e.waiting) == 0 {
		err := e.encoder.Row(values)
		if unknown := (*wire.UnknownTypeError)(nil); !errors.As(err, &unknown) {
			return err
		}
	}
	e.waiting = append(e.waiting, cloned(values))
	return nil
}

func cloned(values [][]byte) [][]byte {
	row := make([][]byte, len(values))
	for i, value := range values {
		row[i] = bytes.Clone(value)
	}
	return row
}

func (e *encoding) rest(ctx context.Context, b *backend) error {
	for i := 0; i < len(e.waiting); {
		err := e.encoder.Row(e.waiting[i])
		if unknown := (*wire.UnknownTypeError)(nil); errors.As(err, &unknown) {
			types, failed := b.pool.types.ensure(ctx, b.pg, []uint32{unknown.OID})
			if failed != nil {
				return failed
			}
			e.encoder.Learn(types)
			continue
		}
		if err != nil {
			return err
		}
		i++
	}
	return nil
}

func (e *encoding) result(tag pgconn.CommandTag) *wire.Result { return e.encoder.Result(tag) }

// texts keeps rows in PostgreSQL's own text form, for the engine's and the operations' own questions.
type texts struct{ rows [][]*string }

func (t *texts) describe([]pgconn.FieldDescription, wire.Types) ([]int16, error) {
	t.rows = nil
	return nil, nil
}

func (t *texts) text() {}

func (t *texts) rest(context.Context, *backend) error { return nil }

func (t *texts) row(values [][]byte) error {
	row := make([]*string, len(values))
	for i, value := range values {
		if value != nil {
			text := string(value)
			row[i] = &text
		}
	}
	t.rows = append(t.rows, row)
	return nil
}
