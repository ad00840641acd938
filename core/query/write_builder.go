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
	if len(u.Set) == 0 {
		b.fail("Update failed: no columns to update")
	}
	b.write("UPDATE ")
	b.table(u.Table)
	b.write(" SET ")
	for i, a := range u.Set {
		if i > 0 {
			b.write(", ")
		}
		b.name(a.Column)
		b.write(" = ")
		b.bind(a.Value)
	}
	b.match(u.Match)
	b.returning(u.Returning)
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
	b.write("DELETE FROM ")
	b.table(d.Table)
	b.match(d.Match)
	b.returning(d.Returning)
	return b.finish()
}
