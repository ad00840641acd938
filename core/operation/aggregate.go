package operation

import (
	"context"

	"github.com/goccy/go-json"

	"ouroboros-postgres/core/engine"
	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/query"
	"ouroboros-postgres/core/wire"
)

type aggregateRequest struct {
	header
	page
	Table         string         `json:"table"`
	Aggregates    []aggregation  `json:"aggregates"`
	GroupBy       []string       `json:"group_by"`
	Having        []having       `json:"having"`
	Filter        []condition    `json:"filter"`
	Order         []ordering     `json:"order"`
	Distinct      bool           `json:"distinct"`
	DistinctOn    []string       `json:"distinct_on"`
	CTEs          []cte          `json:"ctes"`
	Subqueries    []subquery     `json:"subqueries"`
	Windows       []window       `json:"windows"`
	SetOperations []setOperation `json:"set_operations"`

	one reading
}

func (r *aggregateRequest) query() query.Aggregate {
	q := query.Aggregate{
		CTEs: ctes(r.CTEs), Table: r.Table, GroupBy: r.GroupBy, Filter: conditions(r.Filter), Subqueries: subqueries(r.Subqueries),
		Distinct: r.Distinct, DistinctOn: r.DistinctOn, Order: orders(r.Order), Page: r.page.page(),
	}
	for _, a := range r.Aggregates {
		q.Aggregates = append(q.Aggregates, query.Aggregation(a))
	}
	for _, h := range r.Having {
		q.Having = append(q.Having, query.Having(h))
	}
	for _, w := range r.Windows {
		q.Windows = append(q.Windows, query.Window(w))
	}
	for _, s := range r.SetOperations {
		q.SetOperations = append(q.SetOperations, query.SetOperation(s))
	}
	return q
}

func (r *aggregateRequest) statement() (engine.Statement, error) {
	return r.one.statement(r.query().Build)
}

func aggregate(ctx context.Context, session engine.Session, r *aggregateRequest) (Reply, error) {
	s, err := r.statement()
	if err != nil {
		return Reply{}, err
	}
	return distinctRows(session.Query(ctx, s))
}

// distinctRows refuses a result of which a dict would lose a column.
func distinctRows(result *wire.Result, err error) (Reply, error) {
	if err != nil {
		return Reply{}, err
	}
	var columns []resultColumn
	if err := json.Unmarshal(result.Columns, &columns); err != nil {
		return Reply{}, pgerr.Wrap(err, pgerr.Internal, "result columns cannot be read")
	}
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	if name, twice := query.Repeated(names); twice {
		return Reply{}, query.RepeatedName(name)
	}
	return Reply{Rows: result}, nil
}

// resultColumn is [name, kind].
type resultColumn struct{ name string }

// UnmarshalJSON implements json.Unmarshaler.
func (c *resultColumn) UnmarshalJSON(raw []byte) error {
	var kind json.RawMessage
	return tuple(raw, &c.name, &kind)
}

// aggregation is [function, column, alias]; column and alias may be null.
type aggregation query.Aggregation

// UnmarshalJSON implements json.Unmarshaler.
func (a *aggregation) UnmarshalJSON(raw []byte) error {
	return tuple(raw, &a.Function, &a.Column, &a.Alias)
}

// having is [function, column, operator, arg]; column may be null.
type having query.Having

// UnmarshalJSON implements json.Unmarshaler.
func (h *having) UnmarshalJSON(raw []byte) error {
	return tuple(raw, &h.Function, &h.Column, &h.Operator, &h.Value)
}

// setOperation is [operation, sql, args].
type setOperation query.SetOperation

// UnmarshalJSON implements json.Unmarshaler.
func (s *setOperation) UnmarshalJSON(raw []byte) error {
	return tuple(raw, &s.Operation, &s.SQL, (*wire.Args)(&s.Args))
}

// window is [function, column, offset, arg, partition, order, alias, frame]; all but function and alias may be null. A frame
// is [unit, start, end].
type window query.Window

// UnmarshalJSON implements json.Unmarshaler.
func (w *window) UnmarshalJSON(raw []byte) error {
	var order []ordering
	var offset *amount
	var bounds *frame
	err := tuple(raw, &w.Function, &w.Column, &offset, &w.Default, &w.Partition, &order, &w.Alias, &bounds)
	w.Offset, w.Order, w.Frame = (*int64)(offset), orders(order), (*query.Frame)(bounds)
	return err
}

type frame query.Frame

// UnmarshalJSON implements json.Unmarshaler.
func (f *frame) UnmarshalJSON(raw []byte) error {
	var start, end *amount
	err := tuple(raw, &f.Unit, &start, &end)
	f.Start, f.End = (*int64)(start), (*int64)(end)
	return err
}
