package engine

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ouroboros-postgres/core/internal/pgtest"
	"ouroboros-postgres/core/pgerr"
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

// outdatedStatement is one that a pool of one connection has prepared, and whose result has another column since.
func outdatedStatement(t *testing.T) (*Pool, Statement) {
	t.Helper()
	p, _ := open(t, func(o *Options) { o.MaxConnections = 1 })
	other, _ := open(t, nil)
	prefix := schema(t, p)
	run(t, p, "CREATE TABLE "+prefix+"a AS SELECT 1 AS x")
	s := Statement{SQL: "SELECT * FROM " + prefix + "a"}
	if _, err := p.Query(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	run(t, other, "ALTER TABLE "+prefix+"a ADD COLUMN y text DEFAULT 'y'")
	return p, s
}

func TestStatementSentAheadMeetsAnOutdatedPlan(t *testing.T) {
	p, s := outdatedStatement(t)
	a := p.Start(t.Context(), s)
	if a == nil {
		t.Fatal("the statement was not sent ahead")
	}
	result, err := a.Query(t.Context(), s)
	if err != nil || string(result.Rows) != `[1,"y"]` {
		t.Fatalf("got %v, %v", result, err)
	}
}

// arrived waits until the server has said something on the connection of a.
func arrived(t *testing.T, a *Ahead) {
	t.Helper()
	awaitAnswer(t, a.lease)
}

func awaitAnswer(t *testing.T, l *lease) {
	t.Helper()
	for !readable(l.pg.Conn()) {
		if t.Context().Err() != nil {
			t.Fatal("no answer arrived")
		}
		time.Sleep(time.Millisecond)
	}
}

func TestAnswerIsReceivedWithoutWaiting(t *testing.T) {
	p, _ := open(t, func(o *Options) { o.MaxConnections = 1 })
	s := Statement{SQL: "SELECT $1::int AS n, pg_sleep(0.05)::text AS pause", Args: args(t, "[7]")}
	a := started(t.Context(), t, p, s)
	if _, ok := a.Socket(); !ok {
		t.Fatal("the connection has no socket to look at")
	}
	if a.Receive() {
		t.Fatal("there is no answer yet")
	}
	arrived(t, a)
	if !a.Receive() {
		t.Fatal("the answer is there")
	}
	result, err := a.Query(t.Context(), s)
	if err != nil || string(result.Rows) != `[7,""]` {
		t.Fatalf("got %v, %v", result, err)
	}
	a.Close()
	expect(t, p, "SELECT 2", "[]", "2")
}

func TestErrorsAndWhatIsUnknownNeedAGoroutine(t *testing.T) {
	p, _ := open(t, func(o *Options) { o.MaxConnections = 1 })
	divided := Statement{SQL: "SELECT 1 / $1::int AS n", Args: args(t, "[1]")}
	if _, err := p.Query(t.Context(), divided); err != nil {
		t.Fatal(err)
	}
	divided.Args = args(t, "[0]")
	a := p.Start(t.Context(), divided)
	if a == nil {
		t.Fatal("the statement was not sent ahead")
	}
	arrived(t, a)
	if a.Receive() {
		t.Error("an error may have to be followed by another attempt")
	}
	if _, err := a.Query(t.Context(), divided); pgerr.From(err).SQLState != "22012" {
		t.Errorf("got %v", err)
	}
	a.Close()
	expect(t, p, "SELECT 2", "[]", "2")
}

func TestLongAnswersAreNotAwaitedAtTheSocket(t *testing.T) {
	p, _ := open(t, func(o *Options) { o.MaxConnections = 1 })
	s := Statement{SQL: "SELECT repeat('x', $1::int) AS x", Args: args(t, "[20000]")}
	a := started(t.Context(), t, p, s)
	if _, ok := a.Socket(); ok {
		t.Error("the answer before was long")
	}
	arrived(t, a)
	if a.Receive() {
		t.Error("more than fits was received")
	}
	if result, err := a.Query(t.Context(), s); err != nil || len(result.Rows) < 20000 {
		t.Fatalf("got %v, %v", result, err)
	}
	a.Close()
	s.Args = args(t, "[2]")
	a = started(t.Context(), t, p, s)
	if _, ok := a.Socket(); !ok {
		t.Error("the answer before was short")
	}
	a.Close()
}

func TestWhoeverNeedsAConnectionHurriesTheOthers(t *testing.T) {
	j := &journal{}
	env := j.env()
	hurried := make(chan struct{}, 10)
	env.Hurry = func() { hurried <- struct{}{} }
	options := DefaultOptions()
	options.MaxConnections = 1
	p, err := Open(t.Context(), pgtest.DSN(t), options, env)
	if err != nil {
		t.Fatal(err)
	}
	s := Statement{SQL: "SELECT 1 AS n"}
	a := started(t.Context(), t, p, s)
	done := make(chan error, 1)
	env.Spawn(func() {
		_, err := p.Query(t.Context(), s)
		done <- err
	})
	<-hurried
	if _, err := a.Query(t.Context(), s); err != nil {
		t.Error(err)
	}
	a.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := p.Close(context.Background(), time.Second); err != nil || len(hurried) != 1 {
		t.Errorf("got %v; closing hurried %d times", err, len(hurried))
	}
}

func TestAnswersEndWithReadyForQuery(t *testing.T) {
	const bound, row, ready = "2\x00\x00\x00\x04", "D\x00\x00\x00\x0a\x00\x00ZZZZ", "Z\x00\x00\x00\x05I"
	for messages, want := range map[string]bool{
		"": false, bound: false, bound + row: false, bound + row + ready: true, ready: true,
		bound + row + ready[:5]: false, bound + row[:7]: false, row[:3]: false, "Z\x00\x00\x00\x00I": false,
		"D\xff\xff\xff\xff" + ready: false,
	} {
		if isAnswer([]byte(messages)) != want {
			t.Errorf("%q: not %t", messages, want)
		}
	}
}
