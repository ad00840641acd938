package engine

import (
	"context"
	"sync"
)

// turns serialises the operations of one transaction in the order in which they were asked for.
type turns struct {
	mu   sync.Mutex
	last chan struct{} // closed when the latest turn is over; nil before the first
	// spawn runs the rest of a turn that was given up early.
	spawn func(func())
}

// Turn is a place in the queue. Done must be called exactly once, whether or not Wait succeeded.
type Turn struct {
	before <-chan struct{}
	over   chan struct{}
	spawn  func(func())
}

func (t *turns) enqueue() *Turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	turn := &Turn{before: t.last, over: make(chan struct{}), spawn: t.spawn}
	t.last = turn.over
	return turn
}

// Wait blocks until everybody before is done, or ctx ends.
func (t *Turn) Wait(ctx context.Context) error {
	if t.before == nil {
		return nil
	}
	select {
	case <-t.before:
		return nil
	default:
	}
	select {
	case <-t.before:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Pending tells whether somebody before is not done yet.
func (t *Turn) Pending() bool {
	if t.before == nil {
		return false
	}
	select {
	case <-t.before:
		return false
	default:
		return true
	}
}

// Done lets the next one go. A turn that was given up early still waits for those before it, in the background.
func (t *Turn) Done() {
	if !t.Pending() {
		close(t.over)
		return
	}
	t.spawn(func() {
		<-t.before
		close(t.over)
	})
}
