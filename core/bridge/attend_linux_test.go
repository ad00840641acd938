package bridge

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// answering is an operation whose answer comes through a socket.
type answering struct {
	h       *harness
	epoll   int
	socket  int // the operation's end
	server  int
	long    atomic.Bool
	broken  atomic.Bool
	inDrain atomic.Bool
	ran     chan error // how its context was when it ran
	reader  atomic.Bool
}

func newAnswering(t *testing.T) *answering {
	t.Helper()
	a := &answering{h: newHarness(t), ran: make(chan error, 1)}
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	a.socket, a.server = ends[0], ends[1]
	if a.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, fd := range []int{a.socket, a.server, a.epoll} {
			_ = unix.Close(fd)
		}
	})
	queue, status := a.h.QueueOpen(int64(a.epoll), queueEpoll)
	a.h.expect(OK, status)
	a.h.queue = queue
	return a
}

// start admits the operation and leaves it to the queue.
func (a *answering) start(id uint64) {
	a.h.t.Helper()
	q, status := a.h.Library.queue(a.h.queue)
	a.h.expect(OK, status)
	op, status := q.admit(a.h.root, id, false)
	a.h.expect(OK, status)
	a.h.Library.start(q, op, task{
		name:  "answering",
		ahead: func(context.Context) (int, bool) { return a.socket, true },
		receive: func() bool {
			if a.broken.Load() {
				panic("in the test")
			}
			return !a.long.Load()
		},
		run: func(ctx context.Context) (reply, error) {
			a.reader.Store(a.inDrain.Load())
			a.ran <- ctx.Err()
			return reply{value: "done"}, nil
		},
	})
}

func (a *answering) answer() {
	a.h.t.Helper()
	if _, err := unix.Write(a.server, []byte{1}); err != nil {
		a.h.t.Fatal(err)
	}
}

// woken tells whether the reader of the queue has to come.
func (a *answering) woken(wait time.Duration) bool {
	poll := []unix.PollFd{{Fd: int32(a.epoll), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(poll, int(wait.Milliseconds()))
		if !errors.Is(err, unix.EINTR) {
			return n > 0
		}
	}
}

func (a *answering) drain() []received {
	a.h.t.Helper()
	a.inDrain.Store(true)
	defer a.inDrain.Store(false)
	return a.h.drain(a.h.queue, 0)
}

// outcome waits for the operation and tells whether the reader of the queue ran it.
func (a *answering) outcome() (byReader bool, interrupted error) {
	a.h.t.Helper()
	select {
	case interrupted = <-a.ran:
		return a.reader.Load(), interrupted
	case <-time.After(10 * time.Second):
		a.h.t.Fatal("the operation did not go on")
		return false, nil
	}
}

func (a *answering) waiting() int {
	a.h.attendance.mu.Lock()
	defer a.h.attendance.mu.Unlock()
	return len(a.h.attendance.waiting)
}

func TestReaderFinishesWhatHasBeenAnswered(t *testing.T) {
	a := newAnswering(t)
	byReader := 0
	for id := uint64(1); id <= 100; id++ {
		a.answer()
		a.start(id)
		if !a.woken(10 * time.Second) {
			t.Fatal("the answer woke nobody")
		}
		for frames := []received(nil); len(frames) == 0; { // a second time where a goroutine was quicker
			if frames = a.drain(); len(frames) > 0 && (frames[0].operation != id || frames[0].payload != `"done"`) {
				t.Fatalf("got %v", frames)
			}
		}
		if inDrain, _ := a.outcome(); inDrain {
			byReader++
		}
		var one [1]byte
		if _, err := unix.Read(a.socket, one[:]); err != nil {
			t.Fatal(err)
		}
	}
	a.h.settle()
	if byReader == 0 {
		t.Error("the reader never finished anything")
	}
	if a.drain(); a.woken(0) {
		t.Error("the reader is woken for nothing")
	}
	if a.waiting() > 0 || a.h.operations.Load() != 0 {
		t.Error("something is left")
	}
}

func TestWhatTakesLongerGoesOnInAGoroutine(t *testing.T) {
	for name, prepare := range map[string]func(*answering){
		"long":   func(a *answering) { a.long.Store(true) },
		"broken": func(a *answering) { a.broken.Store(true) },
	} {
		t.Run(name, func(t *testing.T) {
			a := newAnswering(t)
			prepare(a)
			a.start(1)
			a.answer()
			a.woken(10 * time.Second)
			frames := a.drain()
			a.outcome()
			if len(frames) == 0 {
				a.h.next()
			}
			a.h.settle()
		})
	}
}

func TestNobodyDependsOnTheReader(t *testing.T) {
	for name, act := range map[string]func(*answering){
		"patience": func(*answering) {},
		"hurry":    func(a *answering) { a.h.attendance.hurry() },
	} {
		t.Run(name, func(t *testing.T) {
			a := newAnswering(t)
			a.start(1)
			act(a)
			if byReader, err := a.outcome(); byReader || err != nil {
				t.Errorf("by the reader: %t; its context: %v", byReader, err)
			}
			if !a.woken(10 * time.Second) {
				t.Error("the frame woke nobody")
			}
		})
	}
	for name, act := range map[string]func(*answering) Status{
		"cancel": func(a *answering) Status { return a.h.Cancel(a.h.queue, 1) },
		"close":  func(a *answering) Status { return a.h.QueueClose(a.h.queue) },
		"end":    func(a *answering) Status { return a.h.Shutdown(10_000) },
	} {
		t.Run(name, func(t *testing.T) {
			a := newAnswering(t)
			a.start(1)
			a.h.expect(OK, act(a))
			if byReader, _ := a.outcome(); byReader {
				t.Error("the reader ran it")
			}
			a.h.settle()
			if a.waiting() > 0 {
				t.Error("it still waits")
			}
		})
	}
}

func TestAnswersOfCancelledOperationsAreNobodys(t *testing.T) {
	a := newAnswering(t)
	a.start(1)
	a.h.expect(OK, a.h.Cancel(a.h.queue, 1))
	a.outcome()
	a.answer()
	a.woken(10 * time.Second)
	if frames := a.drain(); len(frames) > 0 || a.woken(0) {
		t.Errorf("got %v", frames)
	}
}

func TestPollingQueueNeedsAnEpollInstance(t *testing.T) {
	h := newHarness(t)
	for _, fd := range []int64{noFD, 1 << 40, int64(eventfd(t))} {
		if _, status := h.QueueOpen(fd, queueEpoll); status != BadRequest {
			t.Errorf("status %d", status)
		}
	}
}

func TestPollingQueueWakesForFrames(t *testing.T) {
	a := newAnswering(t)
	for range 3 {
		if a.woken(0) {
			t.Fatal("woken for nothing")
		}
		a.h.fill(5, "")
		if !a.woken(0) {
			t.Fatal("not woken")
		}
		if len(a.h.drain(a.h.queue, 4)) != 4 || !a.woken(0) {
			t.Fatal("not woken for what was left behind")
		}
		a.drain()
	}
}

// TestAFaultKeepsNobodyWaiting has one of two operations panic when the timer takes them.
func TestAFaultKeepsNobodyWaiting(t *testing.T) {
	l := New()
	left := 0
	for range 2 {
		a := &attended{among: &l.attendance, proceed: func() {
			left++
			panic("at the timer")
		}}
		l.attendance.waiting = map[*attended]struct{}{a: {}}
		l.attendance.watch()
	}
	if left != 2 || len(l.attendance.waiting) != 0 || l.attendance.watched {
		t.Errorf("%d left, %d wait, watched %t", left, len(l.attendance.waiting), l.attendance.watched)
	}
}
