package bridge

import (
	"context"

	"ouroboros-postgres/core/engine"
	"ouroboros-postgres/core/operation"
)

// maxAhead is the longest request that is read on the caller's thread.
const maxAhead = 4096

// work is an operation on a pool or a transaction.
type work struct {
	library *Library
	session engine.Session
	read    operation.Func
	request []byte

	task    *operation.Task // nil until the request has been read
	started started
}

// started is a session with a statement on its way.
type started interface {
	engine.Session
	ahead
}

// ahead reads the request and sends its statement, if there is just one and the session can do so at once.
func (w *work) ahead(ctx context.Context) (socket int, attendable bool) {
	if pool, ok := w.session.(*engine.Pool); ok && !pool.HasIdle() {
		return noFD, false
	}
	if w.prepare() != nil || w.task.Only == nil {
		return noFD, false // run reports errors
	}
	if w.started = w.start(ctx, *w.task.Only); w.started == nil {
		return noFD, false
	}
	w.session = w.started
	if w.library.faults.armed() {
		return noFD, false
	}
	return w.started.Socket()
}

func (w *work) start(ctx context.Context, s engine.Statement) started {
	switch session := w.session.(type) {
	case *engine.Pool:
		if a := session.Start(ctx, s); a != nil {
			return a
		}
	case *engine.Tx:
		if a := session.Start(ctx, s); a != nil {
			return a
		}
	}
	return nil
}

// receive reads the answer to what was sent, if it has come and is all that run waits for.
func (w *work) receive() bool { return w.started.Receive() }

func (w *work) prepare() error {
	if w.task != nil {
		return nil
	}
	task, err := w.read(w.request)
	if err == nil {
		w.task = &task
	}
	return err
}

// close gives back what was started and not asked for; after run there is nothing left to do.
func (w *work) close() {
	if w.started != nil {
		w.started.Close()
	}
}

func (w *work) run(ctx context.Context) (reply, error) {
	if err := w.prepare(); err != nil {
		return reply{}, err
	}
	answer, err := w.task.Run(ctx, w.session)
	if answer.Cursor != nil {
		return w.library.issueCursor(answer.Cursor)
	}
	return reply{rows: answer.Rows, value: answer.Value}, err
}
