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

	built *engine.Statement
}

// statement is the one statement that the request stands for, built once.
func (r *selectRequest) statement() (engine.Statement, error) {
	if r.built != nil {
		return *r.built, nil
	}
	m := r.match.match()
	sql, args, err := query.Select{
		Table: r.Table, Columns: r.Columns, Match: m, Order: orders(r.Order), Page: r.page.page(),
		Distinct: r.Distinct, DistinctOn: r.DistinctOn,
	}.Build()
	if err != nil {
		return engine.Statement{}, err
	}
	r.built = &engine.Statement{SQL: sql, Args: args, Read: m.Structured()}
	return *r.built, nil
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
	m := r.match.match()
	sql, args, err := query.Count{Table: r.Table, Match: m}.Build()
	if err != nil {
		return Reply{}, err
	}
	return number(ask(ctx, session, engine.Statement{SQL: sql, Args: args, Read: m.Structured()}))
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
