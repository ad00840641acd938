package query

import "strings"

// form is how an operator is written, and what it takes.
type form uint8

const (
	infix      form = iota // one value
	equality               // one value, perhaps None
	membership             // a list
	bounds                 // a list of two
	test                   // nothing
	anyElement             // an element of an array column, or a list of them
)

// operator is what one spelling means.
type operator struct {
	form form
	sql  string
	cast string
	none string // follows the left side where an equality compares with None
	// empty is what a comparison with an empty list comes to: a condition, or with a space in front what follows the left
	// side. "" leaves it to the server.
	empty string
}

const (
	never   = "FALSE"
	always  = "TRUE"
	isNull  = " IS NULL"
	notNull = " IS NOT NULL"
)

// operatorOf finds an operator by the name that requests use, or by its SQL spelling, in any case.
func operatorOf(spelling string) (operator, bool) {
	name := strings.ReplaceAll(strings.ToLower(strings.Join(strings.Fields(spelling), " ")), "_", " ")
	for _, find := range [...]func(string) operator{comparison, listOperator, testOperator, textOperator, containment} {
		if o := find(name); o.sql != "" {
			return o, true
		}
	}
	return operator{}, false
}

func comparison(name string) operator {
	switch name {
	case "eq", "=":
		return operator{form: equality, sql: "=", none: isNull}
	case "ne", "!=":
		return operator{form: equality, sql: "!=", none: notNull}
	case "<>":
		return operator{form: equality, sql: "<>", none: notNull}
	case "gt", ">":
		return operator{sql: ">"}
	case "gte", ">=":
		return operator{sql: ">="}
	case "lt", "<":
		return operator{sql: "<"}
	case "lte", "<=":
		return operator{sql: "<="}
	case "is distinct from", "is not distinct from":
		return operator{sql: strings.ToUpper(name)}
	}
	return operator{}
}

func listOperator(name string) operator {
	switch name {
	case "in":
		return operator{form: membership, sql: "IN", empty: never}
	case "not in":
		return operator{form: membership, sql: "NOT IN", empty: always}
	case "between", "not between":
		return operator{form: bounds, sql: strings.ToUpper(name)}
	case "any", "has":
		return operator{form: anyElement, sql: "&&", empty: never}
	}
	return operator{}
}

func testOperator(name string) operator {
	switch name {
	case "is null", "is not null", "is true", "is not true", "is false", "is not false", "is unknown", "is not unknown":
		return operator{form: test, sql: strings.ToUpper(name)}
	}
	return operator{}
}

func textOperator(name string) operator {
	switch name {
	case "like", "ilike", "not like", "not ilike":
		return operator{sql: strings.ToUpper(name)}
	case "~", "~*", "!~", "!~*", "@@":
		return operator{sql: name}
	}
	return operator{}
}

func containment(name string) operator {
	switch name {
	case "json contains":
		return operator{sql: "@>", cast: "::jsonb"}
	case "json contained by":
		return operator{sql: "<@", cast: "::jsonb"}
	case "json key exists":
		return operator{sql: "?"}
	case "json any key exists", "?|":
		return operator{sql: "?|", empty: never}
	case "json all keys exist", "?&":
		return operator{sql: "?&", empty: notNull}
	case "array contains", "has all":
		return operator{sql: "@>", empty: notNull}
	case "array contained by":
		return operator{sql: "<@"}
	case "array overlaps", "has any":
		return operator{sql: "&&"}
	case "@>", "<@", "&&", "?":
		return operator{sql: name}
	}
	return operator{}
}
