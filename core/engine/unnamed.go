package engine

import (
	"context"

	"github.com/jackc/pgx/v5/pgconn"

	"ouroboros-postgres/core/wire"
)

// runUnnamed executes a statement that is not kept: Parse, Describe, Bind and Execute before one Sync, so that a proxy
// that shares connections between transactions sees a single one.
func (b *backend) runUnnamed(ctx context.Context, s Statement, p *plan, out sink) (pgconn.CommandTag, error) {
	declared, err := b.declare(ctx, s, p)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	// One round for unknown types, one for failed inference, and each other one declares at least one type more.
	types := b.pool.types.known.Load()
	for range len(s.Args) + 3 {
		u := unnamed{backend: b, statement: s, declared: declared, types: types, out: out}
		tag, err := u.attempt(ctx)
		switch {
		case err != nil && !u.parsed && declared == nil && len(s.Args) > 0 && undeterminable(sqlState(err)):
			p.undeclared.Store(true)
			declared = wire.Natural(s.Args)
		case err != nil:
			return tag, err
		case u.done:
			p.inferable.Store(p.inferable.Load() || declared == nil)
			return tag, nil
		default:
			declared, types = u.declared, u.types
		}
	}
	return pgconn.CommandTag{}, errNoFit()
}

// declare chooses the parameter types to begin with, nil to let the server infer them. Inside a transaction a text that
// is seen for the first time is tried behind a savepoint before.
func (b *backend) declare(ctx context.Context, s Statement, p *plan) ([]uint32, error) {
	switch {
	case len(s.Args) == 0:
		return nil, nil
	case p.undeclared.Load():
		return wire.Natural(s.Args), nil
	case !b.inTransaction() || p.inferable.Load():
		return nil, nil
	}
	known, _, err := b.describe(ctx, s, p)
	if err != nil {
		return nil, err
	}
	return known.description.ParamOIDs, nil
}

// unnamed is one attempt at a statement without a name.
type unnamed struct {
	backend   *backend
	statement Statement
	declared  []uint32 // after an attempt that was not done: what to declare in the next one
	types     *typeSet // with more of them after an attempt that was not done
	out       sink

	parsed bool // the server has accepted the text
	done   bool // the statement ran
}

func (u *unnamed) attempt(ctx context.Context) (pgconn.CommandTag, error) {
	pipeline := u.backend.pg.StartPipeline(ctx)
	known := &prepared{}
	binding, err := u.plan(pipeline, known)
	if err != nil || binding == nil {
		abandoned := abandon(pipeline)
		if err == nil {
			err = abandoned
		}
		if err == nil && known.description != nil {
			u.types, err = u.backend.pool.types.ensure(ctx, u.backend.pg, known.oids())
		}
		return pgconn.CommandTag{}, err
	}
	formats, err := u.out.describe(known.description.Fields, known.types)
	if err != nil {
		_ = abandon(pipeline)
		return pgconn.CommandTag{}, err
	}
	u.done = true
	return u.execute(pipeline, known, binding, formats)
}

// plan parses and binds. No binding and no error: the caller ends this pipeline and tries again, now with the types known
// or declared.
func (u *unnamed) plan(pipeline *pgconn.Pipeline, known *prepared) (*wire.Binding, error) {
	pipeline.SendPrepare("", u.statement.SQL, u.declared)
	pipeline.SendFlushRequest()
	if err := pipeline.Flush(); err != nil {
		return nil, err
	}
	result, err := pipeline.GetResults()
	if err != nil {
		return nil, err
	}
	description, ok := result.(*pgconn.StatementDescription)
	if !ok {
		return nil, errNoDescription()
	}
	u.parsed = true
	known.description = description
	if len(u.types.missing(known.oids())) > 0 {
		return nil, nil
	}
	if err := known.use(u.types); err != nil {
		return nil, err
	}
	binding, err := wire.Bind(u.statement.Args, known.params)
	if err != nil {
		return nil, err
	}
	if binding.Declare != nil {
		u.declared = binding.Declare
		return nil, nil
	}
	return &binding, nil
}

func (u *unnamed) execute(pipeline *pgconn.Pipeline, known *prepared, binding *wire.Binding, formats []int16) (pgconn.CommandTag, error) {
	pipeline.SendQueryStatement(known.description, binding.Values, binding.Formats, formats)
	_ = pipeline.Sync() // receive reports it
	return (&sent{pipeline: pipeline}).receive(u.out)
}

// abandon ends a pipeline whose statement shall not run.
func abandon(pipeline *pgconn.Pipeline) error {
	if err := pipeline.Sync(); err != nil {
		_ = pipeline.Close()
		return err
	}
	return pipeline.Close()
}
