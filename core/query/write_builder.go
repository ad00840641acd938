package query

import "ouroboros-postgres/core/wire"

// Assignment gives a column a value.
type Assignment struct {
	Column string
	Value  wire.Arg
}

// Update changes rows; parameters of the assignments come before those of the match.
type Update struct {
	Table     string
	Set       []Assignment
	Match     Match
	Returning []string
}

// Build writes the statement.
func (u Update) Build() (string, []wire.Arg, error) {
	b := &builder{}
	n := &modifyNode{update: true, table: tableSource(u.Table), set: u.Set, where: b.matching(u.Match), returning: u.Returning}
	n.write(b)
	return b.finish()
}

// Delete removes rows.
type Delete struct {
	Table     string
	Match     Match
	Returning []string
}

// Build writes the statement.
func (d Delete) Build() (string, []wire.Arg, error) {
	b := &builder{}
	n := &modifyNode{table: tableSource(d.Table), where: b.matching(d.Match), returning: d.Returning}
	n.write(b)
	return b.finish()
}
