package migrate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"ouroboros-postgres/core/engine"
	"ouroboros-postgres/core/pgerr"
)

// Options are those of a run.
type Options struct {
	Directory string
	Table     string // the history, "name" or "schema.name"
	// Target is the last version to apply, or the last one to keep; "" for none.
	Target string
	// DryRun answers what would run.
	DryRun bool
	// LockTimeout bounds the wait for others who migrate, and is the server's lock_timeout; 0 for none.
	LockTimeout time.Duration
	// StatementTimeout is the server's statement_timeout; 0 to leave it.
	StatementTimeout time.Duration
}

// Init creates the history table if there is none.
func Init(ctx context.Context, pool *engine.Pool, table string) error {
	return pool.Pin(ctx, func(db *engine.Pinned) error {
		h, err := resolve(ctx, db, table)
		if err != nil || h.exists {
			return err
		}
		if err := h.lock(ctx, db, 0); err != nil { // two CREATE TABLE IF NOT EXISTS at once may collide
			return err
		}
		return h.create(ctx, db)
	})
}

// Report tells where the database stands.
func Report(ctx context.Context, pool *engine.Pool, directory, table string) (Status, error) {
	files, err := Load(directory)
	if err != nil {
		return Status{}, err
	}
	applied, err := peek(ctx, pool, table)
	return compare(files, applied), err
}

// peek reads the history without a lock.
func peek(ctx context.Context, db asker, table string) ([]Applied, error) {
	h, err := resolve(ctx, db, table)
	if err != nil {
		return nil, err
	}
	return h.applied(ctx, db)
}

// Apply runs what is pending and answers with its versions.
func Apply(ctx context.Context, pool *engine.Pool, o Options) ([]string, error) {
	return o.run(ctx, pool, upward, func(files []Migration, applied []Applied) ([]Migration, error) {
		return upwards(files, applied, o.Target)
	})
}

// Rollback reverts the migrations that were applied last, and answers with their versions.
func Rollback(ctx context.Context, pool *engine.Pool, o Options, steps int) ([]string, error) {
	return o.run(ctx, pool, downward, func(files []Migration, applied []Applied) ([]Migration, error) {
		return downwards(files, applied, steps, o.Target)
	})
}

type selection func(files []Migration, applied []Applied) ([]Migration, error)

func (o Options) run(ctx context.Context, pool *engine.Pool, d direction, choose selection) ([]string, error) {
	files, err := Load(o.Directory)
	if err != nil {
		return nil, err
	}
	var todo []Migration
	if o.DryRun {
		applied, err := peek(ctx, pool, o.Table)
		if err == nil {
			todo, err = choose(files, applied)
		}
		return versions(todo), err
	}
	err = pool.Pin(ctx, func(db *engine.Pinned) error {
		r := runner{Options: o, direction: d, db: db}
		applied, err := r.prepare(ctx)
		if err != nil {
			return err
		}
		if todo, err = choose(files, applied); err != nil {
			return err
		}
		for _, m := range todo {
			if err := r.migrate(ctx, m); err != nil {
				return err
			}
		}
		return nil
	})
	return versions(todo), err
}

// direction is the difference between applying and reverting.
type direction struct {
	verb       string
	statements func(Migration) []string
	record     func(h history, ctx context.Context, db asker, m Migration) error
}

var (
	upward   = direction{"apply", func(m Migration) []string { return m.Up }, history.add}
	downward = direction{"revert", func(m Migration) []string { return m.Down }, history.remove}
)

// runner migrates on one connection, which holds the lock.
type runner struct {
	Options
	direction

	db      *engine.Pinned
	history history
}

// prepare takes the lock and reads the history, which is created if it has to be.
func (r *runner) prepare(ctx context.Context) ([]Applied, error) {
	h, err := resolve(ctx, r.db, r.Table)
	if err != nil {
		return nil, err
	}
	if err := h.lock(ctx, r.db, r.LockTimeout); err != nil {
		return nil, err
	}
	if err := r.limit(ctx); err != nil {
		return nil, err
	}
	if err := h.create(ctx, r.db); err != nil {
		return nil, err
	}
	h.exists = true
	r.history = h
	return h.applied(ctx, r.db)
}

// limit sets the timeouts for the session.
func (r *runner) limit(ctx context.Context) error {
	for _, setting := range []struct {
		name  string
		value time.Duration
	}{{"lock_timeout", r.LockTimeout}, {"statement_timeout", r.StatementTimeout}} {
		if setting.value == 0 {
			continue
		}
		ms := min((setting.value+time.Millisecond-1)/time.Millisecond, math.MaxInt32)
		sql := "SET " + setting.name + " = " + strconv.FormatInt(int64(ms), 10)
		if _, err := r.db.Text(ctx, engine.Statement{SQL: sql}); err != nil {
			return err
		}
	}
	return nil
}

// migrate runs one migration and records it.
func (r *runner) migrate(ctx context.Context, m Migration) error {
	var err error
	if m.Autocommit {
		err = r.oneByOne(ctx, m)
	} else {
		err = r.db.Atomic(ctx, func(tx engine.Session) error {
			// The record comes first: the statements may change role or search_path.
			if err := r.record(r.history, ctx, tx, m); err != nil {
				return err
			}
			return r.statementsOf(ctx, tx, m)
		})
	}
	if err != nil {
		return r.failed(err, m)
	}
	return r.reset(ctx)
}

// oneByOne lets every statement stand for itself; only when all have succeeded is there a record.
func (r *runner) oneByOne(ctx context.Context, m Migration) error {
	if err := r.statementsOf(ctx, r.db, m); err != nil {
		return err
	}
	if err := r.reset(ctx); err != nil {
		return err
	}
	return r.record(r.history, ctx, r.db, m)
}

// reset gives the next migration the session that it would have had on its own.
func (r *runner) reset(ctx context.Context) error {
	if err := r.db.Reset(ctx); err != nil {
		return err
	}
	return r.limit(ctx)
}

func (r *runner) statementsOf(ctx context.Context, db asker, m Migration) error {
	for i, sql := range r.statements(m) {
		if _, err := db.Text(ctx, engine.Statement{SQL: sql}); err != nil {
			return &statementError{number: i + 1, cause: pgerr.From(err)}
		}
	}
	return nil
}

// statementError says which statement of a section failed.
type statementError struct {
	number int
	cause  *pgerr.Error
}

func (e *statementError) Error() string {
	return fmt.Sprintf("(statement %d): %s", e.number, e.cause.Message)
}

func (e *statementError) Unwrap() error { return e.cause }

// failed names the migration in an error that keeps all its fields.
func (r *runner) failed(err error, m Migration) error {
	e := *pgerr.From(err)
	text := ": " + e.Message
	if s := (*statementError)(nil); errors.As(err, &s) {
		text = " " + s.Error()
	}
	e.Message = "Failed to " + r.verb + " migration " + m.Version + text
	return &e
}
