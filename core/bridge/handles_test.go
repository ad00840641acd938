package bridge

import "testing"

func TestHandlesTellKindsApart(t *testing.T) {
	h := newHandles()
	pool, _ := h.add(KindPool, resource{value: "pool"})
	if _, status := h.get(pool, KindTransaction); status != WrongKind {
		t.Errorf("a pool as a transaction: %d", status)
	}
	if _, status := typed[int](h, pool, KindPool); status != WrongKind {
		t.Errorf("a value of another type: %d", status)
	}
	if value, status := typed[string](h, pool, KindPool); status != OK || value != "pool" {
		t.Errorf("got %q, %d", value, status)
	}
	for _, never := range []uint64{0, 1, pool + 1, pool ^ 1<<kindShift, ^uint64(0)} {
		if _, status := h.get(never, KindPool); status != BadHandle {
			t.Errorf("%x: %d", never, status)
		}
	}
}

func TestHandlesAreNeverReused(t *testing.T) {
	h := newHandles()
	seen := map[uint64]bool{}
	for range 100 {
		handle, _ := h.add(KindPool, resource{})
		if seen[handle] {
			t.Fatalf("%x was issued twice", handle)
		}
		seen[handle] = true
		if _, status := h.take(handle, KindPool); status != OK {
			t.Fatal(status)
		}
		if _, status := h.take(handle, KindPool); status != BadHandle {
			t.Fatalf("second release: %d", status)
		}
	}
}

func TestHandlesAfterCloseDisposeOfWhatComes(t *testing.T) {
	h := newHandles()
	handle, _ := h.add(KindPool, resource{value: 1})
	if open := h.close(); len(open[KindPool]) != 1 {
		t.Fatalf("close returned %v", open)
	}
	disposed := false
	if _, ok := h.add(KindPool, resource{dispose: func() { disposed = true }}); ok || !disposed {
		t.Fatalf("added: %v, disposed: %v", ok, disposed)
	}
	if _, status := h.get(handle, KindPool); status != Closed {
		t.Fatalf("after close: %d", status)
	}
}
