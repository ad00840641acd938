package engine

import (
	"context"

	"github.com/jackc/pgx/v5/pgconn"
)

// ordered is a command without arguments or rows that has been sent before anybody waits for its answer.
type ordered struct {
	lease  *lease
	sql    string
	answer *pgconn.MultiResultReader

	received bool
	err      error // what receive said
}

// order sends a command; simple, when it is asked for the same one, only reads the answer.
func (l *lease) order(ctx context.Context, sql string) *ordered {
	l.ordered = &ordered{lease: l, sql: sql, answer: l.pg.Exec(ctx, sql)}
	return l.ordered
}

// Socket is where the answer arrives; see begun.Socket.
func (o *ordered) Socket() (fd int, ok bool) { return o.lease.socket() }

// Receive reads the answer if it has arrived, and tells whether it was a success, after which nothing has to be waited for.
func (o *ordered) Receive() bool { return o.lease.hasAnswer() && o.receive() == nil }

func (o *ordered) receive() error {
	if !o.received {
		o.received = true
		o.err = o.answer.Close()
	}
	return o.err
}

// pending tells whether nobody has asked for the answer.
func (o *ordered) pending() bool { return o.lease.ordered == o }

// Committing is a transaction whose COMMIT is on its way.
type Committing struct {
	*ordered
	tx *Tx
}

// StartCommit sends COMMIT, if that needs no waiting; else the answer is nil. It has to be the caller's turn, and Commit the
// next call.
func (t *Tx) StartCommit(ctx context.Context) *Committing {
	if t.over.Load() || !t.lease.inTransaction() {
		return nil
	}
	return &Committing{t.lease.order(context.WithoutCancel(ctx), commit), t}
}

// Close ends a transaction of which nobody has asked how it ended.
func (c *Committing) Close() {
	if c.pending() {
		c.lease.destroy()
		c.tx.settle()
	}
}

// Beginning is a transaction whose BEGIN is on its way.
type Beginning struct {
	*ordered
	pool     *Pool
	lease    *lease // nil once it has been asked for
	sql      string
	doubtful bool // the connection has to be proven first, nothing was sent
}

// StartBegin sends BEGIN on an idle connection; without one the answer is nil.
func (p *Pool) StartBegin(ctx context.Context, options TxOptions) *Beginning {
	sql, err := options.begin()
	if err != nil {
		return nil
	}
	l, doubtful := p.idle(ctx)
	if l == nil {
		return nil
	}
	b := &Beginning{pool: p, lease: l, sql: sql, doubtful: doubtful}
	if !doubtful {
		b.ordered = l.order(ctx, sql)
	}
	return b
}

// Socket is where the answer arrives; see begun.Socket.
func (b *Beginning) Socket() (fd int, ok bool) {
	if b.ordered == nil {
		return 0, false
	}
	return b.ordered.Socket()
}

// Begin is that of the pool, whose first attempt has been made.
func (b *Beginning) Begin(ctx context.Context) (*Tx, error) {
	l := b.lease
	b.lease = nil
	if b.doubtful && !answers(ctx, l.pg) {
		b.pool.release(l)
		l = nil
	}
	return b.pool.beginRepeatedly(ctx, b.sql, l)
}

// Close gives the connection back if nobody has asked for the transaction.
func (b *Beginning) Close() {
	if b.lease != nil {
		b.lease.destroy()
		b.pool.release(b.lease)
		b.lease = nil
	}
}
