package bridge

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
)

// spawner starts goroutines with a recover barrier and knows how many have not ended.
type spawner struct {
	mu      sync.Mutex
	running int
	idle    chan struct{} // closed when the last one ends, nil while nobody waits
}

// spawn runs fn in a goroutine of its own. A panic ends fn only, and is reported to failed.
func (s *spawner) spawn(fn func(), failed func(crash)) {
	s.mu.Lock()
	s.running++
	s.mu.Unlock()
	go func() {
		defer s.ended()
		defer func() {
			if reason := recover(); reason != nil {
				failed(newCrash(reason))
			}
		}()
		growStack()
		fn()
	}()
}

// growStack makes the stack of a new goroutine large enough for a statement in one step, while there is next to nothing on
// it that would have to be copied; by itself it would double two or three times, deep in the driver.
//
//go:noinline
func growStack() {
	var frame [12 << 10]byte
	touch(&frame)
}

//go:noinline
func touch(frame *[12 << 10]byte) { frame[0] = 1 }

func (s *spawner) ended() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running--
	if s.running == 0 && s.idle != nil {
		close(s.idle)
		s.idle = nil
	}
}

// wait returns when nothing runs, or with ctx.
func (s *spawner) wait(ctx context.Context) error {
	s.mu.Lock()
	if s.running == 0 {
		s.mu.Unlock()
		return nil
	}
	if s.idle == nil {
		s.idle = make(chan struct{})
	}
	idle := s.idle
	s.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// crash is a recovered panic.
type crash struct {
	reason string
	stack  string
}

// newCrash is to be called in the deferred function that recovered. Only the runtime's own texts are kept: other
// panic values may hold anything, credentials and parameter values included.
func newCrash(reason any) crash {
	c := crash{reason: fmt.Sprintf("panic with a value of type %T", reason), stack: string(debug.Stack())}
	if err, ok := reason.(runtime.Error); ok {
		c.reason = err.Error()
	}
	return c
}
