package engine

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/puddle/v2"

	"ouroboros-postgres/core/pgerr"
)

// Pool shares connections between all operations of the process.
type Pool struct {
	options    Options
	env        Env
	pool       *pgxpool.Pool
	address    address
	acquireFor time.Duration
	connectFor time.Duration
	connecting backoff
	repeating  backoff

	plans      *plans
	types      *catalogue
	columns    *columnCache
	generation atomic.Uint64 // counts the DDL of this process; see schemaChanged
	counters   counters

	// slots holds one token per connection in use; whoever waits for a connection waits here, first come, first served.
	slots   chan struct{}
	closing chan struct{}
	closed  atomic.Bool

	mu     sync.Mutex
	leases map[*lease]struct{} // connections in use, for a hard close
}

// Open connects, retrying as configured, and proves one connection.
func Open(ctx context.Context, dsn string, options Options, env Env) (*Pool, error) {
	if err := options.validate(); err != nil {
		return nil, err
	}
	config, err := configure(dsn, options)
	if err != nil {
		return nil, err
	}
	p := newPool(options, env)
	if p.connectFor = config.ConnConfig.ConnectTimeout; p.connectFor == 0 { // no limit for one attempt
		p.connectFor = seconds(defaultConnectTimeout)
	}
	p.acquireFor = p.connectFor
	if options.AcquireTimeout != nil {
		p.acquireFor = seconds(*options.AcquireTimeout)
	}
	p.address = addressOf(config.ConnConfig)
	config.ShouldPing, config.PingTimeout = shouldPing, pingTimeout
	if err := p.prove(ctx, config.ConnConfig); err != nil {
		return nil, err
	}
	p.pool, err = pgxpool.NewWithConfig(context.WithoutCancel(ctx), config)
	if err != nil {
		return nil, pgerr.Wrap(err, pgerr.Internal, "the driver refuses the configuration: %s", plain(err))
	}
	return p, nil
}

func newPool(options Options, env Env) *Pool {
	p := &Pool{
		options: options, env: env,
		plans: newPlans(), types: newCatalogue(), columns: newColumnCache(),
		slots:   make(chan struct{}, options.MaxConnections),
		closing: make(chan struct{}),
		leases:  map[*lease]struct{}{},
		connecting: backoff{
			retries: options.MaxRetries, initial: milliseconds(options.InitialRetryDelay),
			highest: milliseconds(options.MaxRetryDelay), multiplier: options.RetryBackoff,
		},
		repeating: backoff{
			retries: options.QueryMaxRetries, initial: milliseconds(options.QueryInitialDelay),
			highest: milliseconds(options.QueryMaxDelay), multiplier: options.QueryBackoff,
		},
	}
	p.counters.reset()
	return p
}

// prove opens one connection ahead of the pool, whose background work would otherwise hide the first errors.
func (p *Pool) prove(ctx context.Context, config *pgx.ConnConfig) error {
	return p.connect(ctx, func() error {
		conn, err := pgx.ConnectConfig(ctx, config)
		if err != nil {
			return fromConnect(err)
		}
		defer func() { _ = conn.Close(ctx) }()
		if err := conn.PgConn().Ping(ctx); err != nil {
			return fromConnect(err)
		}
		return nil
	})
}

// connect runs fn with the retries and logs of connecting.
func (p *Pool) connect(ctx context.Context, fn func() error) error {
	attempts := 0
	err := p.connecting.run(ctx, fn, retryable, func(a attempt) {
		attempts = a.number
		p.env.log(ctx, "connection", LevelWarning, "Connection failed, retrying after delay", map[string]any{
			"attempt": a.number, "max_retries": p.options.MaxRetries,
			"delay_ms": float64(a.delay.Microseconds()) / 1000, "error": pgerr.From(a.err).Message,
		})
	})
	if err == nil && attempts > 0 {
		p.env.log(ctx, "connection", LevelInfo, "Connection established after retries", map[string]any{"attempt": attempts + 1})
	}
	return err
}

// retryable reads the verdict that the error already carries.
func retryable(err error) bool { return pgerr.From(err).Retryable }

// lease is one connection checked out of the pool; its holder is its only user.
type lease struct {
	*backend
	pooled *pgxpool.Conn
}

// acquireError is a statement's failure to get a connection, which is not retried with the statement.
type acquireError struct{ cause *pgerr.Error }

func (e *acquireError) Error() string { return e.cause.Error() }

func (e *acquireError) Unwrap() error { return e.cause }

// acquire takes a connection, waiting and reconnecting within the acquire timeout.
func (p *Pool) acquire(ctx context.Context) (*lease, error) {
	if p.closed.Load() {
		return nil, errNotConnected()
	}
	started := time.Now()
	pooled, err := p.checkout(ctx)
	if err != nil {
		if ctx.Err() == nil { // what the caller cancelled has not failed
			p.counters.acquireFailed.Add(1)
		}
		return nil, &acquireError{pgerr.From(err)}
	}
	l := p.leased(pooled, started)
	if l == nil {
		return nil, errNotConnected()
	}
	p.tracedWait(ctx, time.Since(started))
	return l, nil
}

// leased registers a connection that was just taken; nil when Close has begun, which must know of all that are in use.
func (p *Pool) leased(pooled *pgxpool.Conn, started time.Time) *lease {
	p.counters.acquired.Add(1)
	p.counters.acquireLatency.observe(time.Since(started))
	l := &lease{backend: backendOf(p, pooled.Conn().PgConn()), pooled: pooled}
	p.mu.Lock()
	p.leases[l] = struct{}{}
	p.mu.Unlock()
	l.changedSchema = false
	if p.closed.Load() {
		p.release(l)
		return nil
	}
	return l
}

// checkout waits for a slot, and with it takes an idle connection or makes one. Timers are for those who have to wait:
// starting one wakes a thread.
func (p *Pool) checkout(ctx context.Context) (*pgxpool.Conn, error) {
	if err := p.takeSlot(ctx); err != nil {
		return nil, err
	}
	pooled, doubtful := p.glimpse(ctx)
	if pooled != nil && !doubtful {
		return pooled, nil
	}
	bounded, cancel := context.WithTimeout(ctx, max(p.acquireFor, p.connectFor))
	defer cancel()
	if pooled != nil {
		if answers(bounded, pooled.Conn().PgConn()) {
			return pooled, nil
		}
		pooled.Release()
	}
	err := p.connect(bounded, func() (err error) {
		pooled, err = p.pool.Acquire(bounded)
		return p.translateAcquire(ctx, err)
	})
	if err != nil {
		<-p.slots
		return nil, err
	}
	return pooled, nil
}

func (p *Pool) takeSlot(ctx context.Context) error {
	select {
	case p.slots <- struct{}{}:
		return nil
	default:
	}
	p.env.hurry()
	timer := time.NewTimer(p.acquireFor)
	defer timer.Stop()
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-timer.C:
		return p.errExhausted()
	case <-p.closing:
		return errNotConnected()
	case <-ctx.Done():
		return errCancelled(ctx)
	}
}

func (p *Pool) errExhausted() error {
	e := pgerr.New(pgerr.PoolTimeout, "no connection became free within %s (max_connections=%d)", p.acquireFor, p.options.MaxConnections)
	e.Retryable = true
	return e
}

func errCancelled(ctx context.Context) error {
	return pgerr.Wrap(ctx.Err(), pgerr.Query, "the operation was cancelled")
}

func (p *Pool) translateAcquire(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, puddle.ErrClosedPool):
		return errNotConnected()
	case ctx.Err() != nil:
		return errCancelled(ctx)
	}
	return fromConnect(err)
}

func errNotConnected() error {
	return pgerr.New(pgerr.NotConnected, "PostgreSQL connection not initialized. Call init() first.")
}

// release gives a connection back; one that has to be cleaned first comes back a little later, without its user waiting.
func (p *Pool) release(l *lease) {
	p.mu.Lock()
	delete(p.leases, l)
	p.mu.Unlock()
	if l.pg.IsClosed() || !l.needsCleaning() {
		p.putBack(l)
		return
	}
	p.env.Spawn(func() {
		defer p.putBack(l)
		ctx, cancel := context.WithTimeout(context.Background(), cancelGrace)
		defer cancel()
		if err := l.clean(ctx); err != nil {
			l.destroy()
		}
	})
}

// putBack makes the slot free last, so that its next holder finds the connection. The driver's pool discards one that
// is closed or busy.
func (p *Pool) putBack(l *lease) {
	l.pooled.Release()
	<-p.slots
}

// destroy closes the connection hard; release then makes the pool forget it.
func (b *backend) destroy() {
	ctx, cancel := context.WithTimeout(context.Background(), cancelGrace)
	defer cancel()
	_ = b.pg.Close(ctx)
}

// Close refuses new work at once, waits up to grace for what is running, then cancels it and closes hard.
func (p *Pool) Close(ctx context.Context, grace time.Duration) error {
	if !p.closed.CompareAndSwap(false, true) {
		return nil
	}
	close(p.closing)
	p.env.hurry()
	done := make(chan struct{})
	p.env.Spawn(func() {
		defer close(done)
		p.pool.Close()
	})
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-done:
		return nil
	case <-timer.C:
	case <-ctx.Done():
	}
	p.interrupt()
	<-done // bounded: no connection is left that could block
	return nil
}

// interrupt ends whatever the checked-out connections are doing.
func (p *Pool) interrupt() {
	p.mu.Lock()
	cuts := make([]func(), 0, len(p.leases))
	for l := range p.leases {
		abandoned := l.abandoned
		cuts = append(cuts, func() {
			l.interrupt()
			if abandoned != nil {
				abandoned()
			}
		})
	}
	p.mu.Unlock()
	var all sync.WaitGroup
	for _, cut := range cuts {
		all.Add(1)
		p.env.Spawn(func() {
			defer all.Done()
			cut()
		})
	}
	all.Wait()
}

// interrupt cancels the running statement and cuts the socket. It is the one call from outside the holder's goroutine:
// CancelRequest and closing a net.Conn are safe there.
func (l *lease) interrupt() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = l.pg.CancelRequest(ctx)
	_ = l.pg.Conn().Close()
}

// HidesDetail tells that errors must not carry a detail, which may quote rows.
func (p *Pool) HidesDetail() bool { return p.options.HideDetail }

// Ping proves one connection with a round trip.
func (p *Pool) Ping(ctx context.Context) error {
	l, err := p.acquire(ctx)
	if err != nil {
		return err
	}
	defer p.release(l)
	if err := l.pg.Ping(ctx); err != nil {
		return translate(err, Statement{Read: true})
	}
	return nil
}

// ddlTags begin the command tags after which types, columns or result shapes may differ. What DO and CALL do inside
// cannot be seen; DEALLOCATE and DISCARD take prepared statements away.
var ddlTags = map[string]bool{
	"ALTER": true, "CALL": true, "CREATE": true, "DEALLOCATE": true, "DISCARD": true, "DO": true, "DROP": true, "IMPORT": true,
}

// noticeDDL makes every connection prepare anew after DDL of this process.
func (p *Pool) noticeDDL(b *backend, tag string) {
	first, _, _ := strings.Cut(tag, " ")
	if ddlTags[first] {
		b.changedSchema = true
		p.schemaChanged()
	}
}

func (p *Pool) schemaChanged() {
	p.generation.Add(1)
	p.types.forget()
	p.columns.forget()
}
