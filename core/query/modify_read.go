package query

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
