package engine

import (
	"context"

	"ouroboros-postgres/core/wire"
)

// Statement is one SQL text with its arguments.
type Statement struct {
	SQL  string
	Args []wire.Arg
	// Read marks a statement without effects: it may run again when its connection is lost.
	Read bool
	// Insert marks an INSERT of rows as they are given: what Columns has told stays true.
	Insert bool
	// Shape, when set, rearranges the result columns before encoding (nested relations); see wire.Shape.
	Shape wire.Shape
}

// Session runs statements: a pool (each on its own, in autocommit) or an open transaction (all on one connection).
type Session interface {
	// Query runs one statement and encodes its rows, if it has any.
	Query(ctx context.Context, s Statement) (*wire.Result, error)
	// Text runs one statement and returns its rows in PostgreSQL's text form, nil for NULL. For the core's own questions.
	Text(ctx context.Context, s Statement) ([][]*string, error)
	// OpenCursor binds one statement whose rows are then fetched in batches.
	OpenCursor(ctx context.Context, s Statement) (*Cursor, error)
	// Atomic runs fn in a transaction: on a pool in one of its own, rerun as a whole after a transient error; inside a
	// transaction behind a savepoint.
	Atomic(ctx context.Context, fn func(Session) error) error
	// Log delivers a record to whoever runs the operation of ctx, if it is listened to.
	Log(ctx context.Context, logger string, level int, message string, fields map[string]any)
	// Columns describes a table's columns from the cache of this pool, nil when there is no such table. schema "" follows
	// the search_path.
	Columns(ctx context.Context, schema, table string) ([]Column, error)
}

// Column is what writing a table needs to know of it.
type Column struct {
	Name      string
	Type      *wire.Type
	Generated bool
	// Verbatim: an INSERT is known to store what it is given, as far as the type holds it: nothing rounds, pads or
	// replaces it. Only transactions know, as their locks keep that true from their first INSERT on.
	Verbatim bool
}
