package engine

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"ouroboros-postgres/core/wire"
)

// Ahead is a pool on which one statement is on its way to the server. The first Query is that statement; the answer may
// be read on another goroutine than the one that sent it.
type Ahead struct {
	*Pool
	statement Statement
	out       *encoding
	lease     *lease
}

// maxAhead is how many bytes of arguments may be sent ahead: less than a socket takes without blocking.
const maxAhead = 4096

// Start sends a statement if that needs no waiting of any kind: a connection is idle, knows the statement, and nothing has
// to be asked first. Otherwise the answer is nil, and nothing has happened. It saves the caller's thread from having to
// wake another one before the server gets to work.
func (p *Pool) Start(ctx context.Context, s Statement) *Ahead {
	known := p.plans.of(s.SQL)
	if known.Statements != 1 || len(known.Control) > 0 || known.CopyStdio || !known.Cacheable || known.ChangesSession {
		return nil
	}
	asked := time.Now()
	l := p.idle(ctx)
	if l == nil {
		return nil
	}
	a := &Ahead{Pool: p, statement: s, out: &encoding{types: p.types, shape: s.Shape}, lease: l}
	defer func() {
		if l.sent == nil {
			p.release(l)
		}
	}()
	if !l.send(ctx, s, known, a.out) {
		return nil
	}
	p.countAcquired(asked)
	return a
}

// Query implements Session: first the statement that was started, then any.
func (a *Ahead) Query(ctx context.Context, s Statement) (*wire.Result, error) {
	l := a.lease
	if l == nil {
		return a.Pool.Query(ctx, s)
	}
	a.lease = nil
	tag, err := a.autocommit(ctx, a.statement, a.out, l)
	if err != nil {
		return nil, err
	}
	return a.out.result(tag), nil
}

// Close gives the connection back if nobody has asked for the answer.
func (a *Ahead) Close() {
	if a.lease != nil {
		a.lease.destroy()
		a.release(a.lease)
		a.lease = nil
	}
}

// HasIdle tells whether a connection is free just now.
func (p *Pool) HasIdle() bool {
	return len(p.slots) < cap(p.slots) && !p.closed.Load() && p.pool.Stat().IdleConns() > 0
}

// idle takes a connection if one is free right now.
func (p *Pool) idle(ctx context.Context) *lease {
	if !p.HasIdle() {
		return nil
	}
	select {
	case p.slots <- struct{}{}:
	default:
		return nil
	}
	pooled, err := p.pool.Acquire(&glance{Context: ctx})
	if err != nil {
		<-p.slots
		return nil
	}
	return p.leased(pooled)
}

// glance is a context for a call that must not wait: it is over as soon as somebody looks at it for the second time,
// which the pool of the driver does only where it is about to wait.
type glance struct {
	context.Context
	seen bool
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

// sent is a statement whose answer has not been read.
type sent struct {
	pipeline *pgconn.Pipeline
	started  time.Time
}

// send puts a statement of the cache on its way, if its arguments fit as they are.
func (b *backend) send(ctx context.Context, s Statement, p *plan, out sink) bool {
	if b.prepared == nil || b.generation != b.pool.generation.Load() {
		return false
	}
	known, values, size := b.bound(s, p)
	if known == nil || size > maxAhead {
		return false
	}
	formats, err := out.describe(known.description.Fields)
	if err != nil {
		return false
	}
	b.sent = &sent{pipeline: b.pg.StartPipeline(ctx), started: time.Now()}
	b.sent.pipeline.SendQueryStatement(known.description, values, nil, formats)
	_ = b.sent.pipeline.Sync() // receive reports it
	return true
}

// bound finds a statement in the cache and encodes its arguments; nil where that takes more than a look.
func (b *backend) bound(s Statement, p *plan) (known *prepared, values [][]byte, size int) {
	var declared []uint32
	if p.undeclared.Load() {
		declared = wire.Natural(s.Args)
	}
	for range 2 {
		known, ok := b.prepared.get(cacheKey(s.SQL, declared))
		if !ok {
			return nil, nil, 0
		}
		binding, err := wire.Bind(s.Args, known.params)
		switch {
		case err != nil:
			return nil, nil, 0
		case binding.Declare == nil:
			for _, value := range binding.Values {
				size += len(value)
			}
			return known, binding.Values, size
		}
		declared = binding.Declare
	}
	return nil, nil, 0
}

// receive reads the answer.
func (s *sent) receive(out sink) (pgconn.CommandTag, error) {
	var tag pgconn.CommandTag
	result, err := s.pipeline.GetResults()
	if reader, ok := result.(*pgconn.ResultReader); ok && err == nil {
		tag, err = consume(reader, out)
	}
	if closed := s.pipeline.Close(); err == nil {
		err = closed
	}
	return tag, err
}
