package query

import (
	"strconv"

	"ouroboros-postgres/core/wire"
)

// What structured requests consist of, as nodes.

func tableSource(table string) *sourceNode { return &sourceNode{table: tableName{text: table}} }

// columnElements are the columns of a list argument.
func columnElements(argument string, columns []string) []element {
	list := make([]element, len(columns))
	for i, column := range columns {
		list[i] = element{&columnNode{name: column}, position{argument: argument, index: i}}
	}
	return list
}

// columnItems is a select list.
func columnItems(columns []string) []columnItem {
	var list []columnItem
	for _, e := range columnElements("select columns", columns) {
		list = append(list, columnItem{element: e})
	}
	return list
}

func optionalColumn(column string) expression {
	if column == "" {
		return nil
	}
	return &columnNode{name: column}
}

func optionalNumber(n *int64) wire.Arg {
	if n == nil {
		return wire.Arg{}
	}
	return wire.Arg{Kind: wire.Int, Text: strconv.FormatInt(*n, 10)}
}

func orderNodes(argument string, orders []Order) []orderNode {
	list := make([]orderNode, len(orders))
	for i, o := range orders {
		list[i] = orderNode{element{&columnNode{name: o.Column}, position{argument: argument, index: i}}, o.Direction}
	}
	return list
}

func (p Page) node() pageNode { return pageNode{optionalNumber(p.Limit), optionalNumber(p.Offset)} }

func (c Condition) node() *compareNode {
	return &compareNode{left: &columnNode{name: c.Column}, operator: c.Operator, value: c.Value, array: true}
}

// whereElements are the conditions of a statement: comparisons first, then subqueries.
func whereElements(filter []Condition, subqueries []Subquery) []element {
	list := make([]element, 0, len(filter)+len(subqueries))
	for i, c := range filter {
		list = append(list, element{c.node(), position{"filter", "where_conditions", i}})
	}
	for i, s := range subqueries {
		list = append(list, element{s.node(), position{argument: "subqueries", index: i}})
	}
	return list
}
