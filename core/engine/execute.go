package engine

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"ouroboros-postgres/core/pgerr"
)

func errNoFit() error {
	return pgerr.New(pgerr.Internal, "the arguments fit no parameter types")
}

func errNoDescription() error {
	return pgerr.New(pgerr.Internal, "the server described no statement")
}

// run executes one statement on this connection. Whoever calls has checked the plan.
func (b *backend) run(ctx context.Context, s Statement, p *plan, out sink) (pgconn.CommandTag, error) {
	b.refresh()
	if p.ChangesSession {
		b.dirty = true
	}
	var (
		tag pgconn.CommandTag
		err error
	)
	switch {
	case p.Statements > 1:
		tag, err = b.runScript(ctx, s.SQL, out)
	case b.prepared != nil && p.Cacheable:
		tag, err = b.runPrepared(ctx, s, p, out)
	default:
		tag, err = b.runUnnamed(ctx, s, p, out)
	}
	if err == nil {
		b.pool.noticeDDL(b, tag.String())
		err = out.rest(ctx, b)
	}
	return tag, err
}

// runPrepared executes a statement of the cache. A plan that the server has outdated is prepared again: at once where
// that cannot be felt, outside a transaction; else for the next one, as the server has aborted this one.
func (b *backend) runPrepared(ctx context.Context, s Statement, p *plan, out sink) (pgconn.CommandTag, error) {
	free := !b.inTransaction()
	tag, err := b.attemptPrepared(ctx, s, p, out)
	if err == nil || !outdated(err) || b.pg.IsClosed() {
		return tag, err
	}
	b.pool.schemaChanged()
	b.refresh()
	if !free {
		return tag, err
	}
	return b.attemptPrepared(ctx, s, p, out)
}

func (b *backend) attemptPrepared(ctx context.Context, s Statement, p *plan, out sink) (pgconn.CommandTag, error) {
	if sent := b.sent; sent != nil {
		b.sent = nil
		return sent.receive(out)
	}
	known, values, err := b.describe(ctx, s, p)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	formats, err := out.describe(known.description.Fields, known.types)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	return consume(b.pg.ExecStatement(ctx, known.description, values, nil, formats), out)
}

// outdated recognises "cached plan must not change result type" and a statement that the server no longer knows.
func outdated(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	return pg.Code == stateInvalidStatement || pg.Code == stateFeatureNotSupported && pg.Routine == "RevalidateCachedQuery"
}

// consume reads all rows; an error of the sink is reported after the result has been read to its end.
func consume(reader *pgconn.ResultReader, out sink) (pgconn.CommandTag, error) {
	var refused error
	for reader.NextRow() {
		if refused == nil {
			refused = out.row(reader.Values())
		}
	}
	tag, err := reader.Close()
	if err == nil {
		err = refused
	}
	return tag, err
}
