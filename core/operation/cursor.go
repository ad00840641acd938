package operation

import (
	"context"

	"ouroboros-postgres/core/engine"
	"ouroboros-postgres/core/wire"
)

const cursorFailed = "Query failed"

// cursorRequest is that of a statement which is not run at once: it must not be sent ahead.
type cursorRequest struct {
	header
	SQL   string              `json:"sql"`
	Args  wire.Args           `json:"args"`
	Named map[string]wire.Arg `json:"named"`
}

func openCursor(ctx context.Context, session engine.Session, r *cursorRequest) (Reply, error) {
	source := statementRequest{SQL: r.SQL, Args: r.Args, Named: r.Named}
	s, err := source.statement()
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
