package query

import "ouroboros-postgres/core/wire"

// maxValues is how many values IN lists before it takes them as one array.
const maxValues = 1000

// compared is a condition whose sides are written by functions: a side may have to be written twice.
type compared struct {
	left  func()
	label string // of the left side in messages
	name  string // of the operator, as it was given
	value wire.Arg
	array bool // bind a list as one array
	cast  string
}

// compare writes one condition with a value.
func (b *builder) compare(c compared) {
	o, known := operatorOf(c.name)
	switch {
	case !known:
		b.unknownOperator(c.name)
	case c.value.Kind == wire.List && len(c.value.List) == 0 && o.empty != "":
		b.emptied(c, o)
	case o.form == test:
		c.left()
		b.write(" ", o.sql)
	case o.form == equality && c.value.Kind == wire.Null:
		c.left()
		b.write(o.none)
	case o.form == membership:
		b.among(c, o)
	case o.form == bounds:
		b.between(c, o)
	case o.form == anyElement:
		b.element(c)
	default:
		b.infix(c, o)
	}
}

func (b *builder) unknownOperator(name string) { b.fail("Unknown operator: %s%s", name, b.place()) }

// place is for the end of messages.
func (b *builder) place() string {
	if b.at.argument == "" {
		return ""
	}
	return " (" + b.at.element() + ")"
}

func (b *builder) emptied(c compared, o operator) {
	if o.empty[0] == ' ' {
		c.left()
	}
	b.write(o.empty)
}

func (b *builder) infix(c compared, o operator) {
	if c.value.Kind == wire.Null {
		b.fail("operator %s on %s needs a value, not None", c.name, c.label)
	}
	c.left()
	b.write(" ", o.sql, " ")
	b.bind(c.value)
	if c.cast == "" {
		c.cast = o.cast
	}
	b.write(c.cast)
}

// among lists the values, or binds them as one array. A None among them means that NULL is one of them.
func (b *builder) among(c compared, o operator) {
	negated := o.sql == "NOT IN"
	null, join := isNull, " OR "
	if negated {
		null, join = notNull, " AND "
	}
	if c.value.Kind == wire.Slot && c.array {
		b.inArray(c, negated, c.value)
		return
	}
	values, hasNull := withoutNull(b.list(c, -1))
	if hasNull && len(values) > 0 {
		b.write("(")
	}
	switch {
	case len(values) == 0:
		join = ""
	case c.array || len(values) > maxValues:
		b.inArray(c, negated, wire.Arg{Kind: wire.List, List: values})
	default:
		c.left()
		b.write(" ", o.sql, " (")
		b.values(values)
		b.write(")")
	}
	if !hasNull {
		return
	}
	b.write(join)
	c.left()
	b.write(null)
	if len(values) > 0 {
		b.write(")")
	}
}

func (b *builder) inArray(c compared, negated bool, array wire.Arg) {
	c.left()
	if negated {
		b.write(" <> ALL(")
	} else {
		b.write(" = ANY(")
	}
	b.bind(array)
	b.write(")")
}

func (b *builder) values(values []wire.Arg) {
	for i, value := range values {
		if i > 0 {
			b.write(", ")
		}
		b.bind(value)
	}
}

func (b *builder) list(c compared, length int) []wire.Arg {
	switch {
	case length < 0 && c.value.Kind != wire.List:
		b.fail("operator %s on %s needs a list", c.name, c.label)
		return nil
	case length >= 0 && len(c.value.List) != length:
		b.fail("operator %s on %s needs a list of %d", c.name, c.label, length)
		return make([]wire.Arg, length)
	}
	return c.value.List
}

func withoutNull(list []wire.Arg) ([]wire.Arg, bool) {
	kept := make([]wire.Arg, 0, len(list))
	for _, value := range list {
		if value.Kind != wire.Null {
			kept = append(kept, value)
		}
	}
	return kept, len(kept) < len(list)
}

func (b *builder) between(c compared, o operator) {
	limits := b.list(c, 2)
	if limits[0].Kind == wire.Null || limits[1].Kind == wire.Null {
		b.fail("operator %s on %s needs two bounds", c.name, c.label)
	}
	c.left()
	b.write(" ", o.sql, " ")
	b.bind(limits[0])
	b.write(" AND ")
	b.bind(limits[1])
}

// element asks for one element of an array column, or for any of several; None is an element that is NULL.
func (b *builder) element(c compared) {
	values, hasNull := []wire.Arg{c.value}, c.value.Kind == wire.Null
	if c.value.Kind == wire.List {
		values, hasNull = withoutNull(c.value.List)
	} else if hasNull {
		values = nil
	}
	both := hasNull && len(values) > 0
	if both {
		b.write("(")
	}
	switch {
	case len(values) == 0:
	case c.value.Kind == wire.List:
		c.left()
		b.write(" && ")
		b.bind(wire.Arg{Kind: wire.List, List: values})
	default:
		b.bind(c.value)
		b.write(" = ANY(")
		c.left()
		b.write(")")
	}
	if both {
		b.write(" OR ")
	}
	if hasNull {
		b.write("array_position(")
		c.left()
		b.write(", NULL) IS NOT NULL")
	}
	if both {
		b.write(")")
	}
}
