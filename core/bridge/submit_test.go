package bridge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"ouroboros-postgres/core/pgerr"
)

func TestSubmitRefusesWhatCannotRun(t *testing.T) {
	h := newHarness(t)
	h.controls["on_transaction"] = control{target: KindTransaction}
	pool, _ := h.handles.add(KindPool, resource{value: "not a session", dispose: func() {}})
	request := []byte(`{"op":"on_transaction"}`)
	h.expect(BadRequest, h.Submit(h.queue, 0, 0, request))
	h.expect(BadHandle, h.Submit(h.queue, 1, 0, request))
	h.expect(WrongKind, h.Submit(h.queue, 1, pool, request))
	h.expect(WrongKind, h.Submit(h.queue, 1, h.queue, []byte(`{"op":"nothing"}`)))
	h.expect(BadHandle, h.Submit(h.queue, 1, 99, []byte(`{"op":"nothing"}`)))
	h.expect(WrongKind, h.Submit(pool, 1, 0, request))
	h.expect(BadHandle, h.Submit(77, 1, 0, request))
	for _, garbage := range []string{"", "null", "[]", "1", `"op"`, "{", `{"op":"a"`, `{"op":"a"}x`, "\x00", `{"op":tru}`} {
		if status := h.Submit(h.queue, 1, 0, []byte(garbage)); status != BadRequest {
			t.Errorf("%q: %d", garbage, status)
		}
	}
}

func TestUnknownOperationIsAnErrorFrame(t *testing.T) {
	h := newHarness(t)
	for i, request := range []string{`{"op":"no such"}`, `{}`, `{"op":1}`, ` {"x":1,"op":"a\u0062"}`} {
		h.expect(OK, h.Submit(h.queue, uint64(i+1), 0, []byte(request)))
		frames := h.next()
		if len(frames) != 1 || frames[0].operation != uint64(i+1) || errorKind(t, frames[0]) != "value" {
			t.Fatalf("%s: %v", request, frames)
		}
	}
}

func TestOperationNameIsFoundInAnyShape(t *testing.T) {
	for request, want := range map[string]string{
		`{"op":"ping"}`: "ping", `{ "op": "ping" }`: "ping", `{"a":{"op":"x"},"op":"ping"}`: "ping",
		`{"op":"p\u0069ng"}`: "ping", "\n{\"op\":\"ping\"}\t": "ping", `{"op":null}`: "",
	} {
		if name, ok := operationName([]byte(request)); !ok || name != want {
			t.Errorf("%s: %q, %v", request, name, ok)
		}
	}
}

// blocker is an operation that ends when it is told to, or cancelled.
type blocker struct {
	started chan struct{}
	release chan struct{}
	ended   chan error
}

func (h *harness) defineBlocker(name string, durable bool) *blocker {
	b := &blocker{started: make(chan struct{}, 100), release: make(chan struct{}), ended: make(chan error, 100)}
	h.controls[name] = control{durable: durable, run: func(ctx context.Context, _ call) (reply, error) {
		b.started <- struct{}{}
		select {
		case <-b.release:
		case <-ctx.Done():
		}
		b.ended <- ctx.Err()
		return reply{value: "done"}, ctx.Err()
	}}
	return b
}

func TestIdentifiersAreUniqueInFlightOnly(t *testing.T) {
	h := newHarness(t)
	b := h.defineBlocker("block", false)
	other := h.open(noFD)
	h.submit(1, "block")
	request := []byte(`{"op":"block"}`)
	h.expect(Duplicate, h.Submit(h.queue, 1, 0, request))
	h.expect(OK, h.Submit(other, 1, 0, request))
	close(b.release)
	if frames := h.next(); len(frames) != 1 || frames[0].payload != `"done"` {
		t.Fatal(frames)
	}
	h.submit(1, "block")
	if frames := h.next(); len(frames) != 1 {
		t.Fatal(frames)
	}
}

func TestCancelEndsTheOperationWithoutFrame(t *testing.T) {
	h := newHarness(t)
	b := h.defineBlocker("block", false)
	h.submit(1, "block")
	<-b.started
	h.expect(OK, h.Cancel(h.queue, 1))
	h.expect(BadHandle, h.Cancel(h.queue, 1))
	if err := <-b.ended; !errors.Is(err, context.Canceled) {
		t.Fatalf("ended with %v", err)
	}
	h.settle()
	if frames := h.drain(h.queue, 0); len(frames) != 0 {
		t.Fatal(frames)
	}
	if n := h.operations.Load(); n != 0 {
		t.Fatalf("%d operations are left", n)
	}
}

func TestCancelledIdentifierMayBeUsedAgain(t *testing.T) {
	h := newHarness(t)
	stubborn := h.defineBlocker("stubborn", true)
	h.define("quick", func(context.Context) (reply, error) { return reply{value: 2}, nil })
	h.submit(1, "stubborn")
	<-stubborn.started
	h.expect(OK, h.Cancel(h.queue, 1))
	h.submit(1, "quick")
	frames := h.next()
	close(stubborn.release)
	h.settle()
	frames = append(frames, h.drain(h.queue, 0)...)
	if len(frames) != 1 || frames[0].payload != "2" {
		t.Fatal(frames)
	}
}

func TestDurableOperationsRunToTheirEnd(t *testing.T) {
	for name, giveUp := range map[string]func(*harness) Status{
		"cancel": func(h *harness) Status { return h.Cancel(h.queue, 1) },
		"close":  func(h *harness) Status { return h.QueueClose(h.queue) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			b := h.defineBlocker("commit", true)
			h.submit(1, "commit")
			<-b.started
			h.expect(OK, giveUp(h))
			b.release <- struct{}{}
			if err := <-b.ended; err != nil {
				t.Fatalf("interrupted: %v", err)
			}
		})
	}
}

func TestHandleOfCancelledOperationIsReleased(t *testing.T) {
	h := newHarness(t)
	started, resume, disposed := make(chan struct{}), make(chan struct{}), make(chan struct{})
	h.define("connect", func(context.Context) (reply, error) {
		close(started)
		<-resume
		handle, _ := h.handles.add(KindPool, resource{dispose: func() { close(disposed) }})
		return reply{handle: handle}, nil
	})
	h.submit(1, "connect")
	<-started
	h.expect(OK, h.Cancel(h.queue, 1))
	close(resume)
	<-disposed
}

func TestPanicBecomesAnInternalError(t *testing.T) {
	h := newHarness(t)
	h.expect(OK, h.LogSubscribe(h.queue, levelError))
	h.define("crash", func(context.Context) (reply, error) {
		return reply{value: at(nil, 1)}, nil
	})
	h.define("secret", func(context.Context) (reply, error) { panic("postgres://user:password@host") })
	for _, name := range []string{"crash", "secret"} {
		h.submit(1, name)
		var frames []received
		for len(frames) < 2 {
			frames = append(frames, h.next()...)
		}
		if frames[0].kind != FrameLog || errorKind(t, frames[1]) != "internal" {
			t.Fatal(frames)
		}
		if strings.Contains(frames[0].payload+frames[1].payload, "password") {
			t.Fatal("the panic value leaked")
		}
	}
	h.settle()
}

// at panics, in a way that no compiler foresees.
func at(list []int, i int) int { return list[i] }

func TestExportBarrier(t *testing.T) {
	h := newHarness(t)
	h.expect(OK, h.LogSubscribe(h.queue, levelError))
	h.expect(Panic, h.Guard("ob_test", func() Status { return Status(at(nil, 1)) }))
	frames := h.drain(h.queue, 0)
	if len(frames) != 1 || frames[0].kind != FrameLog || !strings.Contains(frames[0].payload, "ob_test") {
		t.Fatal(frames)
	}
}

func TestUnencodableValueIsAnInternalError(t *testing.T) {
	h := newHarness(t)
	h.define("bad", func(context.Context) (reply, error) { return reply{value: make(chan int)}, nil })
	h.submit(1, "bad")
	if frames := h.next(); errorKind(t, frames[0]) != "internal" {
		t.Fatal(frames)
	}
}

func TestPrefixNamesTheOperationNotTheArguments(t *testing.T) {
	server := pgerr.New(pgerr.Database, "deadlock")
	for kind, want := range map[pgerr.Kind]string{
		pgerr.Database: "Commit failed", pgerr.Connection: "Commit failed",
		pgerr.Value: "", pgerr.Type: "", pgerr.Identifier: "",
	} {
		if got := pgerr.From(withPrefix(pgerr.New(kind, "x"), "Commit failed")).Prefix; got != want {
			t.Errorf("%s: %q", kind, got)
		}
	}
	if withPrefix(nil, "Commit failed") != nil || pgerr.From(withPrefix(server, "")) != server {
		t.Error("nothing to do, but something was done")
	}
}

// line is a queue of turns, as a transaction has one.
type line struct {
	mu   sync.Mutex
	last chan struct{}
}

type place struct {
	before, done chan struct{}
}

func (l *line) enqueue() turn {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := &place{before: l.last, done: make(chan struct{})}
	l.last = p.done
	return p
}

func (p *place) Wait(ctx context.Context) error {
	select {
	case <-p.before:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *place) Pending() bool {
	select {
	case <-p.before:
		return false
	default:
		return true
	}
}

func (p *place) Done() { close(p.done) }

func TestTurnsFollowTheOrderOfSubmits(t *testing.T) {
	h := newHarness(t)
	first := make(chan struct{})
	l := &line{last: first}
	tx, _ := h.handles.add(KindTransaction, resource{value: l, dispose: func() {}, enqueue: l.enqueue})
	var mu sync.Mutex
	var order []string
	h.controls["step"] = control{target: KindTransaction, run: func(_ context.Context, c call) (reply, error) {
		mu.Lock()
		defer mu.Unlock()
		order = append(order, string(c.request))
		return reply{}, nil
	}}
	var want []string
	for i := range 100 {
		request := fmt.Sprintf(`{"op":"step","i":%d}`, i)
		want = append(want, request)
		h.expect(OK, h.Submit(h.queue, uint64(i+1), tx, []byte(request)))
	}
	close(first)
	h.settle()
	if !slices.Equal(order, want) {
		t.Fatalf("order %v", order)
	}
}
