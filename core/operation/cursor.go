package operation

import (
	"context"

	"github.com/goccy/go-json"

	"ouroboros-postgres/core/engine"
	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/wire"
)

const cursorFailed = "Query failed"

// cursorRequest is that of a statement which is not run at once: it must not be sent ahead.
type cursorRequest struct {
	header
	SQL   string              `json:"sql"`
	Args  wire.Args           `json:"args"`
	Named map[string]wire.Arg `json:"named"`

	Statement json.RawMessage `json:"statement"`
}

// source is the statement of a tree or of a text.
func (r *cursorRequest) source(t trees) (engine.Statement, error) {
	if !present(r.Statement) {
		text := statementRequest{SQL: r.SQL, Args: r.Args, Named: r.Named}
		return text.statement()
	}
	if r.SQL != "" || r.Named != nil {
		return engine.Statement{}, pgerr.New(pgerr.Value, "statement excludes sql and named")
	}
	s, _, err := t.statement(string(r.Statement), r.Args)
	return s, err
}

func (t trees) openCursor(ctx context.Context, session engine.Session, r *cursorRequest) (Reply, error) {
	s, err := r.source(t)
	if err != nil {
		return Reply{}, err
	}
	cursor, err := session.OpenCursor(ctx, s)
	return Reply{Cursor: cursor}, err
}

// Fetch reads the next rows of a cursor.
func Fetch(ctx context.Context, cursor *engine.Cursor, count int) (Reply, error) {
	reply, err := rows(cursor.Fetch(ctx, count))
	return reply, prefixed(err, cursorFailed)
}

// CloseCursor ends a cursor before its last row.
func CloseCursor(ctx context.Context, cursor *engine.Cursor) error {
	return prefixed(cursor.Close(ctx), cursorFailed)
}
