package query

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
	case "fold":
		n.fold = r.Bool()
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
			case "nest":
				n.nest = r.nest()
			default:
				return false
			}
			return true
		})
		if n.expression == nil {
			r.Fail("the expression of a column is missing")
		}
		if n.nest != nil && n.label == "" {
			r.Fail("a column with nest needs a label")
		}
		list = append(list, n)
	})
	return list
}

func (r treeReader) nest() *nestNode {
	n := &nestNode{}
	r.object("nest", func(key string) bool {
		switch key {
		case "name":
			n.name = r.Text()
		case "fields":
			n.fields = r.texts()
		case "key":
			n.key = r.Int()
		default:
			return false
		}
		return true
	})
	if n.name == "" || n.key < 0 || n.key >= int64(len(n.fields)) {
		r.Fail("nest needs a name, fields, and the index of one of them")
	}
	return n
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
