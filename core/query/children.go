package query

import (
	"strconv"

	"ouroboros-postgres/core/wire"
)

// Children finds the rows that refer to given rows through one foreign key. Source and Target are quoted names, Columns
// and Referenced bare ones, as the catalogue has them. Rows are known by their physical place: the table and ctid, which
// cannot change while they are locked.
type Children struct {
	Source     string
	Target     string
	Columns    []string
	Referenced []string
}

// Lock writes the statement that finds and locks all of them.
func (c Children) Lock(tables, places wire.Arg) (string, []wire.Arg) {
	sql, args := c.find(tables, places)
	return sql + " FOR UPDATE OF c", args
}

// AtMost writes the statement that looks for n of them.
func (c Children) AtMost(n int, tables, places wire.Arg) (string, []wire.Arg) {
	sql, args := c.find(tables, places)
	return sql + " LIMIT $3", append(args, wire.Arg{Kind: wire.Int, Text: strconv.Itoa(n)})
}

func (c Children) find(tables, places wire.Arg) (string, []wire.Arg) {
	b := &builder{}
	b.write("SELECT c.tableoid::int8, c.ctid FROM ", c.Source, " AS c JOIN ", c.Target, " AS p ON ")
	for i, column := range c.Columns {
		if i > 0 {
			b.write(" AND ")
		}
		b.write("c.", quoted(column), " = p.", quoted(c.Referenced[i]))
	}
	b.write(" WHERE p.ctid = ANY(")
	b.bind(places)
	b.write("::text[]::tid[]) AND (p.tableoid, p.ctid) IN (SELECT * FROM unnest(")
	b.bind(tables)
	b.write("::text[]::oid[], $1::text[]::tid[]))")
	return string(b.text), b.args
}

// LockRows finds and locks the rows of a table with the given key.
func LockRows(table, column string, key wire.Arg) (string, []wire.Arg, error) {
	b := &builder{}
	b.write("SELECT tableoid::int8, ctid FROM ")
	b.table(table)
	b.write(" WHERE ")
	b.condition("", Condition{Column: column, Operator: "eq", Value: key})
	b.write(" FOR UPDATE")
	return b.finish()
}
