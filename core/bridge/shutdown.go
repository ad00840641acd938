package bridge

import (
	"context"
	"time"
)

// Shutdown refuses new work, cancels what runs, closes everything and waits for the end of it, at most graceMS.
func (l *Library) Shutdown(graceMS uint32) Status {
	l.closed.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(graceMS)*time.Millisecond)
	defer cancel()
	open := l.handles.close()
	l.cancel()
	for _, kind := range []Kind{KindQueue, KindListener, KindCursor, KindTransaction, KindPool} {
		for _, r := range open[kind] {
			r.dispose()
		}
	}
	if l.tasks.wait(ctx) != nil {
		return Timeout
	}
	return OK
}
