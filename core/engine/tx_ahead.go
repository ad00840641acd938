package engine

import (
	"context"

	"ouroboros-postgres/core/wire"
)

// TxAhead is a transaction of which one statement is on its way to the server. The first Query is that statement.
type TxAhead struct {
	*Tx
	begun
}

// Start sends a statement, if that needs no waiting of any kind; else the answer is nil. It has to be the caller's turn.
func (t *Tx) Start(ctx context.Context, s Statement) *TxAhead {
	known := t.pool.plans.of(s.SQL)
	if !known.sendable() || t.over.Load() || !t.lease.inTransaction() {
		return nil
	}
	a := &TxAhead{Tx: t, begun: begin(t.lease, s, known)}
	t.lease.send(ctx, s, known, a.out)
	if t.lease.sent == nil {
		return nil
	}
	return a
}

// Query implements Session: first the statement that was started, then any.
func (a *TxAhead) Query(ctx context.Context, s Statement) (*wire.Result, error) {
	if a.begun.lease == nil {
		return a.Tx.Query(ctx, s)
	}
	a.begun.lease = nil
	return a.query(ctx, a.statement, a.out)
}

// Close ends a transaction whose statement nobody has asked for: what it did is unknown.
func (a *TxAhead) Close() {
	if a.begun.lease == nil {
		return
	}
	a.begun.lease = nil
	a.Tx.lease.destroy()
	a.settle()
}
