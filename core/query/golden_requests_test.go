package query

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"ouroboros-postgres/core/wire"
)

// request is one builder, its arguments in a plain form.
type request struct {
	Build      string
	Table      string
	Columns    []string
	Rows       [][]value
	Types      []string
	Targets    []string
	Update     *[]string
	Set        [][2]value
	Filter     [][3]value
	Where      string
	Args       []value
	Order      [][2]string
	Limit      *int64
	Offset     *int64
	Distinct   bool
	DistinctOn []string
	Returning  []string
	IDColumn   string
	ID         *value
	Joins      []Join
	Link       Link
	Source     value
	Targeted   []value
	Ends       []LinkEnd

	Aggregates    [][3]string
	GroupBy       []string
	Having        [][4]value
	CTEs          []rawCase
	Recursive     bool
	Subqueries    []rawCase
	SetOperations []rawCase
	Windows       []windowCase
}

type value struct{ wire.Arg }

func (v *value) UnmarshalJSON(raw []byte) error {
	var list []value
	switch {
	case string(raw) == "null":
		v.Arg = wire.Arg{}
	case raw[0] == '"':
		v.Kind = wire.Text
		return json.Unmarshal(raw, &v.Text)
	case raw[0] == '[':
		v.Kind = wire.List
		if err := json.Unmarshal(raw, &list); err != nil {
			return err
		}
		v.List = bare1(list)
	case string(raw) == `{"x":"default"}`:
		v.Kind = wire.Default
	case raw[0] == '{':
		v.Kind, v.Text = wire.JSON, string(raw)
	default:
		v.Kind, v.Text = wire.Int, string(raw)
	}
	return nil
}

func bare1(list []value) []wire.Arg {
	args := make([]wire.Arg, len(list))
	for i, v := range list {
		args[i] = v.Arg
	}
	return args
}

func (r request) match() Match {
	m := Match{Where: r.Where, Args: bare1(r.Args)}
	for _, c := range r.Filter {
		m.Filter = append(m.Filter, Condition{Column: c[0].Text, Operator: c[1].Text, Value: c[2].Arg})
	}
	return m
}

func (r request) order() []Order {
	var list []Order
	for _, o := range r.Order {
		list = append(list, Order{Column: o[0], Direction: o[1]})
	}
	return list
}

func (r request) insert() Insert {
	i := Insert{Table: r.Table, Columns: r.Columns}
	for _, row := range r.Rows {
		i.Rows = append(i.Rows, bare1(row))
	}
	if r.Targets != nil {
		i.Conflict = &Conflict{Targets: r.Targets, Update: r.Update}
	}
	return i
}

func (r request) related() Related {
	related := Related{Table: r.Table, IDColumn: r.IDColumn, Filter: r.match().Filter, Order: r.order(), Page: r.page(), Joins: r.Joins}
	if r.ID != nil {
		related.ID = &r.ID.Arg
	}
	return related
}

func (r request) page() Page { return Page{Limit: r.Limit, Offset: r.Offset} }

func (r request) run(t *testing.T) (string, []wire.Arg, error) {
	t.Helper()
	switch r.Build {
	case "insert":
		return r.insert().Build()
	case "unnest":
		values := make([]wire.Arg, len(r.Columns))
		for k := range values {
			values[k].Kind = wire.List
			for _, row := range r.Rows {
				values[k].List = append(values[k].List, row[k].Arg)
			}
		}
		return r.insert().BuildUnnest(r.Types, values)
	case "select":
		return parts(Select{
			Table: r.Table, Columns: r.Columns, Match: r.match(), Order: r.order(), Page: r.page(),
			Distinct: r.Distinct, DistinctOn: r.DistinctOn,
		}.Build())
	case "count":
		return parts(Count{Table: r.Table, Match: r.match()}.Build())
	case "update":
		u := Update{Table: r.Table, Match: r.match(), Returning: r.Returning}
		for _, a := range r.Set {
			u.Set = append(u.Set, Assignment{Column: a[0].Text, Value: a[1].Arg})
		}
		return u.Build()
	case "delete":
		return Delete{Table: r.Table, Match: r.match(), Returning: r.Returning}.Build()
	case "related":
		sql, args, shape, err := r.related().Build()
		if err == nil {
			sql += fmt.Sprintf("\n-- nests %v keep %v", shape.Nests, shape.Keep)
		}
		return sql, args, err
	case "aggregate":
		return parts(r.aggregate().Build())
	case "with":
		return parts(r.with().Build())
	}
	return r.runLink(t)
}

func parts(q Query, err error) (string, []wire.Arg, error) { return q.SQL, q.Args, err }

func (r request) runLink(t *testing.T) (string, []wire.Arg, error) {
	t.Helper()
	targets := bare1(r.Targeted)
	switch r.Build {
	case "link create":
		table, index, err := r.Link.Create(r.Ends[0], r.Ends[1])
		return strings.TrimSpace(table + ";\n" + index), nil, err
	case "link add":
		return r.Link.Add(r.Source.Arg, targets)
	case "link remove":
		return r.Link.Remove(r.Source.Arg, targets[0])
	case "link clear":
		return r.Link.Clear(r.Source.Arg)
	case "link retain":
		return r.Link.Retain(r.Source.Arg, targets)
	case "link count":
		return r.Link.Count(r.Source.Arg)
	case "link has":
		return r.Link.Has(r.Source.Arg, targets[0])
	case "link fetch":
		return r.Link.Fetch(r.Source.Arg, r.Columns, r.order(), r.page())
	}
	t.Fatalf("unknown builder %q", r.Build)
	return "", nil, nil
}

// described is an argument as it stands in want.args.json.
func described(arg wire.Arg) any {
	switch arg.Kind {
	case wire.Null:
		return nil
	case wire.Text:
		return arg.Text
	case wire.List:
		return allDescribed(arg.List)
	}
	return json.RawMessage(arg.Text)
}

func allDescribed(args []wire.Arg) []any {
	list := make([]any, len(args))
	for i, arg := range args {
		list[i] = described(arg)
	}
	return list
}

func TestGoldenRequests(t *testing.T) {
	t.Parallel()
	golden(t, "requests", 80, func(t *testing.T, raw []byte) (string, any, error) {
		t.Helper()
		var r request
		strictly(t, raw, &r)
		sql, args, err := r.run(t)
		return sql, allDescribed(args), err
	})
}
