package query

import "ouroboros-postgres/core/wire"

// treeReader reads the nodes of a statement.
type treeReader struct {
	*wire.Reader
}

// object reads the fields of a node; field tells whether it knows one.
func (r treeReader) object(what string, field func(key string) bool) {
	r.Object(func(key string) {
		if !field(key) {
			r.Fail("unknown field of %s: %.64q", what, key)
		}
	})
}

// kind reads an object with exactly one member.
func (r treeReader) kind(what string, read func(key string) bool) {
	n := 0
	r.object(what, func(key string) bool {
		n++
		if n > 1 {
			r.Fail("%s has one kind, not %.64q as well", what, key)
		}
		return read(key)
	})
	if n == 0 {
		r.Fail("%s has no kind", what)
	}
}

// need is expression for one that must be there.
func (r treeReader) need(what string) expression {
	e := r.expression()
	if e == nil {
		r.Fail("%s is missing", what)
	}
	return e
}

// expression reads a node, nil for null.
func (r treeReader) expression() (e expression) {
	if r.Null() {
		return nil
	}
	r.kind("an expression", func(key string) bool {
		switch key {
		case "column":
			e = r.column()
		case "star":
			e = r.star()
		case "value":
			e = &valueNode{r.Slot()}
		case "compare":
			e = r.compare()
		case "boolean":
			e = r.boolean()
		case "raw":
			e = &rawNode{r.raw()}
		case "constant":
			e = &constantNode{r.Bool()}
		case "query":
			e = &queryNode{r.needQuery("the query")}
		case "exists":
			e = r.exists()
		case "aggregate":
			e = r.aggregate()
		case "window":
			e = r.window()
		case "path":
			e = r.path()
		case "match":
			e = r.match()
		default:
			return false
		}
		return true
	})
	return e
}

func (r treeReader) column() *columnNode {
	n := &columnNode{}
	r.object("column", func(key string) bool {
		switch key {
		case "name":
			n.name = r.Text()
		case "of":
			n.of = r.Text()
		case "as":
			n.as = r.Text()
		case "outer":
			n.outer = r.Bool()
		default:
			return false
		}
		return true
	})
	return n
}

func (r treeReader) star() *starNode {
	n := &starNode{}
	r.object("star", func(key string) bool {
		if key != "of" {
			return false
		}
		n.of = r.Text()
		return true
	})
	return n
}

func (r treeReader) compare() *compareNode {
	n := &compareNode{}
	r.object("compare", func(key string) bool {
		switch key {
		case "left":
			n.left = r.expression()
		case "operator":
			n.operator = r.Text()
		case "value":
			n.value = r.Slot()
		case "right":
			n.right = r.expression()
		case "cast":
			n.cast = r.Text()
		case "array":
			n.array = r.Bool()
		default:
			return false
		}
		return true
	})
	if n.right != nil && n.value.Kind != wire.Null {
		r.Fail("value and right exclude each other")
	}
	return n
}

func (r treeReader) boolean() *booleanNode {
	n := &booleanNode{}
	r.object("boolean", func(key string) bool {
		switch key {
		case "operator":
			n.operator = r.Text()
		case "members":
			r.List(func(int) { n.members = append(n.members, r.need("a member of boolean")) })
		case "enclosed":
			n.enclosed = r.Bool()
		default:
			return false
		}
		return true
	})
	return n
}

func (r treeReader) raw() Raw {
	var n Raw
	r.object("raw", func(key string) bool {
		switch key {
		case "sql":
			n.SQL = r.Text()
		case "args":
			r.List(func(int) { n.Args = append(n.Args, r.Slot()) })
		default:
			return false
		}
		return true
	})
	return n
}

func (r treeReader) exists() *existsNode {
	n := &existsNode{}
	r.object("exists", func(key string) bool {
		switch key {
		case "query":
			n.query = r.query()
		case "negated":
			n.negated = r.Bool()
		default:
			return false
		}
		return true
	})
	if n.query == nil {
		r.Fail("the query of exists is missing")
	}
	return n
}

func (r treeReader) aggregate() *aggregateNode {
	n := &aggregateNode{}
	r.object("aggregate", func(key string) bool {
		switch key {
		case "function":
			n.function = r.Text()
		case "column":
			n.column = r.expression()
		default:
			return false
		}
		return true
	})
	return n
}

func (r treeReader) window() *windowNode {
	n := &windowNode{}
	r.object("window", func(key string) bool {
		switch key {
		case "function":
			n.function = r.Text()
		case "column":
			n.column = r.expression()
		case "offset":
			n.offset = r.Slot()
		case "default":
			n.standIn = r.Slot()
		case "partition":
			n.partition = r.elements("", "window function partition_by")
		case "order":
			n.order = r.orders("window function order_by")
		case "frame":
			n.frame = r.frame()
		default:
			return false
		}
		return true
	})
	return n
}

// frame reads [unit, start, end].
func (r treeReader) frame() *Frame {
	if r.Null() {
		return nil
	}
	f, n := &Frame{}, 0
	r.List(func(i int) {
		n++
		switch i {
		case 0:
			f.Unit = r.Text()
		case 1:
			f.Start = r.bound()
		case 2:
			f.End = r.bound()
		default:
			r.Fail("a frame is [unit, start, end]")
		}
	})
	if n != 3 {
		r.Fail("a frame is [unit, start, end]")
	}
	return f
}

func (r treeReader) bound() *int64 {
	if r.Null() {
		return nil
	}
	n := r.Int()
	return &n
}

func (r treeReader) path() *pathNode {
	n := &pathNode{}
	r.object("path", func(key string) bool {
		switch key {
		case "left":
			n.left = r.expression()
		case "keys":
			n.keys = r.Slot()
		default:
			return false
		}
		return true
	})
	if n.left == nil {
		r.Fail("the left side of path is missing")
	}
	return n
}

func (r treeReader) match() *matchNode {
	n := &matchNode{}
	r.object("match", func(key string) bool {
		switch key {
		case "left":
			n.left = r.expression()
		case "query":
			n.query = r.Slot()
		case "config":
			n.config = r.Text()
		default:
			return false
		}
		return true
	})
	if n.left == nil {
		r.Fail("the left side of match is missing")
	}
	return n
}
