package bridge

import (
	"strings"
	"testing"
)

// rows expects a result set with these rows.
func (s *server) rows(target uint64, request, want string) {
	s.t.Helper()
	f := s.run(target, request)
	if f.kind != FrameRows || !strings.Contains(f.payload, `"rows":[`+want+`],`) {
		s.t.Fatalf("%s: %v", request, f)
	}
}

func (s *server) cursor(target uint64) uint64 {
	s.t.Helper()
	return s.handle(s.run(target, `{"op":"open_cursor","sql":"SELECT n FROM generate_series(1, $1) AS n","args":[3]}`))
}

func TestCursorOfAPool(t *testing.T) {
	s := newServer(t)
	cursor := s.cursor(s.pool)
	if cursor>>kindShift != uint64(KindCursor) || s.handles.count()[KindCursor] != 1 {
		t.Fatalf("handle %x", cursor)
	}
	s.rows(cursor, `{"op":"fetch","count":2}`, "[1],[2]")
	s.rows(cursor, `{"op":"fetch","count":2}`, "[3]")
	s.rows(cursor, `{"op":"fetch","count":2}`, "")
	s.idle()
	s.null(cursor, `{"op":"close_cursor"}`)
	s.expect(OK, s.Release(cursor))
	s.expect(BadHandle, s.Release(cursor))

	for _, end := range []func(cursor uint64){
		func(cursor uint64) { s.null(cursor, `{"op":"close_cursor"}`) },
		func(cursor uint64) { s.expect(OK, s.Release(cursor)) },
	} {
		cursor := s.cursor(s.pool)
		s.rows(cursor, `{"op":"fetch","count":1}`, "[1]")
		end(cursor)
		s.idle()
		s.Release(cursor)
	}
	if n := s.handles.count()[KindCursor]; n != 0 {
		t.Fatalf("%d cursors", n)
	}
}

func TestCursorOfATransaction(t *testing.T) {
	s := newServer(t)
	tx := s.begin()
	cursor := s.cursor(tx)
	s.rows(cursor, `{"op":"fetch","count":1}`, "[1]")
	s.null(tx, `{"op":"savepoint","name":"a"}`)
	s.rows(cursor, `{"op":"fetch","count":1}`, "[2]")
	abandoned := s.cursor(tx)
	s.expect(OK, s.Release(abandoned))
	s.rows(tx, `{"op":"query","sql":"SELECT count(*) FROM pg_cursors WHERE name <> ''"}`, "[1]")
	s.null(tx, `{"op":"commit"}`)
	if kind := errorKind(t, s.run(cursor, `{"op":"fetch","count":1}`)); kind != "transaction_closed" {
		t.Fatal(kind)
	}
	s.expect(OK, s.Release(tx))
	s.expect(OK, s.Release(cursor))
	s.idle()
}

func TestCursorErrors(t *testing.T) {
	s := newServer(t)
	cursor := s.cursor(s.pool)
	for request, want := range map[string]string{
		`{"op":"fetch"}`:                       `"kind":"value","message":"Invalid request: count is required`,
		`{"op":"fetch","count":0}`:             `"kind":"value","message":"the number of rows to fetch must be between 1`,
		`{"op":"fetch","count":"1"}`:           `"kind":"type"`,
		`{"op":"fetch","count":1,"all":true}`:  `unknown field \"all\"`,
		`{"op":"close_cursor","at_once":true}`: `unknown field \"at_once\"`,
	} {
		if f := s.run(cursor, request); f.kind != FrameError || !strings.Contains(f.payload, want) {
			t.Errorf("%s: %s", request, f.payload)
		}
	}
	s.rows(cursor, `{"op":"fetch","count":1}`, "[1]") // none of that ended it
	for request, want := range map[string]string{
		`{"op":"open_cursor"}`:                            `the statement is empty`,
		`{"op":"open_cursor","sql":"SELECT 1; SELECT 2"}`: `"prefix":"Query failed"`,
		`{"op":"open_cursor","sql":"SELECT nothing"}`:     `"prefix":"Query failed"`,
		`{"op":"open_cursor","sql":"SELECT 1","count":1}`: `unknown field`,
	} {
		if f := s.run(s.pool, request); f.kind != FrameError || !strings.Contains(f.payload, want) {
			t.Errorf("%s: %s", request, f.payload)
		}
	}
	s.expect(WrongKind, s.Submit(s.queue, 1000, s.pool, []byte(`{"op":"fetch","count":1}`)))
	s.expect(WrongKind, s.Submit(s.queue, 1000, cursor, []byte(`{"op":"ping"}`)))
	s.expect(WrongKind, s.Submit(s.queue, 1000, cursor, []byte(`{"op":"execute","sql":"SELECT 1"}`)))

	broken := s.handle(s.run(s.pool, `{"op":"open_cursor","sql":"SELECT 1 / (2 - n) FROM generate_series(1, 3) AS n"}`))
	s.rows(broken, `{"op":"fetch","count":1}`, "[1]")
	if f := s.run(broken, `{"op":"fetch","count":1}`); !strings.Contains(f.payload, `"prefix":"Query failed","message":"division by zero"`) {
		t.Error(f.payload)
	}
}

func TestCancelledCursorsAreClosed(t *testing.T) {
	s := newServer(t)
	for id := range uint64(20) { // cancelled before, while and after they are opened
		s.expect(OK, s.Submit(s.queue, 100+id, s.pool, []byte(`{"op":"open_cursor","sql":"SELECT 1"}`)))
		if id%2 == 0 {
			s.Cancel(s.queue, 100+id)
			continue
		}
		for _, f := range s.next() { // the one before may have been faster than its cancellation
			s.Release(s.handle(f))
		}
	}
	s.settle()
	for _, f := range s.drain(s.queue, 0) {
		s.Release(s.handle(f))
	}
	cursor := s.handle(s.run(s.pool, `{"op":"open_cursor","sql":"SELECT pg_sleep(60)"}`))
	s.expect(OK, s.Submit(s.queue, 200, cursor, []byte(`{"op":"fetch","count":1}`)))
	s.expect(OK, s.Cancel(s.queue, 200))
	s.expect(OK, s.Release(cursor))
	s.idle()
	if n := s.handles.count()[KindCursor]; n != 0 {
		t.Fatalf("%d cursors", n)
	}
}

func TestShutdownWithOpenCursors(t *testing.T) {
	s := newServer(t)
	cursor := s.cursor(s.pool)
	s.rows(cursor, `{"op":"fetch","count":1}`, "[1]")
	busy := s.handle(s.run(s.pool, `{"op":"open_cursor","sql":"SELECT pg_sleep(60)"}`))
	s.expect(OK, s.Submit(s.queue, 200, busy, []byte(`{"op":"fetch","count":1}`)))
	s.expect(OK, s.Shutdown(5_000))
}
