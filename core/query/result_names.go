package query

import (
	"slices"
	"strings"

	"ouroboros-postgres/core/pgerr"
)

// names lists the names of the result columns that are known before the statement is sent, "" for the others.
func (n *selectNode) names() []string {
	names := make([]string, len(n.columns))
	for i, c := range n.columns {
		names[i] = resultName(c)
	}
	return names
}

// unsure tells that two columns may have the same name without its being known. Those of a table have not.
func (n *selectNode) unsure() bool {
	names := n.names()
	switch {
	case len(names) > 1:
		return slices.Contains(names, "")
	case n.from != nil:
		return (len(names) == 0 || names[0] == "") && (n.from.query != nil || len(n.ctes)+len(n.joins) > 0)
	}
	return false
}

func resultName(c columnItem) string {
	if c.label != "" {
		return columnName(c.label)
	}
	switch e := c.expression.(type) {
	case *columnNode:
		return columnName(e.name)
	case *aggregateNode:
		name, _, _ := strings.Cut(strings.ToLower(e.function), "_")
		return name
	}
	return ""
}

// distinctNames refuses names that occur twice: a row is a dict and would lose one. "" is a name that is refused elsewhere.
func (b *builder) distinctNames(names []string) {
	if name, twice := Repeated(names); twice {
		b.keep(RepeatedName(name))
	}
}

// Repeated finds the first name that occurs twice.
func Repeated(names []string) (string, bool) {
	seen := make(map[string]bool, len(names))
	for _, name := range names {
		if seen[name] && name != "" {
			return name, true
		}
		seen[name] = true
	}
	return "", false
}

// RepeatedName is the error about a name that Repeated has found.
func RepeatedName(name string) error {
	return pgerr.New(pgerr.Value, "two result columns are called %s: give one of them another alias", name)
}
