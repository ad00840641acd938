package operation

import (
	"context"
	"strconv"

	"ouroboros-postgres/core/engine"
	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/query"
)

type selectRequest struct {
	header
	match
	page
	Table      string     `json:"table"`
	Columns    []string   `json:"columns"`
	Order      []ordering `json:"order"`
	Distinct   bool       `json:"distinct"`
	DistinctOn []string   `json:"distinct_on"`

	one reading
}

// reading is the one statement that a request stands for, built once.
type reading struct{ built *engine.Statement }

func (r *reading) statement(build func() (query.Query, error)) (engine.Statement, error) {
	if r.built == nil {
		q, err := build()
		if err != nil {
			return engine.Statement{}, err
		}
		r.built = &engine.Statement{SQL: q.SQL, Args: q.Args, Read: q.Read}
	}
	return *r.built, nil
}

func (r *selectRequest) statement() (engine.Statement, error) {
	return r.one.statement(query.Select{
		Table: r.Table, Columns: r.Columns, Match: r.match.match(), Order: orders(r.Order), Page: r.page.page(),
		Distinct: r.Distinct, DistinctOn: r.DistinctOn,
	}.Build)
}

func selectRows(ctx context.Context, session engine.Session, r *selectRequest) (Reply, error) {
	s, err := r.statement()
	if err != nil {
		return Reply{}, err
	}
	return rows(session.Query(ctx, s))
}

type countRequest struct {
	header
	match
	Table string `json:"table"`
}

func count(ctx context.Context, session engine.Session, r *countRequest) (Reply, error) {
	s, err := new(reading).statement(query.Count{Table: r.Table, Match: r.match.match()}.Build)
	if err != nil {
		return Reply{}, err
	}
	return number(ask(ctx, session, s))
}

func number(text string, err error) (Reply, error) {
	if err != nil {
		return Reply{}, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return Reply{}, pgerr.Wrap(err, pgerr.Internal, "a number was expected")
	}
	return Reply{Value: n}, nil
}
