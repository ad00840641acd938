package engine

import (
	"context"
	"encoding/binary"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"ouroboros-postgres/core/wire"
)

// Ahead is a pool that holds a connection for one statement, on which that is on its way to the server where possible. The
// first Query is that statement; the answer may be read on another goroutine than the one that sent it.
type Ahead struct {
	*Pool
	statement Statement
	known     *plan
	out       *encoding
	lease     *lease // nil once it has been asked for
	doubtful  bool   // the connection has to be proven first, nothing was sent
}

// maxAhead is how many bytes of arguments may be sent ahead: less than a socket takes without blocking.
const maxAhead = 4096

// Start takes an idle connection for a statement, and sends it if that needs no waiting of any kind: the connection knows
// the statement, and nothing has to be asked first. Without an idle connection the answer is nil. It saves the caller's
// thread from having to wake another one before the server gets to work.
func (p *Pool) Start(ctx context.Context, s Statement) *Ahead {
	known := p.plans.of(s.SQL)
	if known.Statements != 1 || len(known.Control) > 0 || known.CopyStdio || !known.Cacheable || known.ChangesSession {
		return nil
	}
	l, doubtful := p.idle(ctx)
	if l == nil {
		return nil
	}
	a := &Ahead{Pool: p, statement: s, known: known, out: &encoding{shape: s.Shape}, lease: l, doubtful: doubtful}
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

// Socket is where the answer arrives, if that can be seen by looking at it: not through TLS, and not if it is likely to be
// long.
func (a *Ahead) Socket() (fd int, ok bool) {
	if a.lease == nil || a.lease.sent == nil || a.known.long.Load() || a.lease.pg.Frontend().ReadBufferLen() > 0 {
		return 0, false
	}
	ok = socketOf(a.lease.pg.Conn(), func(socket uintptr) { fd = int(socket) })
	return fd, ok
}

// Receive reads the answer if all of it has arrived, and tells whether Query will not have to wait for anything.
func (a *Ahead) Receive() bool {
	sent := a.lease.sent
	if !a.lease.hasAnswer() {
		return false
	}
	_, err := sent.receive(a.out)
	return err == nil && len(a.out.waiting) == 0
}

// maxAnswer is how long an answer may be that is received on a thread that must not wait.
const maxAnswer = 8 << 10

// hasAnswer looks whether the socket has messages up to the one that ends an answer.
func (b *backend) hasAnswer() bool {
	if b.peeked == nil {
		b.peeked = new([maxAnswer]byte)
	}
	n := 0
	socketOf(b.pg.Conn(), func(socket uintptr) {
		n, _, _ = syscall.Recvfrom(int(socket), b.peeked[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	})
	return isAnswer(b.peeked[:max(n, 0)])
}

// isAnswer tells whether messages of the server are complete, with ReadyForQuery among them.
func isAnswer(messages []byte) bool {
	const header = 5
	for len(messages) >= header {
		size := 1 + uint64(binary.BigEndian.Uint32(messages[1:]))
		if size < header || size > uint64(len(messages)) {
			return false
		}
		if messages[0] == 'Z' {
			return true
		}
		messages = messages[size:]
	}
	return false
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

// sent is a statement whose answer has not been read.
type sent struct {
	pipeline *pgconn.Pipeline
	started  time.Time

	received bool // what follows is set
	tag      pgconn.CommandTag
	err      error
}

// send puts a statement of the cache on its way, if its arguments fit as they are.
func (b *backend) send(ctx context.Context, s Statement, p *plan, out sink) {
	if b.prepared == nil || b.generation != b.pool.generation.Load() {
		return
	}
	known, values, size := b.bound(s, p)
	if known == nil || size > maxAhead {
		return
	}
	formats, err := out.describe(known.description.Fields, known.types)
	if err != nil {
		return
	}
	b.sent = &sent{pipeline: b.pg.StartPipeline(ctx), started: time.Now()}
	b.sent.pipeline.SendQueryStatement(known.description, values, nil, formats)
	_ = b.sent.pipeline.Sync() // receive reports it
}

// bound finds a statement in the cache and encodes its arguments; nil where that takes more than a look.
func (b *backend) bound(s Statement, p *plan) (known *prepared, values [][]byte, size int) {
	var declared []uint32
	if p.undeclared.Load() {
		declared = wire.Natural(s.Args)
	}
	for range 2 {
		known, ok := b.prepared.Get(cacheKey(s.SQL, declared))
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

// receive reads the answer, once.
func (s *sent) receive(out sink) (pgconn.CommandTag, error) {
	if !s.received {
		s.received = true
		s.tag, s.err = s.read(out)
	}
	return s.tag, s.err
}

func (s *sent) read(out sink) (pgconn.CommandTag, error) {
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
