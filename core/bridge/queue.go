package bridge

import (
	"context"
	"sync"
	"time"
)

// Bounds of the records that a queue holds for a reader that does not come: those of tracing leave room for logs.
const (
	maxLogFrames   = 4096
	maxTraceFrames = maxLogFrames * 3 / 4
)

// Queue collects the finished frames of the operations that were submitted to it.
type Queue struct {
	waker *waker

	mu       sync.Mutex
	frames   []frame
	inflight map[uint64]*inflight
	armed    bool // the next frame wakes the reader
	closed   bool
	arrived  chan struct{} // closed at the next frame, nil while nobody waits

	logFrames   int
	logsDropped int
}

// inflight is an operation that nobody has cancelled and that has not finished.
type inflight struct {
	id     uint64
	ctx    context.Context
	cancel context.CancelFunc
	// durable operations run to their end even when nobody waits for them any more.
	durable bool
	// attended is set once the reader of the queue is to finish the operation. Guarded by the queue's mutex.
	attended *attended
	// unreported is how many of its statements have no record, for want of room. Guarded by the queue's mutex.
	unreported int
}

// abandon is the end of an operation that nobody waits for. One that is attended goes on elsewhere: its connection must not
// depend on a reader any more.
func (o *inflight) abandon() {
	if o.attended != nil {
		o.attended.leave()
	}
	if !o.durable {
		o.cancel()
	}
}

func newQueue(w *waker) *Queue {
	return &Queue{waker: w, inflight: make(map[uint64]*inflight), armed: true}
}

// admit registers an operation. Its context says where it came from.
func (q *Queue) admit(parent context.Context, id uint64, durable bool) (*inflight, Status) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return nil, Closed
	}
	if _, taken := q.inflight[id]; taken {
		return nil, Duplicate
	}
	ctx, cancel := context.WithCancel(withOrigin(parent, q, id))
	op := &inflight{id: id, ctx: ctx, cancel: cancel, durable: durable}
	q.inflight[id] = op
	return op, OK
}

// finish delivers the one frame of an operation, or drops it when nobody waits for it any more.
func (q *Queue) finish(op *inflight, f frame) { q.wakeIf(q.settle(op, f)) }

// settle is finish without the wake-up, and tells whether one is needed.
func (q *Queue) settle(op *inflight, f frame) (wake bool) {
	f.operation = op.id
	q.mu.Lock()
	if q.inflight[op.id] != op {
		q.mu.Unlock()
		dropAll([]frame{f})
		return false
	}
	defer q.mu.Unlock()
	delete(q.inflight, op.id)
	wake = q.pushUnreported(op)
	return q.push(f) || wake
}

// attended finds the operation of this number if it is to be finished by the reader.
func (q *Queue) attended(number uint64) *attended {
	q.mu.Lock()
	defer q.mu.Unlock()
	if op := q.inflight[number]; op != nil {
		return op.attended
	}
	return nil
}

// pushUnreported tells under the lock, ahead of the answer, how many statements of an operation have no record.
func (q *Queue) pushUnreported(op *inflight) (wake bool) {
	if op.unreported == 0 {
		return false
	}
	q.logFrames++
	return q.push(frame{kind: FrameLog, payload: encodeRecord(unreportedRecord(op.id, op.unreported))})
}

// trace delivers a record for the tracing of an operation; without a reader the newest are lost, and the statements among
// them counted.
func (q *Queue) trace(operation uint64, payload []byte, statement bool) {
	q.mu.Lock()
	if op := q.inflight[operation]; op != nil && statement && q.logFrames >= maxTraceFrames {
		op.unreported++
	}
	wake := q.record(payload, maxTraceFrames)
	q.mu.Unlock()
	q.wakeIf(wake)
}

// log delivers a record; without a reader the newest are lost, and counted.
func (q *Queue) log(payload []byte) {
	q.mu.Lock()
	if q.logFrames >= maxLogFrames {
		q.logsDropped++
	}
	wake := q.record(payload, maxLogFrames)
	q.mu.Unlock()
	q.wakeIf(wake)
}

// record appends under the lock, unless there are too many, and tells whether the reader must be woken.
func (q *Queue) record(payload []byte, limit int) (wake bool) {
	if q.closed || q.logFrames >= limit {
		return false
	}
	q.logFrames++
	return q.push(frame{kind: FrameLog, payload: payload})
}

// push appends under the lock and tells whether the reader must be woken.
func (q *Queue) push(f frame) bool {
	q.frames = append(q.frames, f)
	if q.arrived != nil {
		close(q.arrived)
		q.arrived = nil
	}
	wake := q.armed
	q.armed = false
	return wake
}

func (q *Queue) wakeIf(needed bool) {
	if needed {
		q.waker.wake()
	}
}

// cancel gives up an operation: its frame will not be delivered.
func (q *Queue) cancel(id uint64) Status {
	q.mu.Lock()
	op, ok := q.inflight[id]
	delete(q.inflight, id)
	q.mu.Unlock()
	if !ok {
		return BadHandle
	}
	op.abandon()
	return OK
}

// drain hands the next frames over in one buffer, which alloc provides. Without memory the frames stay.
func (q *Queue) drain(limit int, alloc func(size int) []byte) Status {
	frames, size, status := q.takeBatch(limit)
	if status != OK || len(frames) == 0 {
		return status
	}
	dst := alloc(size)
	if dst == nil {
		q.putBack(frames)
		return NoMemory
	}
	for i := range frames {
		dst = frames[i].put(dst)
	}
	return OK
}

func (q *Queue) takeBatch(limit int) ([]frame, int, Status) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return nil, 0, Closed
	}
	q.reportDroppedLogs()
	n, size := batch(q.frames, limit)
	frames := q.frames[:n:n]
	q.frames = q.frames[n:]
	for i := range frames {
		if frames[i].kind == FrameLog {
			q.logFrames--
		}
	}
	if len(q.frames) > 0 {
		q.waker.wake()
		return frames, size, OK
	}
	q.frames = nil
	q.armed = true
	return frames, size, OK
}

func (q *Queue) putBack(frames []frame) {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		dropAll(frames)
		return
	}
	for i := range frames {
		if frames[i].kind == FrameLog {
			q.logFrames++
		}
	}
	q.frames = append(frames, q.frames...)
	q.armed = false
	q.mu.Unlock()
	q.waker.wake()
}

func (q *Queue) reportDroppedLogs() {
	if q.logsDropped == 0 || q.logFrames >= maxLogFrames {
		return
	}
	payload := encodeRecord(droppedRecord(q.logsDropped))
	q.logsDropped = 0
	q.logFrames++
	q.frames = append(q.frames, frame{kind: FrameLog, payload: payload})
}

// wait blocks until there is a frame; a negative timeout never ends.
func (q *Queue) wait(timeout time.Duration) Status {
	var expired <-chan time.Time
	if timeout >= 0 {
		timer := time.NewTimer(timeout)
		defer timer.Stop()
		expired = timer.C
	}
	for {
		arrived, status := q.poll()
		if arrived == nil {
			return status
		}
		select {
		case <-arrived:
		case <-expired:
			return q.lastLook()
		}
	}
}

// poll returns a channel to wait on, or none and the outcome.
func (q *Queue) poll() (<-chan struct{}, Status) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return nil, Closed
	case len(q.frames) > 0:
		return nil, OK
	case q.arrived == nil:
		q.arrived = make(chan struct{})
	}
	return q.arrived, OK
}

// lastLook makes a wait without time a poll: what has arrived counts, whichever case select chose.
func (q *Queue) lastLook() Status {
	if arrived, status := q.poll(); arrived == nil {
		return status
	}
	return Timeout
}

// close cancels the operations, drops the frames and wakes whoever waits. Only the first call has an effect.
func (q *Queue) close() {
	q.mu.Lock()
	q.closed = true
	frames, operations := q.frames, q.inflight
	q.frames, q.inflight = nil, nil
	if q.arrived != nil {
		close(q.arrived)
		q.arrived = nil
	}
	q.mu.Unlock()
	for _, op := range operations {
		op.abandon()
	}
	dropAll(frames)
	q.waker.close()
}
