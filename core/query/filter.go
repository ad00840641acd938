package query

import (
	"strings"

	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/wire"
)

// Condition compares a column with a value.
type Condition struct {
	Column   string
	Operator string
	Value    wire.Arg
}

// Match is which rows a statement is about: conditions joined by AND, or a text of the caller with its own $1…, or all.
type Match struct {
	Filter []Condition
	Where  string
	Args   []wire.Arg
}

// Structured tells that no SQL text of the caller is involved.
func (m Match) Structured() bool { return m.Where == "" }

func (b *builder) match(m Match) {
	switch {
	case m.Where != "" && len(m.Filter) > 0:
		b.fail("filter and where exclude each other")
	case len(m.Filter) > 0 && len(m.Args) > 0:
		b.fail("args belong to where")
	case len(m.Filter) > 0:
		b.write(" WHERE ")
		b.conditions("", m.Filter)
	default:
		b.fragment(m)
	}
}

func (b *builder) fragment(m Match) {
	text, err := Fragment(m.Where, len(m.Args), len(b.args))
	if err != nil {
		b.keep(err)
		return
	}
	if text != "" {
		b.write(" WHERE ", text)
		b.args = append(b.args, m.Args...)
	}
}

func (b *builder) conditions(prefix string, filter []Condition) {
	for i, c := range filter {
		if i > 0 {
			b.write(" AND ")
		}
		b.condition(prefix, c)
	}
}

func (b *builder) condition(prefix string, c Condition) {
	quoted, err := Quote(c.Column)
	if err != nil {
		b.keep(err)
		return
	}
	b.compare(prefix+quoted, c)
}

// compare writes one condition; column is quoted.
func (b *builder) compare(column string, c Condition) {
	operator := strings.ToLower(c.Operator)
	switch operator {
	case "is_null":
		b.write(column, " IS NULL")
	case "is_not_null":
		b.write(column, " IS NOT NULL")
	case "eq", "=":
		b.equal(column, " = ", " IS NULL", c.Value)
	case "ne", "!=", "<>":
		b.equal(column, " <> ", " IS NOT NULL", c.Value)
	case "in":
		b.among(column, c)
	case "not_in":
		b.notAmong(column, c)
	case "between":
		b.between(column, " BETWEEN ", c)
	case "not_between":
		b.between(column, " NOT BETWEEN ", c)
	case "any", "has":
		b.element(column, c)
	default:
		b.infix(column, operator, c)
	}
}

func (b *builder) equal(column, operator, null string, value wire.Arg) {
	if value.Kind == wire.Null {
		b.write(column, null)
		return
	}
	b.write(column, operator)
	b.bind(value)
}

func (b *builder) infix(column, operator string, c Condition) {
	symbol, cast := symbol(operator)
	if symbol == "" {
		b.keep(pgerr.New(pgerr.Value, "Unknown operator: %s", c.Operator))
		return
	}
	b.needValue(c)
	b.write(column, " ", symbol, " ")
	b.bind(c.Value)
	b.write(cast)
}

func symbol(operator string) (symbol, cast string) {
	switch operator {
	case "gt", ">":
		return ">", ""
	case "gte", ">=":
		return ">=", ""
	case "lt", "<":
		return "<", ""
	case "lte", "<=":
		return "<=", ""
	case "like":
		return "LIKE", ""
	case "ilike":
		return "ILIKE", ""
	case "not_like":
		return "NOT LIKE", ""
	case "not_ilike":
		return "NOT ILIKE", ""
	case "json_contains":
		return "@>", "::jsonb"
	case "json_contained_by":
		return "<@", "::jsonb"
	case "json_key_exists":
		return "?", ""
	case "json_any_key_exists":
		return "?|", ""
	case "json_all_keys_exist":
		return "?&", ""
	case "array_contains", "has_all":
		return "@>", ""
	case "array_contained_by":
		return "<@", ""
	case "array_overlaps", "has_any":
		return "&&", ""
	}
	return "", ""
}

func (b *builder) needValue(c Condition) {
	if c.Value.Kind == wire.Null {
		b.fail("operator %s on column %s needs a value, not None", c.Operator, c.Column)
	}
}

func (b *builder) list(c Condition, length int) []wire.Arg {
	if c.Value.Kind != wire.List || length >= 0 && len(c.Value.List) != length {
		b.fail("operator %s on column %s needs a list", c.Operator, c.Column)
		return make([]wire.Arg, max(length, 0))
	}
	return c.Value.List
}

// among binds the whole list as one array. A None among the values means that NULL is one of them.
func (b *builder) among(column string, c Condition) {
	values, null := withoutNull(b.list(c, -1))
	if null {
		b.write("(")
	}
	b.write(column, " = ANY(")
	b.bind(wire.Arg{Kind: wire.List, List: values})
	b.write(")")
	if null {
		b.write(" OR ", column, " IS NULL)")
	}
}

func (b *builder) notAmong(column string, c Condition) {
	values, null := withoutNull(b.list(c, -1))
	b.write(column, " <> ALL(")
	b.bind(wire.Arg{Kind: wire.List, List: values})
	b.write(")")
	if null {
		b.write(" AND ", column, " IS NOT NULL")
	}
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

func (b *builder) between(column, operator string, c Condition) {
	bounds := b.list(c, 2)
	if bounds[0].Kind == wire.Null || bounds[1].Kind == wire.Null {
		b.fail("operator %s on column %s needs two bounds", c.Operator, c.Column)
	}
	b.write(column, operator)
	b.bind(bounds[0])
	b.write(" AND ")
	b.bind(bounds[1])
}

// element asks for one element of an array column, or for any of several.
func (b *builder) element(column string, c Condition) {
	b.needValue(c)
	if c.Value.Kind == wire.List {
		b.write(column, " && ")
		b.bind(c.Value)
		return
	}
	b.bind(c.Value)
	b.write(" = ANY(", column, ")")
}
