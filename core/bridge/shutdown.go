package bridge

import (
	"context"
	"time"
)

// Shutdown refuses new work, cancels what runs, closes everything and waits for the end of it, at most graceMS. Half of
// that time belongs to what cannot be cancelled; then its connections are cut off.
func (l *Library) Shutdown(graceMS uint32) Status {
	l.closed.Store(true)
	grace := time.Duration(graceMS) * time.Millisecond
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	patience := time.AfterFunc(grace/2, l.cutOff)
	defer patience.Stop()
	open := l.handles.close()
	l.attendance.hurry()
	l.cancel()
	for _, kind := range []Kind{KindQueue, KindListener, KindCursor, KindTransaction, KindPool} {
		for _, r := range open[kind] {
			r.dispose()
		}
	}
	defer l.cutOff()
	if l.tasks.wait(ctx) != nil {
		return Timeout
	}
	return OK
}
