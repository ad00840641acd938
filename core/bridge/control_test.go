package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"testing"

	"ouroboros-postgres/core/engine"
	"ouroboros-postgres/core/internal/pgtest"
)

// server is a harness with a pool on a real server.
type server struct {
	*harness
	dsn  string
	pool uint64
	last uint64
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{harness: newHarness(t), dsn: pgtest.DSN(t)}
	s.pool = s.connect(`{"max_connections":2}`)
	return s
}

func (s *server) connect(options string) uint64 {
	s.t.Helper()
	dsn, err := json.Marshal(s.dsn)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.handle(s.run(0, fmt.Sprintf(`{"op":"connect","dsn":%s,"options":%s}`, dsn, options)))
}

// run submits a request and waits for its frame.
func (s *server) run(target uint64, request string) received {
	s.t.Helper()
	s.last++
	s.expect(OK, s.Submit(s.queue, s.last, target, []byte(request)))
	frames := s.next()
	if len(frames) != 1 || frames[0].operation != s.last {
		s.t.Fatalf("%s: %v", request, frames)
	}
	return frames[0]
}

func (s *server) null(target uint64, request string) {
	s.t.Helper()
	if f := s.run(target, request); f.kind != FrameValue || f.payload != "null" {
		s.t.Fatalf("%s: %v", request, f)
	}
}

func (s *server) handle(f received) uint64 {
	s.t.Helper()
	var answer struct{ Handle uint64 }
	if f.kind != FrameHandle {
		s.t.Fatalf("not a handle: %v", f)
	}
	if err := json.Unmarshal([]byte(f.payload), &answer); err != nil {
		s.t.Fatal(err)
	}
	return answer.Handle
}

func (s *server) begin() uint64 {
	s.t.Helper()
	return s.handle(s.run(s.pool, `{"op":"begin"}`))
}

// text asks the session behind a handle.
func (s *server) text(target uint64, sql string) string {
	s.t.Helper()
	r, status := s.handles.get(target, KindPool, KindTransaction)
	s.expect(OK, status)
	session, ok := r.value.(engine.Session)
	if !ok {
		s.t.Fatalf("%T is no session", r.value)
	}
	rows, err := session.Text(context.Background(), engine.Statement{SQL: sql})
	if err != nil {
		s.t.Fatal(err)
	}
	if len(rows) == 0 || rows[0][0] == nil {
		return ""
	}
	return *rows[0][0]
}

// idle waits for background work, such as a rollback, and expects no connection to be in use after it.
func (s *server) idle() {
	s.t.Helper()
	s.settle()
	pool, status := typed[*engine.Pool](s.handles, s.pool, KindPool)
	s.expect(OK, status)
	if n := pool.Metrics().Active; n != 0 {
		s.t.Fatalf("%d connections are in use", n)
	}
}

func TestTransactionLifecycle(t *testing.T) {
	s := newServer(t)
	s.null(s.pool, `{"op":"ping"}`)
	tx := s.begin()
	s.text(tx, "CREATE TEMPORARY TABLE steps (name text) ON COMMIT DROP")
	s.text(tx, "INSERT INTO steps VALUES ('first')")
	s.null(tx, `{"op":"savepoint","name":"a"}`)
	s.text(tx, "INSERT INTO steps VALUES ('second')")
	s.null(tx, `{"op":"rollback_to","name":"a"}`)
	s.null(tx, `{"op":"release","name":"a"}`)
	if got := s.text(tx, "SELECT string_agg(name, ',') FROM steps"); got != "first" {
		t.Fatalf("steps: %s", got)
	}
	s.null(tx, `{"op":"commit"}`)
	if kind := errorKind(t, s.run(tx, `{"op":"commit"}`)); kind != "transaction_closed" {
		t.Fatal(kind)
	}
	s.expect(OK, s.Release(tx))
	s.expect(BadHandle, s.Release(tx))
	s.idle()
	s.null(s.pool, `{"op":"close","timeout":5}`)
	s.expect(BadHandle, s.Submit(s.queue, 1, s.pool, []byte(`{"op":"ping"}`)))
}

func TestErrorsNameTheirOperation(t *testing.T) {
	s := newServer(t)
	tx := s.begin()
	for request, want := range map[string]string{
		`{"op":"rollback_to","name":"none"}`: `"prefix":"Rollback to savepoint failed"`,
		`{"op":"release","name":"none"}`:     `"prefix":"Release savepoint failed"`,
		`{"op":"savepoint","name":""}`:       `"kind":"identifier"`,
		`{"op":"savepoint"}`:                 `name is required`,
		`{"op":"savepoint","name":1}`:        `"kind":"type","message":"Invalid request: name cannot be a JSON number"`,
		`{"op":"commit","force":true}`:       `unknown field \"force\"`,
	} {
		if f := s.run(tx, request); f.kind != FrameError || !strings.Contains(f.payload, want) {
			t.Errorf("%s: %s", request, f.payload)
		}
	}
	for request, want := range map[string]string{
		`{"op":"connect"}`:                                        `dsn is required`,
		`{"op":"connect","dsn":""}`:                               `"prefix":"Failed to initialize PostgreSQL"`,
		`{"op":"connect","dsn":"","options":{"colour":1}}`:        `unknown field \"colour\"`,
		`{"op":"connect","dsn":"","options":{"max_retries":1.5}}`: `"kind":"type"`,
	} {
		if f := s.run(0, request); f.kind != FrameError || !strings.Contains(f.payload, want) {
			t.Errorf("%s: %s", request, f.payload)
		}
	}
	for request, want := range map[string]string{
		`{"op":"begin","isolation":"none"}`: `Invalid isolation level: none`,
		`{"op":"close"}`:                    `timeout is required`,
		`{"op":"close","timeout":-1}`:       `timeout must not be negative`,
	} {
		if f := s.run(s.pool, request); f.kind != FrameError || !strings.Contains(f.payload, want) {
			t.Errorf("%s: %s", request, f.payload)
		}
	}
	s.null(s.pool, `{"op":"ping"}`)
}

func TestReleasedTransactionIsRolledBack(t *testing.T) {
	s := newServer(t)
	s.text(s.pool, "DROP TABLE IF EXISTS bridge_released")
	s.text(s.pool, "CREATE TABLE bridge_released (id int)")
	defer s.text(s.pool, "DROP TABLE bridge_released")
	tx := s.begin()
	s.text(tx, "INSERT INTO bridge_released VALUES (1)")
	s.expect(OK, s.Release(tx))
	s.idle()
	if got := s.text(s.pool, "SELECT count(*) FROM bridge_released"); got != "0" {
		t.Fatalf("%s rows", got)
	}
}

func TestPanicGivesTheTransactionUp(t *testing.T) {
	s := newServer(t)
	s.controls["crash"] = control{target: KindTransaction, run: func(context.Context, call) (reply, error) {
		return reply{value: at(nil, 1)}, nil
	}}
	tx := s.begin()
	if kind := errorKind(t, s.run(tx, `{"op":"crash"}`)); kind != "internal" {
		t.Fatal(kind)
	}
	if kind := errorKind(t, s.run(tx, `{"op":"commit"}`)); kind != "transaction_closed" {
		t.Fatal(kind)
	}
	s.idle()
}

func TestQueueClosedDuringBeginLeavesNoTransaction(t *testing.T) {
	s := newServer(t)
	queue := s.queue
	for id := range uint64(20) {
		s.expect(OK, s.Submit(queue, id+1, s.pool, []byte(`{"op":"begin"}`)))
	}
	s.expect(OK, s.QueueClose(queue))
	s.queue = s.open(noFD)
	s.idle()
	if n := s.handles.count()[KindTransaction]; n != 0 {
		t.Fatalf("%d transactions are left", n)
	}
}

func TestShutdownRollsBackAndCloses(t *testing.T) {
	s := newServer(t)
	s.begin()
	s.begin()
	s.expect(OK, s.Shutdown(10_000))
}

func TestCancelledConnectHangsUp(t *testing.T) {
	h := newHarness(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	request := fmt.Sprintf(`{"op":"connect","dsn":"postgres://u@%s/d?sslmode=disable"}`, listener.Addr())
	h.expect(OK, h.Submit(h.queue, 1, 0, []byte(request)))
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	h.expect(OK, h.Cancel(h.queue, 1))
	buffer := make([]byte, 1024)
	for err == nil {
		_, err = conn.Read(buffer)
	}
	h.settle()
}

func TestMetricsAreACall(t *testing.T) {
	s := newServer(t)
	call := func(target uint64, request string) received {
		t.Helper()
		var buffer []byte
		s.expect(OK, s.Call(target, []byte(request), func(size int) []byte {
			buffer = make([]byte, size)
			return buffer
		}))
		return parse(t, buffer)[0]
	}
	if f := call(s.pool, `{"op":"metrics"}`); f.kind != FrameValue || !json.Valid([]byte(f.payload)) {
		t.Fatal(f)
	}
	if f := call(s.pool, `{"op":"reset_metrics"}`); f.payload != "null" {
		t.Fatal(f)
	}
	if kind := errorKind(t, call(s.pool, `{"op":"metrics","x":1}`)); kind != "value" {
		t.Fatal(kind)
	}
	if kind := errorKind(t, call(0, `{"op":"no such"}`)); kind != "value" {
		t.Fatal(kind)
	}
	tx := s.begin()
	s.expect(WrongKind, s.Call(tx, []byte(`{"op":"metrics"}`), nil))
	s.expect(BadHandle, s.Call(0, []byte(`{"op":"metrics"}`), nil))
	s.expect(WrongKind, s.Call(s.pool, []byte(`{"op":"no such"}`), nil))
	s.expect(BadRequest, s.Call(0, []byte(`[]`), nil))
	s.expect(NoMemory, s.Call(s.pool, []byte(`{"op":"metrics"}`), func(int) []byte { return nil }))
}
