package query

// rawCase is a CTE (Name), a subquery (Type, Column) or a set operation (Type).
type rawCase struct {
	Name, Type, Column string
	SQL                string
	Args               []value
}

func (r rawCase) raw() Raw { return Raw{SQL: r.SQL, Args: bare1(r.Args)} }

type windowCase struct {
	Function  string
	Column    string
	Offset    *int64
	Default   value
	Partition []string
	Order     [][2]string
	Alias     string
	Frame     *Frame
}

func (r request) ctes() []CTE {
	var list []CTE
	for _, c := range r.CTEs {
		list = append(list, CTE{Name: c.Name, Raw: c.raw()})
	}
	return list
}

func (r request) subqueries() []Subquery {
	var list []Subquery
	for _, s := range r.Subqueries {
		list = append(list, Subquery{Type: s.Type, Column: s.Column, Raw: s.raw()})
	}
	return list
}

func (r request) with() WithCTE {
	return WithCTE{
		CTEs: r.ctes(), Recursive: r.Recursive, Table: r.Table, Columns: r.Columns, Filter: r.match().Filter,
		Subqueries: r.subqueries(), Order: r.order(), Page: r.page(),
	}
}

func (r request) aggregate() Aggregate {
	a := Aggregate{
		CTEs: r.ctes(), Table: r.Table, GroupBy: r.GroupBy, Filter: r.match().Filter, Subqueries: r.subqueries(),
		Distinct: r.Distinct, DistinctOn: r.DistinctOn, Order: r.order(), Page: r.page(),
	}
	for _, g := range r.Aggregates {
		a.Aggregates = append(a.Aggregates, Aggregation{Function: g[0], Column: g[1], Alias: g[2]})
	}
	for _, h := range r.Having {
		a.Having = append(a.Having, Having{Function: h[0].Text, Column: h[1].Text, Operator: h[2].Text, Value: h[3].Arg})
	}
	for _, s := range r.SetOperations {
		a.SetOperations = append(a.SetOperations, SetOperation{Operation: s.Type, Raw: s.raw()})
	}
	for _, w := range r.Windows {
		a.Windows = append(a.Windows, Window{
			Function: w.Function, Column: w.Column, Offset: w.Offset, Default: w.Default.Arg, Partition: w.Partition,
			Order: request{Order: w.Order}.order(), Alias: w.Alias, Frame: w.Frame,
		})
	}
	return a
}
