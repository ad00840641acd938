package query

import "ouroboros-postgres/core/wire"

// expression is a node of a statement that has a value; docs/reference/statements.md describes the nodes.
type expression interface {
	write(b *builder)
}

// element is an expression in a list, which errors name by its place.
type element struct {
	expression
	at position
}

type (
	columnNode struct {
		name  string
		of    string // key of its source
		as    string
		outer bool
	}
	starNode struct {
		of string
	}
	valueNode struct {
		value wire.Arg
	}
	compareNode struct {
		left     expression
		operator string
		value    wire.Arg
		right    expression // instead of value
		cast     string
		array    bool
	}
	booleanNode struct {
		operator string
		members  []expression
		enclosed bool
	}
	rawNode struct {
		Raw
	}
	constantNode struct {
		value bool
	}
	queryNode struct {
		query
	}
	existsNode struct {
		query   query
		negated bool
	}
	aggregateNode struct {
		function string
		column   expression // nil: none
	}
	windowNode struct {
		function  string
		column    expression // nil: none
		offset    wire.Arg   // rows of lag and lead, n of ntile and nth_value; Null: none
		standIn   wire.Arg   // of lag and lead; Null: none
		partition []element
		order     []orderNode
		frame     *Frame
	}
	pathNode struct {
		left expression
		keys wire.Arg
	}
	matchNode struct {
		left   expression
		query  wire.Arg
		config string
	}
)

// query is a select, or a text of the caller.
type query interface {
	// writeQuery writes it without parentheses.
	writeQuery(b *builder)
}

type orderNode struct {
	element
	direction string
}

// tableName is text, in which parts in double quotes are taken as they are, or a list of bare parts.
type tableName struct {
	text string
	bare []string
}

type sourceNode struct {
	table tableName
	query query // instead of table
	alias string
	fixed bool // the alias is the user's own
	keys  []string
}

type joinNode struct {
	kind   string
	source *sourceNode
	on     element
}

type cteNode struct {
	name  string
	query query
	at    position
}

type columnItem struct {
	element
	label string
	// labelled tells an empty label, which is an error, from none.
	labelled bool
	nest     *nestNode
}

// nestNode makes of a column and those behind it fields of one value, which is NULL where the field of the key is.
type nestNode struct {
	name   string
	fields []string
	key    int64
}

type pageNode struct {
	limit, offset wire.Arg
}

type setNode struct {
	operation string
	query     query
	at        position
}

type leftNode struct {
	order []orderNode
	page  pageNode
}

type lockNode struct {
	strength   string
	of         []string
	nowait     bool
	skipLocked bool
}

type selectNode struct {
	ctes       []cteNode
	recursive  bool
	distinct   bool
	distinctOn []element
	columns    []columnItem
	fold       bool
	from       *sourceNode
	joins      []joinNode
	qualified  bool
	where      []element
	groupBy    []element
	having     []element
	order      []orderNode
	page       pageNode
	left       *leftNode
	sets       []setNode
	lock       *lockNode
}

// modifyNode is an update (with set) or a delete.
type modifyNode struct {
	update    bool
	ctes      []cteNode
	recursive bool
	table     *sourceNode
	set       []Assignment
	where     []element
	returning []string
}
