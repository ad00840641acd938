package engine

import (
	"context"
	"encoding/binary"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"ouroboros-postgres/core/wire"
)

// maxAhead is how many bytes of arguments may be sent ahead: less than a socket takes without blocking.
const maxAhead = 4096

// begun is a statement that has been given to a connection before anybody waits for it.
type begun struct {
	statement Statement
	known     *plan
	out       *encoding
	lease     *lease // nil once it has been asked for
}

func begin(l *lease, s Statement, known *plan) begun {
	return begun{statement: s, known: known, out: &encoding{shape: s.Shape}, lease: l}
}

// sendable tells the plans of statements that may be sent ahead.
func (p *plan) sendable() bool {
	return p.Statements == 1 && len(p.Control) == 0 && !p.CopyStdio && p.Cacheable && !p.ChangesSession
}

// Socket is where the answer arrives, if that can be seen by looking at it: not through TLS, and not if it is likely to be
// long.
func (a *begun) Socket() (fd int, ok bool) {
	if a.lease == nil || a.lease.sent == nil || a.known.long.Load() {
		return 0, false
	}
	return a.lease.socket()
}

// Receive reads the answer if all of it has arrived, and tells whether Query will not have to wait for anything.
func (a *begun) Receive() bool {
	sent := a.lease.sent
	if !a.lease.hasAnswer() {
		return false
	}
	_, err := sent.receive(a.out)
	return err == nil && len(a.out.waiting) == 0
}

// socket is the descriptor of the connection, if what it will tell can be seen by looking at it.
func (b *backend) socket() (fd int, ok bool) {
	if b.pg.Frontend().ReadBufferLen() > 0 {
		return 0, false
	}
	ok = socketOf(b.pg.Conn(), func(socket uintptr) { fd = int(socket) })
	return fd, ok
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

// sent is a statement whose answer has not been read.
type sent struct {
	pipeline *pgconn.Pipeline
	started  time.Time
	free     bool // it is no part of a transaction that an error would abort

	received bool // what follows is set
	tag      pgconn.CommandTag
	err      error
}

// send puts a statement of the cache on its way, if its arguments fit as they are.
func (b *backend) send(ctx context.Context, s Statement, p *plan, out sink) {
	if b.prepared == nil || b.generation != b.pool.generation.Load() {
		return
	}
	known, binding, size := b.bound(s, p)
	if known == nil || size > maxAhead {
		return
	}
	formats, err := out.describe(known.description.Fields, known.types)
	if err != nil {
		return
	}
	b.sent = &sent{pipeline: b.pg.StartPipeline(ctx), started: time.Now(), free: !b.inTransaction()}
	b.sent.pipeline.SendQueryStatement(known.description, binding.Values, binding.Formats, formats)
	_ = b.sent.pipeline.Sync() // receive reports it
}

// bound finds a statement in the cache and encodes its arguments; nil where that takes more than a look.
func (b *backend) bound(s Statement, p *plan) (known *prepared, binding wire.Binding, size int) {
	var declared []uint32
	if p.undeclared.Load() {
		declared = wire.Natural(s.Args)
	}
	for range 2 {
		known, ok := b.prepared.Get(cacheKey(s.SQL, declared))
		if !ok {
			return nil, wire.Binding{}, 0
		}
		binding, err := wire.Bind(s.Args, known.params)
		switch {
		case err != nil:
			return nil, wire.Binding{}, 0
		case binding.Declare == nil:
			for _, value := range binding.Values {
				size += len(value)
			}
			return known, binding, size
		}
		declared = binding.Declare
	}
	return nil, wire.Binding{}, 0
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
