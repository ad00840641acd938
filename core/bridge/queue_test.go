package bridge

import (
	"context"
	"strings"
	"testing"
)

func TestDrainIsBoundedByFrames(t *testing.T) {
	h := newHarness(t)
	h.fill(600, "")
	for _, want := range []int{defaultFrames, defaultFrames, 600 - 2*defaultFrames, 0} {
		if got := len(h.drain(h.queue, 0)); got != want {
			t.Fatalf("%d frames, want %d", got, want)
		}
	}
	h.fill(5, "")
	if got := len(h.drain(h.queue, 3)); got != 3 {
		t.Fatalf("%d frames, want 3", got)
	}
}

func TestDrainIsBoundedByBytes(t *testing.T) {
	h := newHarness(t)
	h.fill(3, strings.Repeat("x", maxBatchBytes/2))
	for _, want := range []int{1, 1, 1, 0} {
		if got := len(h.drain(h.queue, 0)); got != want {
			t.Fatalf("%d frames, want %d", got, want)
		}
	}
	h.fill(1, strings.Repeat("x", 3*maxBatchBytes))
	if got := h.drain(h.queue, 0); len(got) != 1 || len(got[0].payload) != 3*maxBatchBytes {
		t.Fatal("a frame beyond the bound must come alone")
	}
}

// fill puts n finished operations into the queue.
func (h *harness) fill(n int, payload string) {
	h.t.Helper()
	q, status := h.Library.queue(h.queue)
	h.expect(OK, status)
	for i := range n {
		op, status := q.admit(h.root, uint64(i+1), false)
		h.expect(OK, status)
		q.finish(op, frame{kind: FrameValue, payload: []byte(payload)})
		op.cancel()
	}
}

func TestFramesKeepTheirOrder(t *testing.T) {
	h := newHarness(t)
	h.fill(300, "")
	for i, f := range append(h.drain(h.queue, 100), h.drain(h.queue, 0)...) {
		if f.operation != uint64(i+1) {
			t.Fatalf("frame %d is of operation %d", i, f.operation)
		}
	}
}

func TestWithoutMemoryFramesStay(t *testing.T) {
	h := newHarness(t)
	h.fill(3, "a")
	h.expect(NoMemory, h.QueueDrain(h.queue, 2, func(int) []byte { return nil }))
	frames := h.drain(h.queue, 0)
	if len(frames) != 3 || frames[0].operation != 1 || frames[2].operation != 3 {
		t.Fatalf("got %v", frames)
	}
}

func TestWaitEndsWithTimeFrameOrClose(t *testing.T) {
	h := newHarness(t)
	h.expect(Timeout, h.QueueWait(h.queue, 0))
	h.expect(Timeout, h.QueueWait(h.queue, 1))
	h.fill(1, "")
	for _, timeout := range []int64{0, -1, 1 << 62} {
		h.expect(OK, h.QueueWait(h.queue, timeout))
	}
	h.drain(h.queue, 0)
	q, _ := h.Library.queue(h.queue)
	ended := make(chan Status, 2)
	for range cap(ended) {
		h.tasks.spawn(func() { ended <- q.wait(-1) }, func(crash) {})
	}
	h.expect(OK, h.QueueClose(h.queue))
	for range cap(ended) {
		h.expect(Closed, <-ended)
	}
	h.expect(BadHandle, h.QueueWait(h.queue, 0))
}

func TestWaitersWakeTogether(t *testing.T) {
	h := newHarness(t)
	q, _ := h.Library.queue(h.queue)
	ended := make(chan Status, 3)
	for range cap(ended) {
		h.tasks.spawn(func() { ended <- q.wait(-1) }, func(crash) {})
	}
	h.fill(1, "")
	for range cap(ended) {
		h.expect(OK, <-ended)
	}
}

func TestCloseReleasesHandlesNobodyReceived(t *testing.T) {
	h := newHarness(t)
	disposed := make(chan struct{})
	h.define("make", func(context.Context) (reply, error) {
		handle, _ := h.handles.add(KindPool, resource{dispose: func() { close(disposed) }})
		return reply{handle: handle}, nil
	})
	h.submit(1, "make")
	h.expect(OK, h.QueueWait(h.queue, 10_000))
	h.expect(OK, h.QueueClose(h.queue))
	<-disposed
	if n := h.handles.count()[KindPool]; n != 0 {
		t.Fatalf("%d pools are left", n)
	}
	h.expect(BadHandle, h.QueueClose(h.queue))
}
