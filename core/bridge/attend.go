package bridge

import (
	"sync"
	"sync/atomic"
	"time"
)

// patience is how long the answer of a statement waits for the reader of its queue, at least; twice that at most. Then a
// goroutine takes it, so that a busy event loop keeps no connection from others and no statement looks slow for its sake.
const patience = 5 * time.Millisecond

// attended is an operation that no goroutine runs: the reader of its queue is woken by the socket itself and finishes it
// within the drain, which spares two threads from having to wake each other. Who takes it first goes on with it.
type attended struct {
	among *attendance
	since time.Time
	taken atomic.Bool
	// receive reads the answer, if that and all that follows need no waiting.
	receive func() bool
	// finish runs the rest; its frame is in the queue then.
	finish func()
	// proceed runs everything in a goroutine.
	proceed func()
}

// attendance knows the attended operations of all queues.
type attendance struct {
	mu      sync.Mutex
	waiting map[*attended]struct{}
	watched bool // a timer runs
	// contain is a recover barrier: the timer has a goroutine of its own, and one fault must not keep the others waiting.
	contain func(where string)
}

func (s *attendance) add(a *attended) {
	a.among, a.since = s, time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting == nil {
		s.waiting = map[*attended]struct{}{}
	}
	s.waiting[a] = struct{}{}
	if !s.watched {
		s.watched = true
		time.AfterFunc(patience, s.watch)
	}
}

// take claims an operation for the caller, if nobody else has.
func (a *attended) take() bool {
	if !a.taken.CompareAndSwap(false, true) {
		return false
	}
	a.among.mu.Lock()
	delete(a.among.waiting, a)
	a.among.mu.Unlock()
	return true
}

// leave has a goroutine go on with the operation, unless somebody does already.
func (a *attended) leave() {
	if a.take() {
		a.proceed()
	}
}

// leaveAll is leave for those that wait since some time or longer.
func (s *attendance) leaveAll(since time.Time) {
	var late []*attended
	s.mu.Lock()
	for a := range s.waiting {
		if !a.since.After(since) {
			late = append(late, a)
		}
	}
	s.mu.Unlock()
	for _, a := range late {
		s.leave(a)
	}
}

func (s *attendance) leave(a *attended) {
	defer s.contain("leaving")
	a.leave()
}

// hurry leaves none: somebody waits for what they hold.
func (s *attendance) hurry() { s.leaveAll(time.Now()) }

// watch ends the wait of those that have waited for long, and comes again as long as there are any.
func (s *attendance) watch() {
	s.leaveAll(time.Now().Add(-patience))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watched = len(s.waiting) > 0
	if s.watched {
		time.AfterFunc(patience, s.watch)
	}
}

// attend leaves an operation to the reader of the queue, if that can be woken by its socket.
func (l *Library) attend(q *Queue, op *inflight, socket int, a *attended) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	// Under the lock: when the socket wakes the reader, the operation is there.
	if q.closed || q.inflight[op.id] != op || !q.waker.watch(socket, op.id) {
		return false
	}
	l.attendance.add(a)
	op.attended = a
	return true
}

// collect finishes the attended operations of a queue whose answers have come. It belongs to a drain: nobody is woken.
func (l *Library) collect(q *Queue) {
	var room [maxReady]uint64
	for _, number := range q.waker.ready(room[:0]) {
		a := q.attended(number)
		if a == nil || !a.take() {
			continue
		}
		if l.receives(a) {
			a.finish()
		} else {
			a.proceed()
		}
	}
}

func (l *Library) receives(a *attended) (done bool) {
	defer func() {
		if reason := recover(); reason != nil { // the goroutine meets the same fault, where it becomes the outcome
			l.logCrash(l.root, "receiving", newCrash(reason))
		}
	}()
	return a.receive()
}
