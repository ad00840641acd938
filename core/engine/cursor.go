package engine

import (
	"context"
	"math"
	"time"

	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/wire"
)

// MaxBatch is the highest number of rows that one Fetch can ask for.
const MaxBatch = math.MaxInt32

// Cursor hands out the rows of one statement in batches; the server computes no more of them than are asked for. It lives
// in a transaction: that of the caller, or one of its own, which holds a connection until the last row, Close, Abandon or
// the first error. Its methods are called in turn (Enqueue), with everything else on that transaction.
type Cursor struct {
	tx *Tx
	// own: nobody else knows the transaction.
	own       bool
	statement Statement
	portal    portal
	state     cursorState
	// undone is what Tx.undone was when the portal was last known to exist.
	undone uint64
}

type cursorState uint8

const (
	reading   cursorState = iota
	exhausted             // the last row has been read, the portal is closed
	failed
	closed
)

// OpenCursor implements Session: a cursor in a transaction of its own. When its last row has been read that is
// committed, as the statement alone would have been; ended earlier, it is rolled back.
func (p *Pool) OpenCursor(ctx context.Context, s Statement) (*Cursor, error) {
	var c *Cursor
	err := p.repeating.run(ctx, func() (err error) {
		if c, err = p.openCursor(ctx, s); outdated(err) { // prepared anew, it works: nothing has been read yet
			c, err = p.openCursor(ctx, s)
		}
		return err
	}, repeatable, func(attempt) { p.counters.retries.Add(1) })
	return c, err
}

func (p *Pool) openCursor(ctx context.Context, s Statement) (*Cursor, error) {
	known, err := p.cursorPlan(s)
	if err != nil {
		return nil, err
	}
	l, err := p.acquire(ctx)
	if err != nil {
		return nil, err
	}
	begun := false
	defer func() {
		if !begun { // an error, or a panic of the driver
			p.release(l)
		}
	}()
	opened, err := l.openCursor(ctx, s, known, true)
	if err != nil {
		return nil, err
	}
	begun = true
	tx, err := p.transaction(l)
	if err != nil {
		return nil, err
	}
	return &Cursor{tx: tx, own: true, statement: s, portal: opened}, nil
}

// OpenCursor implements Session: a cursor that lives as long as the transaction at most. Other statements, and other
// cursors, may run between its batches.
func (t *Tx) OpenCursor(ctx context.Context, s Statement) (*Cursor, error) {
	known, err := t.pool.cursorPlan(s)
	switch {
	case err != nil:
		return nil, err
	case t.over.Load():
		return nil, errCompleted()
	}
	opened, err := t.lease.openCursor(ctx, s, known, false)
	t.settle()
	if err != nil {
		return nil, err
	}
	return &Cursor{tx: t, statement: s, portal: opened, undone: t.undone}, nil
}

// openCursor opens a portal under the eyes of metrics and logs, behind a BEGIN where there is no transaction yet.
func (l *lease) openCursor(ctx context.Context, s Statement, known *plan, begin bool) (portal, error) {
	started := time.Now()
	opened, err := l.openPortal(ctx, s, known, begin)
	if err == nil && l.cancel.fired.Load() {
		err = errCancelled(ctx)
	}
	if err == nil {
		return opened, nil
	}
	if outdated(err) {
		l.pool.schemaChanged()
	}
	return opened, withinTransaction(l.account(ctx, s, completed{elapsed: time.Since(started), attempt: 1}, err))
}

// cursorPlan refuses what cannot be read through a cursor.
func (p *Pool) cursorPlan(s Statement) (*plan, error) {
	known := p.plans.of(s.SQL)
	if err := known.reject(s.SQL, len(s.Args)); err != nil {
		return nil, err
	}
	if known.Statements > 1 {
		return nil, pgerr.New(pgerr.Query, "a cursor reads one statement, not %d", known.Statements)
	}
	if len(known.Control) > 0 {
		return nil, errOwnControl(known.Control[0])
	}
	return known, nil
}

// HidesDetail is that of the pool.
func (c *Cursor) HidesDetail() bool { return c.tx.HidesDetail() }

// Enqueue takes the next place in the line of the transaction.
func (c *Cursor) Enqueue() *Turn { return c.tx.Enqueue() }

// Fetch reads the next rows, at most count; fewer are the last ones, and after them there are none.
func (c *Cursor) Fetch(ctx context.Context, count int) (*wire.Result, error) {
	if count < 1 || count > MaxBatch {
		return nil, pgerr.New(pgerr.Value, "the number of rows to fetch must be between 1 and %d, not %d", MaxBatch, count)
	}
	if c.state == exhausted {
		return c.portal.nothing(c.statement.Shape)
	}
	if err := c.usable(ctx); err != nil {
		return nil, err
	}
	result, err := c.fetch(ctx, count)
	if err != nil {
		c.fail()
		return nil, err
	}
	return result, nil
}

func (c *Cursor) fetch(ctx context.Context, count int) (*wire.Result, error) {
	started := time.Now()
	result, complete, err := c.tx.lease.fetchPortal(ctx, c.portal, count, c.statement.Shape)
	err = c.settle(ctx, err)
	run := completed{elapsed: time.Since(started), attempt: 1}
	if err == nil {
		run.rows = int64(result.Count)
	}
	if err := c.tx.lease.account(ctx, c.statement, run, err); err != nil {
		return nil, withinTransaction(err)
	}
	if complete {
		return result, c.complete(ctx)
	}
	return result, nil
}

// settle looks at the connection after an exchange: a late cancellation might hit what comes next on it. That of a
// transaction of its own is cleaned when the cursor gives it back.
func (c *Cursor) settle(ctx context.Context, err error) error {
	if err == nil && c.tx.lease.cancel.fired.Load() {
		err = errCancelled(ctx)
	}
	if !c.own {
		c.tx.settle()
	}
	return err
}

// complete ends the cursor behind its last row.
func (c *Cursor) complete(ctx context.Context) error {
	c.state = exhausted
	if c.own {
		return c.tx.Commit(ctx)
	}
	return c.closePortal(ctx)
}

// fail ends the cursor; what the caller's own transaction is worth now is the server's to say.
func (c *Cursor) fail() {
	c.state = failed
	if c.own {
		c.tx.finish()
	}
}

// usable tells whether there is a portal to fetch from. Asking for one that is gone would abort the transaction.
func (c *Cursor) usable(ctx context.Context) error {
	over := c.tx.over.Load()
	switch {
	case over && c.tx.pool.closed.Load():
		return errNotConnected()
	case c.state != reading || over && c.own:
		return pgerr.New(pgerr.TransactionClosed, "the cursor is closed")
	case over:
		return pgerr.New(pgerr.TransactionClosed, "the cursor has ended with its transaction")
	case c.undone == c.tx.undone || !c.tx.lease.inTransaction():
		return nil
	}
	there, err := c.tx.lease.hasPortal(ctx, c.portal)
	if err = c.settle(ctx, err); err != nil {
		return withinTransaction(err)
	}
	if !there {
		c.state = closed
		return pgerr.New(pgerr.TransactionClosed, "the cursor has ended with the savepoint that it was opened in")
	}
	c.undone = c.tx.undone
	return nil
}

// Close ends the cursor before its last row, if it has not ended. A transaction of its own is rolled back.
func (c *Cursor) Close(ctx context.Context) error {
	ended := c.state == exhausted || c.state == closed || c.tx.over.Load()
	c.state = closed
	switch {
	case ended:
		return nil
	case c.own:
		return c.tx.Rollback(ctx)
	}
	return c.closePortal(ctx)
}

// closePortal is not cancellable, which would cost the caller the transaction.
func (c *Cursor) closePortal(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	if err := c.settle(bounded, c.tx.lease.closePortal(bounded, c.portal)); err != nil {
		return withinTransaction(translate(err, c.statement))
	}
	return nil
}

// Abandon closes the cursor in the background, after what is running; for handles that nobody holds any more.
func (c *Cursor) Abandon() {
	if c.own {
		c.tx.Abandon()
		return
	}
	turn := c.Enqueue()
	c.tx.pool.env.Spawn(func() {
		defer turn.Done()
		ctx := context.Background()
		_ = turn.Wait(ctx) // never fails: everybody before has a bounded life
		_ = c.Close(ctx)   // what is lost is found out by the next statement
	})
}
