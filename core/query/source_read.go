package query

func (r treeReader) source() *sourceNode {
	if r.Null() {
		return nil
	}
	n := &sourceNode{}
	table := false
	r.object("a source", func(key string) bool {
		switch key {
		case "table":
			n.table, table = r.tableName(), true
		case "query":
			n.query = r.query()
		case "alias":
			n.alias = r.Text()
		case "fixed":
			n.fixed = r.Bool()
		case "keys":
			n.keys = r.texts()
		default:
			return false
		}
		return true
	})
	if table == (n.query != nil) {
		r.Fail("a source is one table or one query")
	}
	return n
}

func (r treeReader) tableName() tableName {
	if r.At('[') {
		return tableName{bare: r.texts()}
	}
	return tableName{text: r.Text()}
}

func (r treeReader) joins() []joinNode {
	var list []joinNode
	r.List(func(i int) {
		n := joinNode{on: element{at: position{kind: "join condition", argument: "joins", index: i}}}
		r.object("a join", func(key string) bool {
			switch key {
			case "kind":
				n.kind = r.Text()
			case "source":
				n.source = r.source()
			case "on":
				n.on.expression = r.expression()
			default:
				return false
			}
			return true
		})
		if n.source == nil || n.on.expression == nil {
			r.Fail("a join needs a source and a condition")
		}
		list = append(list, n)
	})
	return list
}

func (r treeReader) ctes() []cteNode {
	var list []cteNode
	r.List(func(i int) {
		n := cteNode{at: position{argument: "ctes", index: i}}
		r.object("a CTE", func(key string) bool {
			switch key {
			case "name":
				n.name = r.Text()
			case "query":
				n.query = r.needQuery("the query of a CTE")
			default:
				return false
			}
			return true
		})
		if n.query == nil {
			r.Fail("the query of a CTE is missing")
		}
		list = append(list, n)
	})
	return list
}

// query reads a select or a text of the caller, nil for null.
func (r treeReader) query() (q query) {
	if r.Null() {
		return nil
	}
	var text *rawNode
	n := 0
	r.object("a query", func(key string) bool {
		n++
		switch key {
		case "select":
			inner := r.selectNode()
			if inner.shaped() {
				r.Fail("nest and fold are only for the rows of a statement")
			}
			q = inner
			return true
		case "sql", "args":
			if text == nil {
				text = &rawNode{}
			}
			if key == "sql" {
				text.SQL = r.Text()
			} else {
				r.List(func(int) { text.Args = append(text.Args, r.Slot()) })
			}
			return true
		}
		return false
	})
	switch {
	case n == 0, q != nil && n > 1:
		r.Fail("a query is one select or one sql")
	case text != nil:
		return text
	}
	return q
}

// needQuery is query for one that must be there.
func (r treeReader) needQuery(what string) query {
	q := r.query()
	if q == nil {
		r.Fail("%s is missing", what)
	}
	return q
}

func (r treeReader) sets() []setNode {
	var list []setNode
	r.List(func(i int) {
		n := setNode{at: position{argument: "set_operations", index: i}}
		r.object("a set operation", func(key string) bool {
			switch key {
			case "operation":
				n.operation = r.Text()
			case "query":
				n.query = r.query()
			default:
				return false
			}
			return true
		})
		if n.query == nil {
			r.Fail("the query of a set operation is missing")
		}
		list = append(list, n)
	})
	return list
}
