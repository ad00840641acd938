package operation

import (
	"context"

	"ouroboros-postgres/core/engine"
	"ouroboros-postgres/core/wire"
)

// Reply is a result set (Rows) or any JSON value (Value).
type Reply struct {
	Rows  *wire.Result
	Value any
}

// Func runs one operation; request is the whole JSON object of the caller.
type Func func(ctx context.Context, session engine.Session, request []byte) (Reply, error)

// Find looks an operation up by the name that requests use.
func Find(name string) (Func, bool) { return nil, false }

// Pure answers the operations that need no session (identifier, reference).
func Pure(name string, request []byte) (any, bool, error) { return nil, false, nil }
