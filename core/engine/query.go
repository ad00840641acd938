package engine

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/wire"
)

// Query runs one statement on any connection, in autocommit.
func (p *Pool) Query(ctx context.Context, s Statement) (*wire.Result, error) {
	return p.query(ctx, s, &encoding{shape: s.Shape}, nil)
}

// query is Query, perhaps of a statement that is on its way.
func (p *Pool) query(ctx context.Context, s Statement, out *encoding, ahead *lease) (*wire.Result, error) {
	tag, err := p.autocommit(ctx, s, out, ahead)
	if err != nil {
		return nil, err
	}
	return p.result(s, out, tag), nil
}

// result ends an encoding, and notes how long it was.
func (p *Pool) result(s Statement, out *encoding, tag pgconn.CommandTag) *wire.Result {
	result := out.result(tag)
	p.plans.of(s.SQL).long.Store(len(result.Rows) > maxAnswer)
	return result
}

// Text runs one of the core's own questions on any connection.
func (p *Pool) Text(ctx context.Context, s Statement) ([][]*string, error) {
	out := &texts{}
	_, err := p.autocommit(ctx, s, out, nil)
	return out.rows, err
}

// Log implements Session.
func (p *Pool) Log(ctx context.Context, logger string, level int, message string, fields map[string]any) {
	p.env.log(ctx, logger, level, message, fields)
}

// autocommit runs a statement with the retries that its nature allows. The first attempt goes to the connection ahead, if
// the statement is on its way there.
func (p *Pool) autocommit(ctx context.Context, s Statement, out sink, ahead *lease) (pgconn.CommandTag, error) {
	known := p.plans.of(s.SQL)
	if err := known.reject(s.SQL, len(s.Args)); err != nil {
		return pgconn.CommandTag{}, err
	}
	if known.Statements == 1 && len(known.Control) > 0 {
		return pgconn.CommandTag{}, errStrayControl(known.Control[0])
	}
	s.Read = s.Read || known.PlainRead
	var tag pgconn.CommandTag
	number := 1
	err := p.repeating.run(ctx, func() (err error) {
		l := ahead
		ahead = nil
		if l == nil {
			if l, err = p.acquire(ctx); err != nil {
				return err
			}
		}
		defer p.release(l)
		tag, err = l.once(ctx, s, known, out, number)
		return err
	}, repeatable, func(attempt) {
		number++
		p.counters.retries.Add(1)
	})
	return tag, err
}

// repeatable tells the errors after which the same statement may be sent again: the server rolled it back, or it was
// never run.
func repeatable(err error) bool {
	var unreachable *acquireError
	if errors.As(err, &unreachable) {
		return false // has had its own retries
	}
	e := pgerr.From(err)
	return e.Retryable && !e.InDoubt && e.SQLState != stateLockNotAvailable
}

func errStrayControl(command string) error {
	return pgerr.New(pgerr.Transaction,
		"%s outside a transaction would act on a random pooled connection; use begin_transaction()", command)
}

// once runs a statement that must leave no transaction behind.
func (l *lease) once(ctx context.Context, s Statement, known *plan, out sink, number int) (pgconn.CommandTag, error) {
	tag, err := l.timed(ctx, s, known, out, number)
	if err == nil && l.pg.TxStatus() != 'I' {
		err = pgerr.New(pgerr.Transaction, "the statements left a transaction open; it was rolled back")
	}
	return tag, err
}

// timed runs a statement under the eyes of metrics and logs; its errors are final in form.
func (b *backend) timed(ctx context.Context, s Statement, known *plan, out sink, number int) (pgconn.CommandTag, error) {
	started := time.Now()
	if b.sent != nil {
		started = b.sent.started
	}
	tag, err := b.run(ctx, s, known, out)
	run := completed{elapsed: time.Since(started), attempt: number, rows: tag.RowsAffected()}
	return tag, b.account(ctx, s, run, err)
}

// account shows one execution to metrics, logs and traces, and gives its error the final form.
func (b *backend) account(ctx context.Context, s Statement, run completed, err error) error {
	run.sql = s.SQL
	if err != nil {
		e := *translate(err, s)
		e.Query = excerpt(s.SQL, sqlExcerpt)
		if e.Kind == pgerr.Database && strings.HasPrefix(e.SQLState, "42") {
			b.pool.columns.forget() // another process may have changed the schema
		}
		run.err = &e
		err = &e
	}
	if ctx.Err() == nil { // what the caller cancelled has not failed
		b.pool.completed(ctx, run)
		b.traced(ctx, run)
	}
	return err
}

// completed is what one execution leaves in metrics and logs.
type completed struct {
	sql     string
	elapsed time.Duration
	attempt int
	rows    int64
	err     *pgerr.Error
}

func (c completed) milliseconds() float64 { return float64(c.elapsed.Microseconds()) / 1000 }

func (p *Pool) completed(ctx context.Context, run completed) {
	p.counters.queries.Add(1)
	p.counters.statementLatency.observe(run.elapsed)
	if run.err != nil {
		p.counters.failed.Add(1)
		p.logFailure(ctx, run)
	} else if p.env.enabled(LevelDebug) {
		p.env.log(ctx, "executor", LevelDebug, "Query completed", map[string]any{
			"sql": excerpt(run.sql, sqlExcerpt), "elapsed_ms": run.milliseconds(), "attempt": run.attempt, "rows": run.rows,
		})
	}
	if slow := p.options.SlowQueryThreshold; slow != nil && run.milliseconds() >= *slow {
		p.counters.slow.Add(1)
		p.env.log(ctx, "executor", LevelWarning, "Slow query detected", map[string]any{
			"sql": excerpt(run.sql, sqlExcerpt), "elapsed_ms": run.milliseconds(), "threshold_ms": *slow, "attempt": run.attempt,
		})
	}
}

func (p *Pool) logFailure(ctx context.Context, run completed) {
	if !p.env.enabled(LevelWarning) {
		return
	}
	p.env.log(ctx, "executor", LevelWarning, "Query failed", map[string]any{
		"sql": excerpt(run.sql, sqlFailureExcerpt), "sqlstate": run.err.SQLState, "attempt": run.attempt,
		"elapsed_ms": run.milliseconds(), "retryable": run.err.Retryable, "error": withoutValues(run.err),
	})
}
