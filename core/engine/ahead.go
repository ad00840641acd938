package engine

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"ouroboros-postgres/core/wire"
)

// Ahead is a pool that holds a connection for one statement, on which that is on its way to the server where possible. The
// first Query is that statement; the answer may be read on another goroutine than the one that sent it.
type Ahead struct {
	*Pool
	begun
	doubtful bool // the connection has to be proven first, nothing was sent
}

// Start takes an idle connection for a statement, and sends it if that needs no waiting of any kind: the connection knows
// the statement, and nothing has to be asked first. Without an idle connection the answer is nil. It saves the caller's
// thread from having to wake another one before the server gets to work.
func (p *Pool) Start(ctx context.Context, s Statement) *Ahead {
	known := p.plans.of(s.SQL)
	if !known.sendable() {
		return nil
	}
	l, doubtful := p.idle(ctx)
	if l == nil {
		return nil
	}
	a := &Ahead{Pool: p, begun: begin(l, s, known), doubtful: doubtful}
	returned := false
	defer func() {
		if !returned { // a panic of the driver
			a.Close()
		}
	}()
	if !doubtful {
		l.send(ctx, s, known, a.out)
	}
	returned = true
	return a
}

// Query implements Session: first the statement that was started, then any.
func (a *Ahead) Query(ctx context.Context, s Statement) (*wire.Result, error) {
	l := a.lease
	if l == nil {
		return a.Pool.Query(ctx, s)
	}
	a.lease = nil
	if a.doubtful && !answers(ctx, l.pg) {
		a.release(l)
		l = nil
	}
	return a.query(ctx, a.statement, a.out, l)
}

// Close gives the connection back if nobody has asked for the answer.
func (a *Ahead) Close() {
	l := a.lease
	if l == nil {
		return
	}
	a.lease = nil
	if a.doubtful || l.sent != nil {
		l.destroy()
	}
	a.release(l)
}

// HasIdle tells whether a connection is free just now.
func (p *Pool) HasIdle() bool {
	return len(p.slots) < cap(p.slots) && !p.closed.Load() && p.pool.Stat().IdleConns() > 0
}

// idle takes a connection if one is free right now.
func (p *Pool) idle(ctx context.Context) (l *lease, doubtful bool) {
	started := time.Now()
	select {
	case p.slots <- struct{}{}:
	default:
		return nil, false
	}
	pooled, doubtful := p.glimpse(ctx)
	if pooled == nil {
		<-p.slots
		return nil, false
	}
	return p.leased(pooled, started), doubtful
}

// glimpse takes an idle connection from the driver's pool without waiting for anything, nil if there is none. A doubtful
// one has to be proven before it is used (answers): the driver's pool would do that in the background, and make another
// one meanwhile.
func (p *Pool) glimpse(ctx context.Context) (pooled *pgxpool.Conn, doubtful bool) {
	if p.pool.Stat().IdleConns() == 0 {
		return nil, false
	}
	look := &glance{Context: ctx}
	pooled, err := p.pool.Acquire(look)
	if err != nil {
		return nil, false
	}
	return pooled, look.doubtful
}

// glance is a context for a call that must not wait: it is over as soon as somebody looks at it for the second time,
// which the pool of the driver does only where it is about to wait.
type glance struct {
	context.Context
	seen     bool
	doubtful bool // what shouldPing found
}

var over = func() <-chan struct{} {
	closed := make(chan struct{})
	close(closed)
	return closed
}()

func (g *glance) Done() <-chan struct{} {
	if g.seen {
		return over
	}
	g.seen = true
	return g.Context.Done()
}

func (g *glance) Err() error {
	if g.seen {
		return context.DeadlineExceeded
	}
	return g.Context.Err()
}
