package engine

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// cancelGrace bounds how long a cancelled statement may keep its connection before that is closed.
const cancelGrace = 5 * time.Second

const cancellerKey = "ouroboros.canceller"

// canceller tells the server to stop when a context ends, and keeps the connection. The cancel request may still arrive
// late: fired says that the connection must be drained before anybody else uses it.
type canceller struct {
	pg    *pgconn.PgConn
	fired atomic.Bool
}

func cancellerOf(pg *pgconn.PgConn) *canceller {
	if c, ok := pg.CustomData()[cancellerKey].(*canceller); ok {
		return c
	}
	c := &canceller{pg: pg}
	pg.CustomData()[cancellerKey] = c
	return c
}

// HandleCancel runs on the driver's goroutine; returning means that the server has taken the request, or cannot be
// reached, in which case the deadline ends the read.
func (c *canceller) HandleCancel(context.Context) {
	c.fired.Store(true)
	_ = c.pg.Conn().SetDeadline(time.Now().Add(cancelGrace)) // fails only on a closed connection
	ctx, cancel := context.WithTimeout(context.Background(), cancelGrace)
	defer cancel()
	_ = c.pg.CancelRequest(ctx)
}

// HandleUnwatchAfterCancel runs when the cancelled call is over.
func (c *canceller) HandleUnwatchAfterCancel() {
	_ = c.pg.Conn().SetDeadline(time.Time{})
}

// drain makes a late cancellation hit a statement of nobody's. One round trip is enough: the server handles a pending
// cancellation before or while it runs the next message.
func (c *canceller) drain() error {
	if !c.fired.Load() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), cancelGrace)
	defer cancel()
	err := c.pg.Exec(ctx, ";").Close()
	if sqlState(err) == stateQueryCanceled {
		err = nil
	}
	c.fired.Store(false)
	return err
}

// watch is what the driver does around its own calls, for messages that it did not write: until stop is called, the end of
// the context cancels.
func (c *canceller) watch(ctx context.Context) (stop func()) {
	handled := make(chan struct{})
	forget := context.AfterFunc(ctx, func() {
		defer close(handled)
		c.HandleCancel(ctx)
	})
	return func() {
		if !forget() {
			<-handled
			c.HandleUnwatchAfterCancel()
		}
	}
}
