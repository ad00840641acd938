package engine

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ouroboros-postgres/core/internal/pgtest"
)

// notified leaves a message of the server unread on the one idle connection of p, which makes it one to prove first.
func notified(t *testing.T, p *Pool) {
	t.Helper()
	l, err := p.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := l.simple(t.Context(), "LISTEN ouroboros_review"); err != nil {
		t.Fatal(err)
	}
	socket := l.pg.Conn()
	p.release(l)
	other, err := pgx.Connect(t.Context(), pgtest.DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close(context.Background()) }()
	if _, err := other.Exec(t.Context(), "NOTIFY ouroboros_review"); err != nil {
		t.Fatal(err)
	}
	for !readable(socket) {
		if t.Context().Err() != nil {
			t.Fatal("the notification did not arrive")
		}
		time.Sleep(time.Millisecond)
	}
}

func TestDoubtfulConnectionIsProvenNotReplaced(t *testing.T) {
	p, _ := open(t, func(o *Options) { o.MinConnections = 0 })
	s := Statement{SQL: "SELECT pg_backend_pid()"}
	before, err := p.Text(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	notified(t, p)
	if a := p.Start(t.Context(), s); a != nil {
		if _, err := a.Query(t.Context(), s); err != nil {
			t.Error(err)
		}
		a.Close()
	}
	after, err := p.Text(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if *before[0][0] != *after[0][0] || p.Metrics().PoolSize != 1 {
		t.Errorf("backend %s, then %s; %d connections", *before[0][0], *after[0][0], p.Metrics().PoolSize)
	}
}

func TestConnectionThatDoesNotAnswerIsGivenUpInTime(t *testing.T) {
	proxy := pgtest.NewProxy(t, pgtest.DSN(t))
	options, j := DefaultOptions(), &journal{}
	limit := 0.2
	options.MinConnections, options.MaxConnections, options.MaxRetries, options.QueryMaxRetries = 0, 1, 0, 0
	options.ConnectTimeout, options.AcquireTimeout = &limit, &limit
	p, err := Open(t.Context(), proxy.DSN, options, j.env())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close(context.Background(), 0) }()
	expect(t, p, "SELECT 1", "[]", "1")
	notified(t, p)
	proxy.Stall()
	if _, err := ask(t, p, "SELECT 1", "[]"); err == nil {
		t.Error("a statement ran on a connection that is stalled")
	}
	proxy.Resume()
	expect(t, p, "SELECT 1", "[]", "1")
}

// started sends a statement ahead, having made the connection know it.
func started(ctx context.Context, t *testing.T, p *Pool, s Statement) *Ahead {
	t.Helper()
	if _, err := p.Query(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	a := p.Start(ctx, s)
	if a == nil {
		t.Fatal("the statement was not sent ahead")
	}
	return a
}

func TestStatementSentAhead(t *testing.T) {
	p, _ := open(t, func(o *Options) { o.MinConnections, o.MaxConnections = 0, 1 })
	s := Statement{SQL: "SELECT $1::int AS n", Args: args(t, "[7]")}
	if p.Start(t.Context(), s) != nil {
		t.Fatal("no connection knows the statement yet")
	}
	a := started(t.Context(), t, p, s)
	if p.Start(t.Context(), s) != nil {
		t.Fatal("the only connection is in use")
	}
	result, err := a.Query(t.Context(), s)
	if err != nil || string(result.Rows) != "[7]" {
		t.Fatalf("got %v, %v", result, err)
	}
	a.Close()
	expect(t, p, "SELECT 2", "[]", "2")
}

func TestStatementSentAheadAndGivenUp(t *testing.T) {
	p, _ := open(t, func(o *Options) { o.MaxConnections = 1 })
	sleep := Statement{SQL: "SELECT pg_sleep($1::float8)", Args: args(t, "[0]")}
	started(t.Context(), t, p, sleep).Close()
	expect(t, p, "SELECT 1", "[]", "1")
	ctx, cancel := context.WithCancel(t.Context())
	started(t.Context(), t, p, sleep).Close()
	if _, err := p.Query(t.Context(), sleep); err != nil {
		t.Fatal(err)
	}
	sleep.Args = args(t, "[60]")
	a := p.Start(ctx, sleep)
	if a == nil {
		t.Fatal("the statement was not sent ahead")
	}
	cancel()
	if _, err := a.Query(ctx, sleep); err == nil {
		t.Fatal("the statement was not cancelled")
	}
	expect(t, p, "SELECT 1", "[]", "1")
}

func TestStatementSentAheadMeetsAnOutdatedPlan(t *testing.T) {
	p, _ := open(t, func(o *Options) { o.MaxConnections = 1 })
	other, _ := open(t, nil)
	prefix := schema(t, p)
	run(t, p, "CREATE TABLE "+prefix+"a AS SELECT 1 AS x")
	s := Statement{SQL: "SELECT * FROM " + prefix + "a"}
	if _, err := p.Query(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	run(t, other, "ALTER TABLE "+prefix+"a ADD COLUMN y text DEFAULT 'y'")
	a := p.Start(t.Context(), s)
	if a == nil {
		t.Fatal("the statement was not sent ahead")
	}
	result, err := a.Query(t.Context(), s)
	if err != nil || string(result.Rows) != `[1,"y"]` {
		t.Fatalf("got %v, %v", result, err)
	}
}
