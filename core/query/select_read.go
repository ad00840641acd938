package query

// elements reads a list of expressions; kind and argument say what errors call them.
func (r treeReader) elements(kind, argument string) []element {
	var list []element
	r.List(func(i int) {
		list = append(list, element{r.need(argument), position{kind: kind, argument: argument, index: i}})
	})
	return list
}

func (r treeReader) orders(argument string) []orderNode {
	var list []orderNode
	r.List(func(i int) {
		n := orderNode{element: element{at: position{argument: argument, index: i}}}
		r.object("an order", func(key string) bool {
			switch key {
			case "expression":
				n.expression = r.expression()
			case "direction":
				n.direction = r.Text()
			default:
				return false
			}
			return true
		})
		if n.expression == nil {
			r.Fail("the expression of an order is missing")
		}
		list = append(list, n)
	})
	return list
}

func (r treeReader) texts() []string {
	var list []string
	r.List(func(int) { list = append(list, r.Text()) })
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
			q = r.selectNode()
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

func (r treeReader) columns() []columnItem {
	var list []columnItem
	r.List(func(i int) {
		n := columnItem{element: element{at: position{argument: "select columns", index: i}}}
		r.object("a column of the result", func(key string) bool {
			switch key {
			case "expression":
				n.expression = r.expression()
			case "label":
				n.label, n.labelled = r.Text(), true
			default:
				return false
			}
			return true
		})
		if n.expression == nil {
			r.Fail("the expression of a column is missing")
		}
		list = append(list, n)
	})
	return list
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

func (r treeReader) left() *leftNode {
	if r.Null() {
		return nil
	}
	n := &leftNode{}
	r.object("left", func(key string) bool {
		if key == "order" {
			n.order = r.orders("order_by")
			return true
		}
		return r.page(&n.page, key)
	})
	return n
}

func (r treeReader) page(p *pageNode, key string) bool {
	switch key {
	case "limit":
		p.limit = r.Slot()
	case "offset":
		p.offset = r.Slot()
	default:
		return false
	}
	return true
}

func (r treeReader) lock() *lockNode {
	if r.Null() {
		return nil
	}
	n := &lockNode{}
	r.object("lock", func(key string) bool {
		switch key {
		case "strength":
			n.strength = r.Text()
		case "of":
			n.of = r.texts()
		case "nowait":
			n.nowait = r.Bool()
		case "skip_locked":
			n.skipLocked = r.Bool()
		default:
			return false
		}
		return true
	})
	return n
}

func (r treeReader) selectNode() *selectNode {
	n := &selectNode{}
	r.object("select", func(key string) bool {
		return r.selectHead(n, key) || r.selectTail(n, key)
	})
	return n
}

func (r treeReader) selectHead(n *selectNode, key string) bool {
	switch key {
	case "ctes":
		n.ctes = r.ctes()
	case "recursive":
		n.recursive = r.Bool()
	case "distinct":
		n.distinct = r.Bool()
	case "distinct_on":
		n.distinctOn = r.elements("", "distinct_on")
	case "columns":
		n.columns = r.columns()
	case "from":
		n.from = r.source()
	case "joins":
		n.joins = r.joins()
	case "qualified":
		n.qualified = r.Bool()
	default:
		return false
	}
	return true
}

func (r treeReader) selectTail(n *selectNode, key string) bool {
	switch key {
	case "where":
		n.where = r.elements("filter", "where")
	case "group_by":
		n.groupBy = r.elements("", "group_by")
	case "having":
		n.having = r.elements("having clause", "having")
	case "order":
		n.order = r.orders("order_by")
	case "left":
		n.left = r.left()
	case "sets":
		n.sets = r.sets()
	case "lock":
		n.lock = r.lock()
	default:
		return r.page(&n.page, key)
	}
	return true
}

// modify reads an update or a delete.
func (r treeReader) modify(update bool) *modifyNode {
	n := &modifyNode{update: update}
	r.object("the statement", func(key string) bool {
		switch {
		case key == "ctes":
			n.ctes = r.ctes()
		case key == "recursive":
			n.recursive = r.Bool()
		case key == "table":
			n.table = r.source()
		case key == "set" && update:
			n.set = r.assignments()
		case key == "where":
			n.where = r.elements("filter", "where")
		case key == "returning":
			n.returning = r.texts()
		default:
			return false
		}
		return true
	})
	if n.table == nil || n.table.query != nil {
		r.Fail("the table is missing")
	}
	return n
}

// assignments reads a list of [column, slot].
func (r treeReader) assignments() []Assignment {
	var list []Assignment
	r.List(func(int) {
		var a Assignment
		n := 0
		r.List(func(i int) {
			n++
			switch i {
			case 0:
				a.Column = r.Text()
			case 1:
				a.Value = r.Slot()
			default:
				r.Fail("an item of set is [column, slot]")
			}
		})
		if n != 2 {
			r.Fail("an item of set is [column, slot]")
		}
		list = append(list, a)
	})
	return list
}
