package engine

import (
	"context"
	"strconv"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/jackc/pgx/v5/pgconn"

	"ouroboros-postgres/core/wire"
)

const backendKey = "ouroboros.backend"

// backend is what the engine remembers of one physical connection. It is used by one goroutine at a time: the holder of
// the connection.
type backend struct {
	pg     *pgconn.PgConn
	pool   *Pool
	cancel *canceller

	prepared   *simplelru.LRU[string, *prepared] // nil: no server-side prepared statements
	discarded  []string                          // names to close on the server with the next preparation
	names      uint64
	generation uint64

	// dirty: session settings may differ from those of a new connection.
	dirty bool
	// changedSchema: DDL ran since this connection was checked out; its commit makes it visible to the others.
	changedSchema bool
	// sent is the statement that was sent ahead on this connection and waits for a reader.
	sent *sent
	// ordered is the command that was sent ahead on this connection and waits for a reader.
	ordered *ordered
	// peeked is room for what has arrived; see hasAnswer.
	peeked *[maxAnswer]byte
	// abandoned, set by an open transaction, tells it that its connection was cut. Guarded by the pool's mutex.
	abandoned func()
}

// prepared is one statement known to the server, or described by it (name "").
type prepared struct {
	name        string
	description *pgconn.StatementDescription
	types       *typeSet // those of parameters and columns are in it
	params      []*wire.Type
}

func newBackend(pool *Pool, pg *pgconn.PgConn) *backend {
	b := &backend{pg: pg, pool: pool, cancel: cancellerOf(pg), generation: pool.generation.Load()}
	if pool.options.StatementCache > 0 {
		b.prepared, _ = simplelru.NewLRU[string, *prepared](pool.options.StatementCache, nil) // fails for sizes below 1 only
	}
	return b
}

func backendOf(pool *Pool, pg *pgconn.PgConn) *backend {
	if b, ok := pg.CustomData()[backendKey].(*backend); ok {
		return b
	}
	b := newBackend(pool, pg)
	pg.CustomData()[backendKey] = b
	return b
}

func (b *backend) inTransaction() bool { return b.pg.TxStatus() == 'T' }

// refresh drops prepared statements made before the latest DDL of this process.
func (b *backend) refresh() {
	if latest := b.pool.generation.Load(); b.generation != latest {
		b.generation = latest
		b.forget()
	}
}

func (b *backend) forget() {
	if b.prepared != nil {
		b.evict(0)
	}
}

// evict leaves at most n statements in the cache; the others are closed on the server with the next preparation.
func (b *backend) evict(n int) {
	for b.prepared.Len() > n {
		if _, oldest, ok := b.prepared.RemoveOldest(); ok {
			b.discarded = append(b.discarded, oldest.name)
		}
	}
}

// cacheKey separates the same text prepared with other declared types.
func cacheKey(sql string, declared []uint32) string {
	if declared == nil {
		return sql
	}
	key := append([]byte(sql), 0)
	for _, oid := range declared {
		key = strconv.AppendUint(key, uint64(oid), 36)
		key = append(key, ',')
	}
	return string(key)
}

func (b *backend) nextName() string {
	b.names++
	return "ob_" + strconv.FormatUint(b.names, 36)
}

// clean makes the connection as good as new before somebody else gets it.
func (b *backend) clean(ctx context.Context) error {
	if err := b.cancel.drain(); err != nil {
		return err
	}
	if status := b.pg.TxStatus(); status != 'I' {
		if err := b.simple(ctx, "ROLLBACK"); err != nil {
			return err
		}
	}
	if !b.dirty {
		return nil
	}
	b.dirty = false
	return b.simple(ctx, resetSession)
}

// resetSettings takes back what statements may have set up in a session, its advisory locks apart.
const resetSettings = "SET SESSION AUTHORIZATION DEFAULT; RESET ALL; CLOSE ALL; UNLISTEN *"

// resetSession is DISCARD ALL without DEALLOCATE, which would take the statement cache along, and without DISCARD TEMP.
const resetSession = resetSettings + "; SELECT pg_catalog.pg_advisory_unlock_all()"

// simple runs a text without arguments or interesting results.
func (b *backend) simple(ctx context.Context, sql string) error {
	if o := b.ordered; o != nil && o.sql == sql {
		b.ordered = nil
		return o.receive()
	}
	return b.pg.Exec(ctx, sql).Close()
}

// needsCleaning tells whether clean has work that takes a round trip.
func (b *backend) needsCleaning() bool {
	return b.dirty || b.cancel.fired.Load() || b.pg.TxStatus() != 'I'
}
