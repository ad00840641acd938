package bridge

import (
	"context"
	"sync"
)

// Kind is what a handle stands for; it is the top byte of the handle.
type Kind uint8

const (
	KindQueue Kind = iota + 1
	KindPool
	KindTransaction
	KindCursor
	KindListener
)

const kindShift = 56

// turn is a place in the line of operations that share one connection.
type turn interface {
	Pending() bool
	Wait(ctx context.Context) error
	Done()
}

// resource is what a handle refers to.
type resource struct {
	value any
	// dispose gives the value back without waiting for it.
	dispose func()
	// enqueue, when set, takes a turn: operations on the value run in the order of their turns.
	enqueue func() turn
}

// Handles issues numbers for resources. A number is a kind and a counter that never repeats, so that a stale handle
// stays invalid for ever.
type Handles struct {
	mu     sync.RWMutex
	last   uint64
	live   map[uint64]resource
	closed bool
}

func newHandles() *Handles {
	return &Handles{live: make(map[uint64]resource)}
}

func kindOf(handle uint64) Kind {
	return Kind(handle >> kindShift)
}

// add issues a handle; after close it disposes of the resource instead and says so.
func (h *Handles) add(kind Kind, r resource) (uint64, bool) {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		r.dispose()
		return 0, false
	}
	defer h.mu.Unlock()
	h.last++
	handle := uint64(kind)<<kindShift | h.last
	h.live[handle] = r
	return handle, true
}

// get finds a live handle of one of the given kinds.
func (h *Handles) get(handle uint64, kinds ...Kind) (resource, Status) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.find(handle, kinds)
}

// take is get and makes the handle stale.
func (h *Handles) take(handle uint64, kinds ...Kind) (resource, Status) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, status := h.find(handle, kinds)
	if status == OK {
		delete(h.live, handle)
	}
	return r, status
}

func (h *Handles) find(handle uint64, kinds []Kind) (resource, Status) {
	if h.closed {
		return resource{}, Closed
	}
	r, ok := h.live[handle]
	if !ok {
		return resource{}, BadHandle
	}
	for _, kind := range kinds {
		if kindOf(handle) == kind {
			return r, OK
		}
	}
	return resource{}, WrongKind
}

// typed is get for the value underneath.
func typed[T any](h *Handles, handle uint64, kind Kind) (T, Status) {
	var none T
	r, status := h.get(handle, kind)
	if status != OK {
		return none, status
	}
	value, ok := r.value.(T)
	if !ok {
		return none, WrongKind
	}
	return value, OK
}

// close makes every handle stale and returns what they referred to, by kind. Nothing can be added any more.
func (h *Handles) close() map[Kind][]resource {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	byKind := make(map[Kind][]resource)
	for handle, r := range h.live {
		byKind[kindOf(handle)] = append(byKind[kindOf(handle)], r)
	}
	clear(h.live)
	return byKind
}

// count tells how many handles of each kind are live.
func (h *Handles) count() map[Kind]int {
	h.mu.RLock()
	defer h.mu.RUnlock()
	counts := make(map[Kind]int)
	for handle := range h.live {
		counts[kindOf(handle)]++
	}
	return counts
}
