package bridge

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"ouroboros-postgres/core/operation"
)

// Library is the state behind one loaded library. Its exported methods are the functions of the header.
type Library struct {
	handles  *Handles
	tasks    spawner
	controls map[string]control
	known    *operation.Operations // on pools and transactions, and the pure ones
	faults   faults

	attendance attendance

	// root ends when Shutdown begins, hard when its patience with durable operations and connections in use is over.
	// The contexts of all operations descend from one of them.
	root, hard     context.Context
	cancel, cutOff context.CancelFunc
	closed         atomic.Bool

	operations atomic.Int64
	buffers    atomic.Int64

	logMu       sync.Mutex
	subscribers []subscriber
	lowestLevel atomic.Int64
}

// New prepares a library; it starts nothing.
func New() *Library {
	l := &Library{handles: newHandles(), known: operation.New()}
	l.root, l.cancel = context.WithCancel(context.Background())
	l.hard, l.cutOff = context.WithCancel(context.Background())
	l.lowestLevel.Store(logOff)
	l.controls = l.newControls()
	l.attendance.contain = l.Contain
	return l
}

// Guard is the recover barrier of an exported function.
func (l *Library) Guard(export string, fn func() Status) (status Status) {
	defer func() {
		if reason := recover(); reason != nil {
			l.logCrash(l.root, export, newCrash(reason))
			status = Panic
		}
	}()
	l.faults.export()
	return fn()
}

// Contain is the recover barrier of exported functions that return no status; to be deferred.
func (l *Library) Contain(export string) {
	if reason := recover(); reason != nil { //nolint:revive // this is the deferred function
		l.logCrash(l.root, export, newCrash(reason))
	}
}

// queueEpoll is the flag of a queue whose reader watches an epoll instance; the value is that of the header.
const queueEpoll = 1

// QueueOpen opens a completion queue; wakeFD is duplicated, -1 stands for none.
func (l *Library) QueueOpen(wakeFD int64, flags uint32) (uint64, Status) {
	if l.closed.Load() {
		return 0, Closed
	}
	open := newWaker
	switch flags {
	case 0:
	case queueEpoll:
		open = newPollingWaker
	default:
		return 0, BadRequest
	}
	w, status := open(wakeFD)
	if status != OK {
		return 0, status
	}
	q := newQueue(w)
	handle, ok := l.handles.add(KindQueue, resource{value: q, dispose: func() { l.closeQueue(q) }})
	if !ok {
		return 0, Closed
	}
	return handle, OK
}

func (l *Library) queue(handle uint64) (*Queue, Status) {
	return typed[*Queue](l.handles, handle, KindQueue)
}

func (l *Library) closeQueue(q *Queue) {
	l.subscribe(q, 0)
	q.close()
}

// QueueDrain hands over finished frames, at most maxFrames (0: 256), in one buffer from alloc.
func (l *Library) QueueDrain(queue uint64, maxFrames uint32, alloc func(size int) []byte) Status {
	q, status := l.queue(queue)
	if status != OK {
		return status
	}
	limit := defaultFrames
	if maxFrames != 0 {
		limit = int(maxFrames)
	}
	l.collect(q)
	return q.drain(limit, alloc)
}

// maxWait keeps a timeout in milliseconds within a time.Duration.
const maxWait = int64(1<<63-1) / int64(time.Millisecond)

// QueueWait blocks until a frame is there; a negative timeout never ends.
func (l *Library) QueueWait(queue uint64, timeoutMS int64) Status {
	q, status := l.queue(queue)
	if status != OK {
		return status
	}
	return q.wait(time.Duration(min(timeoutMS, maxWait)) * time.Millisecond)
}

// QueueClose cancels what runs on the queue and drops its frames.
func (l *Library) QueueClose(queue uint64) Status {
	r, status := l.handles.take(queue, KindQueue)
	if status == OK {
		r.dispose()
	}
	return status
}

// Cancel gives up an operation.
func (l *Library) Cancel(queue, id uint64) Status {
	q, status := l.queue(queue)
	if status != OK {
		return status
	}
	return q.cancel(id)
}

// Release gives a handle other than a queue back.
func (l *Library) Release(handle uint64) Status {
	r, status := l.handles.take(handle, KindPool, KindTransaction, KindCursor, KindListener)
	if status == OK {
		r.dispose()
	}
	return status
}

// LogSubscribe sets the lowest level of log records for a queue, 0 for none.
func (l *Library) LogSubscribe(queue uint64, level int32) Status {
	q, status := l.queue(queue)
	if status != OK {
		return status
	}
	if level < 0 {
		return BadRequest
	}
	l.subscribe(q, int(level))
	return OK
}
