package query

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/wire"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// request is the content of a case folder: one builder, its arguments in a plain form.
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
		return r.insert().BuildUnnest(r.Types)
	case "select":
		return Select{
			Table: r.Table, Columns: r.Columns, Match: r.match(), Order: r.order(), Page: r.page(),
			Distinct: r.Distinct, DistinctOn: r.DistinctOn,
		}.Build()
	case "count":
		return Count{Table: r.Table, Match: r.match()}.Build()
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
		return r.aggregate().Build()
	case "with":
		return r.with().Build()
	}
	return r.runLink(t)
}

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

func describe(arg wire.Arg) string {
	switch arg.Kind {
	case wire.Null:
		return "null"
	case wire.Text:
		return strconv.Quote(arg.Text)
	case wire.List:
		texts := make([]string, len(arg.List))
		for i, item := range arg.List {
			texts[i] = describe(item)
		}
		return "[" + strings.Join(texts, ", ") + "]"
	}
	return arg.Text
}

func transcript(sql string, args []wire.Arg, err error) string {
	if err != nil {
		e := pgerr.From(err)
		return fmt.Sprintf("error %s: %s\n", e.Kind, e.Message)
	}
	var b strings.Builder
	b.WriteString(sql + "\n")
	for i, arg := range args {
		fmt.Fprintf(&b, "-- $%d %s\n", i+1, describe(arg))
	}
	return b.String()
}

// TestGolden builds each testdata/<case>/request.json and compares with statement.sql beside it.
func TestGolden(t *testing.T) {
	t.Parallel()
	cases, err := filepath.Glob("testdata/*/request.json")
	if err != nil || len(cases) < 30 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	for _, path := range cases {
		t.Run(filepath.Base(filepath.Dir(path)), func(t *testing.T) {
			t.Parallel()
			got := transcript(load(t, path).run(t))
			golden := filepath.Join(filepath.Dir(path), "statement.sql")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil || got != string(want) {
				t.Errorf("%v\n got %s\nwant %s", err, got, want)
			}
		})
	}
}

func load(t *testing.T, path string) request {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var r request
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return r
}
