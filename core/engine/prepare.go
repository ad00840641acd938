package engine

import (
	"context"

	"github.com/jackc/pgx/v5/pgconn"

	"ouroboros-postgres/core/wire"
)

// guard protects an open transaction from a preparation that may fail for want of parameter types.
const (
	guardSavepoint = "SAVEPOINT ob_guard"
	guardRelease   = "RELEASE SAVEPOINT ob_guard"
	guardRollback  = "ROLLBACK TO SAVEPOINT ob_guard; RELEASE SAVEPOINT ob_guard"
)

// undeterminable tells the SQLSTATEs by which the server says that it cannot infer a parameter's type: indeterminate
// datatype, ambiguous function or operator, ambiguous parameter, and the polymorphic form of datatype mismatch.
func undeterminable(state string) bool {
	switch state {
	case "42P18", "42725", "42P08", "42804":
		return true
	}
	return false
}

// describe finds or prepares a statement whose parameters fit the arguments, and encodes them.
func (b *backend) describe(ctx context.Context, s Statement, p *plan) (*prepared, wire.Binding, error) {
	var declared []uint32
	if p.undeclared.Load() {
		declared = wire.Natural(s.Args)
	}
	// Each round declares at least one type more.
	for range len(s.Args) + 2 {
		known, err := b.statement(ctx, s, p, declared)
		if err != nil && declared == nil && len(s.Args) > 0 && undeterminable(sqlState(err)) {
			p.undeclared.Store(true)
			declared = wire.Natural(s.Args)
			known, err = b.statement(ctx, s, p, declared)
		}
		if err != nil {
			return nil, wire.Binding{}, err
		}
		binding, err := wire.Bind(s.Args, known.params)
		if err != nil {
			return nil, wire.Binding{}, err
		}
		if binding.Declare == nil {
			return known, binding, nil
		}
		declared = binding.Declare
	}
	return nil, wire.Binding{}, errNoFit()
}

// statement gives the prepared form of a text, from the cache or from the server.
func (b *backend) statement(ctx context.Context, s Statement, p *plan, declared []uint32) (*prepared, error) {
	cached := b.prepared != nil && p.Cacheable
	key := ""
	if cached {
		key = cacheKey(s.SQL, declared)
		if known, ok := b.prepared.Get(key); ok {
			return known, nil
		}
	}
	fresh := &prepared{}
	if cached {
		fresh.name = b.nextName()
		b.evict(b.pool.options.StatementCache - 1) // closed with the preparation: the server never holds more than the capacity
	}
	if err := b.prepare(ctx, fresh, s, p, declared); err != nil {
		return nil, err
	}
	if cached {
		b.prepared.Add(key, fresh)
	}
	return fresh, nil
}

// prepare parses and describes, behind a savepoint where a failed inference would abort the caller's transaction.
func (b *backend) prepare(ctx context.Context, fresh *prepared, s Statement, p *plan, declared []uint32) error {
	guarded := declared == nil && len(s.Args) > 0 && b.inTransaction() && !p.inferable.Load()
	description, err := b.parse(ctx, fresh.name, s.SQL, declared, guarded)
	if err != nil {
		if guarded && undeterminable(sqlState(err)) {
			if undo := b.simple(ctx, guardRollback); undo != nil {
				return undo
			}
		}
		return unprepared{err}
	}
	if declared == nil {
		p.inferable.Store(true)
	}
	description.Name, description.SQL = fresh.name, s.SQL // a pipeline leaves them out
	fresh.description = description
	return b.resolve(ctx, fresh)
}

// parse is one round trip: close what was discarded, guard, Parse and Describe, release the guard.
func (b *backend) parse(ctx context.Context, name, sql string, declared []uint32, guarded bool) (*pgconn.StatementDescription, error) {
	pipeline := b.pg.StartPipeline(ctx)
	for _, old := range b.discarded {
		pipeline.SendDeallocate(old)
	}
	b.discarded = nil
	if guarded {
		pipeline.SendQueryParams(guardSavepoint, nil, nil, nil, nil)
	}
	pipeline.SendPrepare(name, sql, declared)
	if guarded {
		pipeline.SendQueryParams(guardRelease, nil, nil, nil, nil)
	}
	var description *pgconn.StatementDescription
	err := pipeline.Sync()
	for err == nil {
		var result any
		result, err = pipeline.GetResults()
		if result == nil {
			break
		}
		switch result := result.(type) {
		case *pgconn.StatementDescription:
			description = result
		case *pgconn.ResultReader:
			_, err = result.Close()
		}
	}
	if closed := pipeline.Close(); err == nil {
		err = closed
	}
	if err == nil && description == nil {
		err = errNoDescription()
	}
	return description, err
}

// resolve finds the types of parameters and columns, reading the catalogue when some are new.
func (b *backend) resolve(ctx context.Context, fresh *prepared) error {
	types, err := b.pool.types.ensure(ctx, b.pg, fresh.oids())
	if err != nil {
		return err
	}
	return fresh.use(types)
}

// use takes the types from a set that has them all.
func (p *prepared) use(types *typeSet) error {
	p.types = types
	p.params = make([]*wire.Type, len(p.description.ParamOIDs))
	for i, oid := range p.description.ParamOIDs {
		t, ok := types.Type(oid)
		if !ok {
			return errNoDescription()
		}
		p.params[i] = t
	}
	return nil
}

// oids are the types of parameters and columns.
func (p *prepared) oids() []uint32 {
	d := p.description
	oids := make([]uint32, 0, len(d.ParamOIDs)+len(d.Fields))
	oids = append(oids, d.ParamOIDs...)
	for i := range d.Fields {
		oids = append(oids, d.Fields[i].DataTypeOID)
	}
	return oids
}
