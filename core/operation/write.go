package operation

import (
	"context"

	"ouroboros-postgres/core/engine"
	"ouroboros-postgres/core/query"
)

type updateRequest struct {
	header
	match
	Table     string       `json:"table"`
	Set       []assignment `json:"set"`
	Returning []string     `json:"returning"`
}

func update(ctx context.Context, session engine.Session, r *updateRequest) (Reply, error) {
	u := query.Update{Table: r.Table, Match: r.match.match(), Returning: r.Returning}
	for _, a := range r.Set {
		u.Set = append(u.Set, query.Assignment(a))
	}
	sql, args, err := u.Build()
	result, err := run(ctx, session, sql, args, err)
	if len(r.Returning) > 0 {
		return rows(result, err)
	}
	return affected(result, err)
}

type deleteRequest struct {
	header
	match
	Table     string   `json:"table"`
	Returning []string `json:"returning"`
}

func deleteRows(ctx context.Context, session engine.Session, r *deleteRequest) (Reply, error) {
	sql, args, err := query.Delete{Table: r.Table, Match: r.match.match(), Returning: r.Returning}.Build()
	result, err := run(ctx, session, sql, args, err)
	if len(r.Returning) > 0 {
		return rows(result, err)
	}
	return affected(result, err)
}
