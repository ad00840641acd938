package bridge

import (
	"context"

	"ouroboros-postgres/core/engine"
	"ouroboros-postgres/core/operation"
	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/query"
)

// control is an operation of the bridge itself: it makes, ends or steers handles.
type control struct {
	// target is the kind of handle it works on, 0 for none.
	target Kind
	// durable operations run to their end even when cancelled.
	durable bool
	// prefix starts the message of its errors.
	prefix string
	// ahead, where there is one, sends what run begins with, if that needs no waiting; else it answers nil.
	ahead func(ctx context.Context, c call) ahead
	run   func(ctx context.Context, c call) (reply, error)
}

// ahead is something on its way to the server that an operation has not asked for yet.
type ahead interface {
	// Socket is where the answer arrives, if that can be seen there.
	Socket() (fd int, ok bool)
	// Receive reads the answer, if it has come and the rest of the operation will not have to wait.
	Receive() bool
	// Close is called at the end, whether or not the answer was asked for.
	Close()
}

// call is one request to a control.
type call struct {
	target  uint64
	value   any
	request []byte
	ahead   ahead // what was sent, if anything was
}

// task is a request that has been matched with its operation and its target.
type task struct {
	name    string
	durable bool
	// session is the transaction or pool underneath, the zero value where there is none.
	session resource
	// ahead, where there is one, is called before run and must not wait. It may answer with a socket: run can be left until
	// that has something to say and receive, which does not wait either, has read it.
	ahead   func(ctx context.Context) (socket int, attendable bool)
	receive func() bool
	run     func(ctx context.Context) (reply, error)
	// close, where there is one, is called at the end, also of a task that never ran.
	close func()
}

// discreet drops the detail of an error where the pool was told to: the server's, also of a COMMIT, and the core's own.
func (t task) discreet(err error) error {
	session, ok := t.session.value.(interface{ HidesDetail() bool })
	if err == nil || !ok || !session.HidesDetail() {
		return err
	}
	e := *pgerr.From(err)
	e.Detail = ""
	return &e
}

// crashed gives up a transaction whose state a panic has left unknown. A pool survives: its connections are the
// engine's to clean.
func (t task) crashed() {
	if t.session.enqueue != nil {
		t.session.dispose()
	}
}

// Submit starts an operation; its outcome arrives in the queue. The request must not change any more.
func (l *Library) Submit(queue, id, target uint64, request []byte) Status {
	q, status := l.queue(queue)
	if status != OK {
		return status
	}
	name, ok := operationName(request)
	if id == 0 || !ok {
		return BadRequest
	}
	t, status := l.resolve(name, target, request)
	if status != OK {
		return status
	}
	parent := l.root
	if t.durable {
		parent = l.hard
	}
	op, status := q.admit(parent, id, t.durable)
	if status != OK {
		return status
	}
	l.start(q, op, t)
	return OK
}

// start takes the turn before the goroutine exists: the order of submits is the order of execution.
func (l *Library) start(q *Queue, op *inflight, t task) {
	var place turn
	if t.session.enqueue != nil {
		place = t.session.enqueue()
	}
	l.operations.Add(1)
	run := func(deliver func(*inflight, frame)) {
		f := l.execute(op.ctx, t, place)
		l.operations.Add(-1)
		deliver(op, f)
		op.cancel()
	}
	proceed := func() {
		l.tasks.spawn(func() { run(q.finish) }, func(c crash) { l.logCrash(op.ctx, t.name, c) })
	}
	socket, attendable := l.sendAhead(op.ctx, t, place)
	if !attendable || !l.attend(q, op, socket, &attended{
		receive: t.receive, proceed: proceed,
		finish: func() { run(func(op *inflight, f frame) { q.settle(op, f) }) },
	}) {
		proceed()
	}
}

// sendAhead gives a task the chance to begin on the caller's thread, with what needs no waiting.
func (l *Library) sendAhead(ctx context.Context, t task, place turn) (socket int, attendable bool) {
	if t.ahead == nil || place != nil && place.Pending() {
		return noFD, false
	}
	defer func() {
		if reason := recover(); reason != nil { // the task meets the same fault again, where it becomes its outcome
			l.logCrash(ctx, t.name, newCrash(reason))
		}
	}()
	return t.ahead(ctx)
}

// execute runs a task when its turn has come; a panic becomes its outcome.
func (l *Library) execute(ctx context.Context, t task, place turn) (f frame) {
	defer func() {
		if reason := recover(); reason != nil {
			c := newCrash(reason)
			l.logCrash(ctx, t.name, c)
			t.crashed()
			f = errorFrame(pgerr.New(pgerr.Internal, "Internal error in %s: %s", t.name, c.reason))
		}
	}()
	if t.close != nil {
		defer t.close()
	}
	if place != nil {
		defer place.Done()
		if err := place.Wait(ctx); err != nil {
			return errorFrame(err)
		}
	}
	l.faults.operation(ctx)
	r, err := t.run(ctx)
	if refusal, ok := query.RefusedFor(err); ok { // the reason only: the name may be hostile
		l.Log(ctx, engine.LogRecord{
			Logger: "validation", Level: engine.LevelWarning, Message: "Identifier validation failed",
			Fields: map[string]any{"reason": refusal},
		})
	}
	return l.frame(r, t.discreet(err))
}

// resolve finds the operation and checks the kind of its target.
func (l *Library) resolve(name string, target uint64, request []byte) (task, Status) {
	if c, ok := l.controls[name]; ok {
		return l.resolveControl(name, c, target, request)
	}
	if read, ok := l.known.Find(name); ok {
		return l.resolveSession(name, read, target, request)
	}
	if status := l.anyTarget(target); status != OK {
		return task{}, status
	}
	return task{name: name, run: func(context.Context) (reply, error) { return reply{}, unknown(name) }}, OK
}

func (l *Library) resolveControl(name string, c control, target uint64, request []byte) (task, Status) {
	t := task{name: name, durable: c.durable}
	argument := call{target: target, request: request}
	if c.target == 0 {
		if status := l.noTarget(target); status != OK {
			return task{}, status
		}
	} else {
		r, status := l.handles.get(target, c.target)
		if status != OK {
			return task{}, status
		}
		argument.value, t.session = r.value, r
	}
	if c.ahead != nil {
		t.ahead = func(ctx context.Context) (int, bool) {
			if argument.ahead = c.ahead(ctx, argument); argument.ahead == nil || l.faults.armed() {
				return noFD, false
			}
			return argument.ahead.Socket()
		}
		t.receive = func() bool { return argument.ahead.Receive() }
		t.close = func() {
			if argument.ahead != nil {
				argument.ahead.Close()
			}
		}
	}
	t.run = func(ctx context.Context) (reply, error) {
		r, err := c.run(ctx, argument)
		return r, withPrefix(err, c.prefix)
	}
	return t, OK
}

func (l *Library) resolveSession(name string, read operation.Func, target uint64, request []byte) (task, Status) {
	r, status := l.handles.get(target, KindPool, KindTransaction)
	if status != OK {
		return task{}, status
	}
	session, ok := r.value.(engine.Session)
	if !ok {
		return task{}, WrongKind
	}
	w := &work{library: l, session: session, read: read, request: request}
	t := task{name: name, session: r, run: w.run}
	if len(request) <= maxAhead {
		t.ahead, t.receive, t.close = w.ahead, w.receive, w.close
	}
	return t, OK
}

func (l *Library) anyTarget(target uint64) Status {
	if target == 0 {
		return OK
	}
	_, status := l.handles.get(target, KindPool, KindTransaction, KindCursor, KindListener)
	return status
}

func (l *Library) noTarget(target uint64) Status {
	if target == 0 {
		return OK
	}
	_, status := l.handles.get(target)
	return status
}

func unknown(name string) error {
	const shown = 64
	if len(name) > shown {
		name = name[:shown]
	}
	return pgerr.New(pgerr.Value, "Unknown operation: %q", name)
}

// withPrefix names the operation in an error, but not in one about the call itself.
func withPrefix(err error, prefix string) error {
	if err == nil || prefix == "" {
		return err
	}
	switch pgerr.From(err).Kind {
	case pgerr.Value, pgerr.Type, pgerr.Identifier:
		return err
	}
	return pgerr.WithPrefix(err, prefix)
}
