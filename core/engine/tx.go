package engine

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/query"
	"ouroboros-postgres/core/wire"
)

// TxOptions are those of BEGIN; the zero value leaves everything to the server.
type TxOptions struct {
	Isolation  string // "", "read_uncommitted", "read_committed", "repeatable_read" or "serializable"
	ReadOnly   bool
	Deferrable bool
}

var isolationLevels = map[string]string{
	"":                 "",
	"read_uncommitted": " ISOLATION LEVEL READ UNCOMMITTED",
	"read_committed":   " ISOLATION LEVEL READ COMMITTED",
	"repeatable_read":  " ISOLATION LEVEL REPEATABLE READ",
	"serializable":     " ISOLATION LEVEL SERIALIZABLE",
}

// begin is the statement; DEFERRABLE has an effect, and is sent, only with SERIALIZABLE READ ONLY.
func (o TxOptions) begin() (string, error) {
	level, ok := isolationLevels[o.Isolation]
	if !ok {
		return "", pgerr.New(pgerr.Value, "Invalid isolation level: %s", o.Isolation)
	}
	sql := "BEGIN" + level
	if o.ReadOnly {
		sql += " READ ONLY"
		if o.Deferrable && o.Isolation == "serializable" {
			sql += " DEFERRABLE"
		}
	}
	return sql, nil
}

// rollbackTimeout bounds a ROLLBACK; after it the connection is closed, which rolls back as well.
const rollbackTimeout = 10 * time.Second

// Tx is one open transaction on one connection. Its methods are called in turn (Enqueue), never at the same time.
type Tx struct {
	pool  *Pool
	lease *lease
	turns turns
	// over is set when the transaction is committed, rolled back or lost; its connection is back in the pool then.
	over atomic.Bool
	// atomics numbers the savepoints of Atomic.
	atomics int
	// undone counts how often something went back to a savepoint, which may have taken cursors away.
	undone uint64
	// pinned: the connection is somebody else's to give back.
	pinned bool
	// described are the columns of tables, as long as nothing but rows has changed since they were read.
	described map[[2]string][]Column
}

// Begin opens a transaction.
func (p *Pool) Begin(ctx context.Context, options TxOptions) (*Tx, error) {
	sql, err := options.begin()
	if err != nil {
		return nil, err
	}
	return p.beginRepeatedly(ctx, sql, nil)
}

// beginRepeatedly makes its first attempt on the connection ahead, if there is one.
func (p *Pool) beginRepeatedly(ctx context.Context, sql string, ahead *lease) (tx *Tx, err error) {
	err = p.repeating.run(ctx, func() error {
		l := ahead
		ahead = nil
		if l == nil {
			if l, err = p.acquire(ctx); err != nil {
				return err
			}
		}
		tx, err = p.begin(ctx, sql, l)
		return err
	}, repeatable, func(attempt) { p.counters.retries.Add(1) })
	return tx, err
}

func (p *Pool) begin(ctx context.Context, sql string, l *lease) (*Tx, error) {
	if err := l.simple(ctx, sql); err != nil {
		p.release(l)
		return nil, translate(err, Statement{SQL: sql, Read: true})
	}
	return p.transaction(l)
}

// transaction takes a connection on which one has begun.
func (p *Pool) transaction(l *lease) (*Tx, error) {
	tx := &Tx{pool: p, lease: l, turns: turns{spawn: p.env.Spawn}}
	p.mu.Lock()
	l.abandoned = tx.Abandon
	p.mu.Unlock()
	if p.closed.Load() { // Close may have looked at the lease before it could tell the transaction
		tx.finish()
		return nil, errNotConnected()
	}
	return tx, nil
}

// HidesDetail is that of the pool.
func (t *Tx) HidesDetail() bool { return t.pool.HidesDetail() }

// Enqueue takes the next place in line.
func (t *Tx) Enqueue() *Turn { return t.turns.enqueue() }

func errCompleted() error {
	return pgerr.New(pgerr.TransactionClosed, "Transaction already completed")
}

// finish gives the connection back; the transaction is over.
func (t *Tx) finish() {
	if t.over.Swap(true) {
		return
	}
	l := t.lease
	t.pool.mu.Lock()
	l.abandoned = nil
	t.pool.mu.Unlock()
	if l.changedSchema {
		l.changedSchema = false
		t.pool.schemaChanged() // now, or no longer, visible to the others
	}
	if !t.pinned {
		t.pool.release(l)
	}
}

// settle ends a transaction whose connection cannot be trusted any more: lost, or cancelled in mid-statement.
func (t *Tx) settle() {
	switch {
	case t.over.Load():
	case t.lease.cancel.fired.Load():
		t.lease.destroy()
		t.finish()
	case t.lease.pg.IsClosed():
		t.finish()
	}
}

// Abandon rolls back in the background, after what is running; for handles that nobody holds any more.
func (t *Tx) Abandon() {
	turn := t.Enqueue()
	t.pool.env.Spawn(func() {
		defer turn.Done()
		_ = turn.Wait(context.Background()) // never fails: everybody before has a bounded life
		if t.over.Load() {
			return
		}
		t.finish() // the pool's cleaning rolls back
	})
}

const commit = "COMMIT"

// Commit makes the work durable. It is not cancellable: a lost answer would leave the outcome open.
func (t *Tx) Commit(ctx context.Context) error {
	if t.over.Load() {
		return errCompleted()
	}
	if t.lease.pg.TxStatus() == 'E' {
		if err := t.Rollback(ctx); err != nil {
			return err
		}
		e := pgerr.New(pgerr.Database, "current transaction is aborted; it was rolled back instead of committed")
		e.SQLState = stateInFailedTransaction
		return e
	}
	err := t.control(context.WithoutCancel(ctx), commit)
	t.finish()
	if err == nil {
		return nil
	}
	e := *pgerr.From(err)
	if e.Kind == pgerr.Connection || connectionState(e.SQLState) {
		e.InDoubt, e.Retryable = true, false
		e.Message = "the outcome is unknown: " + e.Message
	}
	return &e
}

// Rollback undoes the work; on a transaction that is already over it is an error, except when the connection was lost
// under it.
func (t *Tx) Rollback(ctx context.Context) error {
	if t.over.Load() {
		return errCompleted()
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	err := t.control(bounded, "ROLLBACK")
	t.finish()
	if err != nil && t.lease.pg.IsClosed() {
		return nil // the server rolled back when it lost us
	}
	return err
}

func (t *Tx) control(ctx context.Context, sql string) error {
	if err := t.lease.simple(ctx, sql); err != nil {
		return translate(err, Statement{SQL: sql})
	}
	return nil
}

// Savepoint sets a savepoint.
func (t *Tx) Savepoint(ctx context.Context, name string) error {
	return t.savepoint(ctx, "SAVEPOINT ", name, false)
}

// RollbackTo undoes everything since the savepoint, which stays.
func (t *Tx) RollbackTo(ctx context.Context, name string) error {
	t.undone++
	t.described = nil
	return t.savepoint(ctx, "ROLLBACK TO SAVEPOINT ", name, true)
}

// Release keeps everything since the savepoint, which is gone.
func (t *Tx) Release(ctx context.Context, name string) error {
	return t.savepoint(ctx, "RELEASE SAVEPOINT ", name, true)
}

// savepoint runs a savepoint command. A guard around those that may fail keeps an unknown name from aborting the
// transaction; success destroys the guard, which is younger than the name.
func (t *Tx) savepoint(ctx context.Context, command, name string, guarded bool) error {
	quoted, err := query.Quote(name)
	if err != nil {
		return err
	}
	if t.over.Load() {
		return errCompleted()
	}
	guarded = guarded && t.lease.inTransaction()
	sql := command + quoted
	if guarded {
		sql = guardSavepoint + "; " + sql
	}
	err = t.lease.simple(ctx, sql)
	if err != nil && guarded && !t.lease.pg.IsClosed() && !t.lease.cancel.fired.Load() {
		if undo := t.lease.simple(context.WithoutCancel(ctx), guardRollback); undo != nil {
			err = undo
		}
	}
	t.settle()
	if err != nil {
		return translate(err, Statement{SQL: sql})
	}
	return nil
}

// Query implements Session.
func (t *Tx) Query(ctx context.Context, s Statement) (*wire.Result, error) {
	return t.query(ctx, s, &encoding{shape: s.Shape})
}

// query is Query, perhaps of a statement that is on its way.
func (t *Tx) query(ctx context.Context, s Statement, out *encoding) (*wire.Result, error) {
	tag, err := t.run(ctx, s, out)
	if err != nil {
		return nil, err
	}
	return t.pool.result(s, out, tag), nil
}

// Text implements Session.
func (t *Tx) Text(ctx context.Context, s Statement) ([][]*string, error) {
	out := &texts{}
	_, err := t.run(ctx, s, out)
	return out.rows, err
}

func (t *Tx) run(ctx context.Context, s Statement, out sink) (pgconn.CommandTag, error) {
	known := t.pool.plans.of(s.SQL)
	if err := known.reject(s.SQL, len(s.Args)); err != nil {
		return pgconn.CommandTag{}, err
	}
	for _, command := range known.Control {
		if !query.SavepointControl(command) {
			return pgconn.CommandTag{}, errOwnControl(command)
		}
		if command == "ROLLBACK TO" {
			t.undone++
		}
	}
	if t.over.Load() {
		return pgconn.CommandTag{}, errCompleted()
	}
	if !s.Insert {
		t.described = nil
	}
	tag, err := t.lease.timed(ctx, s, known, out, 1)
	t.settle()
	if err != nil {
		err = withinTransaction(err)
	}
	return tag, err
}

func errOwnControl(command string) error {
	return pgerr.New(pgerr.Transaction, "%s inside a transaction block; use commit() or rollback() of the transaction", command)
}

// withinTransaction: a lost connection has rolled everything back, so nothing is in doubt but COMMIT.
func withinTransaction(err error) error {
	e := *pgerr.From(err)
	if e.Kind == pgerr.Connection || connectionState(e.SQLState) {
		e.InDoubt, e.Retryable = false, true
	}
	return &e
}

// Log implements Session.
func (t *Tx) Log(ctx context.Context, logger string, level int, message string, fields map[string]any) {
	t.pool.env.log(ctx, logger, level, message, fields)
}

// Columns implements Session. It asks the server, as an open transaction may see other tables than the pool, but once for
// several inserts in a row.
func (t *Tx) Columns(ctx context.Context, schema, table string) ([]Column, error) {
	if t.over.Load() {
		return nil, errCompleted()
	}
	key := [2]string{schema, table}
	if known := t.described[key]; known != nil {
		return known, nil
	}
	columns, err := t.lease.readColumns(ctx, key)
	t.settle()
	if err == nil && columns != nil {
		if t.described == nil {
			t.described = map[[2]string][]Column{}
		}
		t.described[key] = columns
	}
	return columns, err
}

// Atomic implements Session: a savepoint around fn.
func (t *Tx) Atomic(ctx context.Context, fn func(Session) error) error {
	t.atomics++
	name := "ob_atomic_" + strconv.Itoa(t.atomics)
	if err := t.Savepoint(ctx, name); err != nil {
		return err
	}
	err := fn(t)
	if err == nil {
		return t.Release(ctx, name)
	}
	if !t.over.Load() {
		undo := context.WithoutCancel(ctx)
		if t.RollbackTo(undo, name) == nil {
			_ = t.Release(undo, name) // the savepoint is known to exist
		}
	}
	return err
}

// Atomic implements Session: a transaction of its own, rerun as a whole after a transient error.
func (p *Pool) Atomic(ctx context.Context, fn func(Session) error) error {
	return p.repeating.run(ctx, func() error { return p.atomically(ctx, fn) }, repeatable,
		func(attempt) { p.counters.retries.Add(1) })
}

func (p *Pool) atomically(ctx context.Context, fn func(Session) error) error {
	tx, err := p.Begin(ctx, TxOptions{})
	if err != nil {
		return err
	}
	return tx.through(ctx, fn)
}

// through ends the transaction as fn says.
func (t *Tx) through(ctx context.Context, fn func(Session) error) error {
	if err := fn(t); err != nil {
		if !t.over.Load() {
			_ = t.Rollback(ctx) // the reason for it is what the caller needs
		}
		return err
	}
	return t.Commit(ctx)
}
