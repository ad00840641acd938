package engine

import (
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
}

// encoding appends rows to the payload for the caller.
type encoding struct {
	shape   wire.Shape
	encoder *wire.RowEncoder
}

func (e *encoding) describe(fields []pgconn.FieldDescription, types wire.Types) ([]int16, error) {
	encoder, err := wire.NewRowEncoder(fields, types, e.shape)
	if err != nil {
		return nil, err
	}
	e.encoder = encoder
	return encoder.Formats(), nil
}

func (e *encoding) text() { e.encoder.AcceptText() }

func (e *encoding) row(values [][]byte) error { return e.encoder.Row(values) }

func (e *encoding) result(tag pgconn.CommandTag) *wire.Result { return e.encoder.Result(tag) }

// texts keeps rows in PostgreSQL's own text form, for the engine's and the operations' own questions.
type texts struct{ rows [][]*string }

func (t *texts) describe([]pgconn.FieldDescription, wire.Types) ([]int16, error) {
	t.rows = nil
	return nil, nil
}

func (t *texts) text() {}

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
