package bridge

import (
	"context"
	"testing"
)

func TestShutdownEndsEverything(t *testing.T) {
	h := newHarness(t)
	b := h.defineBlocker("block", false)
	disposed := false
	pool, _ := h.handles.add(KindPool, resource{dispose: func() { disposed = true }})
	h.submit(1, "block")
	<-b.started
	h.expect(OK, h.Shutdown(10_000))
	if err := <-b.ended; err == nil || !disposed {
		t.Fatalf("ended with %v, pool disposed of: %v", err, disposed)
	}
	_, opened := h.QueueOpen(noFD, 0)
	for name, status := range map[string]Status{
		"open": opened, "wait": h.QueueWait(h.queue, 0), "submit": h.Submit(h.queue, 2, 0, []byte(`{"op":"block"}`)),
		"cancel": h.Cancel(h.queue, 1), "close": h.QueueClose(h.queue), "release": h.Release(pool),
		"subscribe": h.LogSubscribe(h.queue, 10), "drain": h.QueueDrain(h.queue, 0, nil), "call": h.Call(0, nil, nil),
	} {
		if status != Closed {
			t.Errorf("%s: %d", name, status)
		}
	}
	h.expect(OK, h.Shutdown(0))
}

func TestShutdownIsBounded(t *testing.T) {
	h := newHarness(t)
	resume := make(chan struct{})
	h.define("stuck", func(context.Context) (reply, error) { <-resume; return reply{}, nil })
	h.submit(1, "stuck")
	h.expect(Timeout, h.Shutdown(1))
	close(resume)
	h.expect(OK, h.Shutdown(10_000))
}

func TestHandleThatComesAfterShutdownIsDisposedOf(t *testing.T) {
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
	h.expect(Timeout, h.Shutdown(0))
	close(resume)
	<-disposed
}
