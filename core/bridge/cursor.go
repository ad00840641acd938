package bridge

import (
	"context"

	"ouroboros-postgres/core/engine"
	"ouroboros-postgres/core/operation"
)

// cursorControls are the operations on a cursor; opening one is an operation on a pool or a transaction.
func cursorControls() map[string]control {
	return map[string]control{
		"fetch":        {target: KindCursor, run: fetch},
		"close_cursor": {target: KindCursor, durable: true, run: closeCursor},
	}
}

func fetch(ctx context.Context, c call) (reply, error) {
	var request struct {
		Op    string `json:"op"`
		Count *int   `json:"count"`
	}
	cursor, err := target[*engine.Cursor](c, &request)
	if err != nil {
		return reply{}, err
	}
	if request.Count == nil {
		return reply{}, missing("count")
	}
	answer, err := operation.Fetch(ctx, cursor, *request.Count)
	return reply{rows: answer.Rows}, err
}

func closeCursor(ctx context.Context, c call) (reply, error) {
	cursor, err := target[*engine.Cursor](c, &bare{})
	if err != nil {
		return reply{}, err
	}
	return reply{}, operation.CloseCursor(ctx, cursor)
}

// issueCursor makes a cursor usable for whoever receives the handle. It shares the line of its transaction.
func (l *Library) issueCursor(cursor *engine.Cursor) (reply, error) {
	return l.issue(KindCursor, resource{
		value: cursor, dispose: cursor.Abandon, enqueue: func() turn { return cursor.Enqueue() },
	})
}
