package operation

import (
	"context"

	"ouroboros-postgres/core/engine"
	"ouroboros-postgres/core/query"
	"ouroboros-postgres/core/wire"
)

type withCTERequest struct {
	header
	page
	Table      string      `json:"table"`
	CTEs       []cte       `json:"ctes"`
	Recursive  bool        `json:"recursive"`
	Columns    []string    `json:"columns"`
	Filter     []condition `json:"filter"`
	Subqueries []subquery  `json:"subqueries"`
	Order      []ordering  `json:"order"`

	one reading
}

func (r *withCTERequest) statement() (engine.Statement, error) {
	return r.one.statement(query.WithCTE{
		CTEs: ctes(r.CTEs), Recursive: r.Recursive, Table: r.Table, Columns: r.Columns, Filter: conditions(r.Filter),
		Subqueries: subqueries(r.Subqueries), Order: orders(r.Order), Page: r.page.page(),
	}.Build)
}

func withCTE(ctx context.Context, session engine.Session, r *withCTERequest) (Reply, error) {
	s, err := r.statement()
	if err != nil {
		return Reply{}, err
	}
	return distinctRows(session.Query(ctx, s))
}

// cte is [name, sql, args].
type cte query.CTE

// UnmarshalJSON implements json.Unmarshaler.
func (c *cte) UnmarshalJSON(raw []byte) error {
	return tuple(raw, &c.Name, &c.SQL, (*wire.Args)(&c.Args))
}

func ctes(list []cte) []query.CTE {
	all := make([]query.CTE, len(list))
	for i, c := range list {
		all[i] = query.CTE(c)
	}
	return all
}

// subquery is [type, column, sql, args]; column may be null.
type subquery query.Subquery

// UnmarshalJSON implements json.Unmarshaler.
func (s *subquery) UnmarshalJSON(raw []byte) error {
	return tuple(raw, &s.Type, &s.Column, &s.SQL, (*wire.Args)(&s.Args))
}

func subqueries(list []subquery) []query.Subquery {
	all := make([]query.Subquery, len(list))
	for i, s := range list {
		all[i] = query.Subquery(s)
	}
	return all
}
