package engine

import (
	"context"
	"errors"
	"strings"

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
	if b.sent != nil { // its answer may have been read, and may have ended the transaction
		free = b.sent.free
	}
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
	known, binding, err := b.describe(ctx, s, p)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	formats, err := out.describe(known.description.Fields, known.types)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	return consume(b.pg.ExecStatement(ctx, known.description, binding.Values, binding.Formats, formats), out)
}

// outdated recognises "cached plan must not change result type", a statement that the server no longer knows, and one
// that it cannot analyse any more: the types of its parameters were inferred from columns that have other types now.
func outdated(err error) bool {
	var (
		pg    *pgconn.PgError
		fresh unprepared
	)
	switch {
	case errors.As(err, &fresh) || !errors.As(err, &pg):
		return false
	case pg.Code == stateInvalidStatement:
		return true
	case pg.Code == stateFeatureNotSupported:
		return pg.Routine == "RevalidateCachedQuery"
	}
	// A position is that of an error of analysis, in the text itself if there is no other.
	return strings.HasPrefix(pg.Code, "42") && pg.Position > 0 && pg.InternalQuery == ""
}

// unprepared is an error of the first analysis of a statement.
type unprepared struct{ error }

func (u unprepared) Unwrap() error { return u.error }

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
