package query

import (
	"slices"

	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/wire"
)

// Insert adds rows and returns them.
type Insert struct {
	Table     string
	Columns   []string
	Rows      [][]wire.Arg // for Build; in the order of Columns; a value may be wire.Default
	Conflict  *Conflict
	Returning []string // bare names; none for whole rows
}

// Build writes INSERT … VALUES, or DEFAULT VALUES for one row without columns.
func (i Insert) Build() (string, []wire.Arg, error) {
	b := &builder{}
	i.into(b)
	i.checkColumns(b)
	i.checkRows(b)
	if len(i.Columns) == 0 {
		b.write(" DEFAULT VALUES")
	} else {
		i.values(b)
	}
	i.finish(b)
	return b.finish()
}

// BuildUnnest writes INSERT … SELECT FROM unnest, with one array parameter per column: the text does not depend on the
// number of rows. types are the columns' SQL types; values are their lists, in which there is no list and no DEFAULT.
func (i Insert) BuildUnnest(types []string, values []wire.Arg) (string, []wire.Arg, error) {
	b := &builder{}
	i.into(b)
	i.checkColumns(b)
	b.write(" SELECT * FROM unnest(")
	for n, array := range values {
		if n > 0 {
			b.write(", ")
		}
		b.bind(array)
		b.write("::", types[n], "[]")
	}
	b.write(")")
	i.finish(b)
	return b.finish()
}

func (i Insert) checkColumns(b *builder) {
	seen := map[string]bool{}
	for _, column := range i.Columns {
		if seen[column] {
			b.fail("column %s is given twice", column)
		}
		seen[column] = true
	}
}

func (i Insert) checkRows(b *builder) {
	switch {
	case len(i.Rows) == 0:
		b.fail("no rows to insert")
	case len(i.Columns) == 0 && len(i.Rows) > 1:
		b.fail("rows without columns can only be inserted one by one")
	}
	for n, row := range i.Rows {
		if len(row) != len(i.Columns) {
			b.fail("row %d has %d values for %d columns", n, len(row), len(i.Columns))
		}
	}
}

func (i Insert) into(b *builder) {
	b.write("INSERT INTO ")
	b.table(i.Table)
	if len(i.Columns) > 0 {
		b.write(" (")
		b.names("", i.Columns)
		b.write(")")
	}
}

func (i Insert) values(b *builder) {
	for n, row := range i.Rows {
		if n == 0 {
			b.write(" VALUES (")
		} else {
			b.write(", (")
		}
		for k, value := range row {
			if k > 0 {
				b.write(", ")
			}
			if value.Kind == wire.Default {
				b.write("DEFAULT")
			} else {
				b.bind(value)
			}
		}
		b.write(")")
	}
}

func (i Insert) finish(b *builder) {
	if i.Conflict != nil {
		i.Conflict.write(b, i.Columns)
	}
	b.write(" RETURNING ")
	if len(i.Returning) == 0 {
		b.write("*")
	}
	for n, column := range i.Returning {
		if n > 0 {
			b.write(", ")
		}
		b.write(Verbatim(column))
	}
}

// Conflict turns an insert into an upsert. Update nil overwrites every column that is not a target.
type Conflict struct {
	Targets []string
	Update  *[]string
}

// Overwrites lists the columns that an existing row gets from the document; none means that it is kept.
func (c Conflict) Overwrites(columns []string) []string {
	if c.Update != nil {
		return *c.Update
	}
	var list []string
	for _, column := range columns {
		if !slices.Contains(c.Targets, column) {
			list = append(list, column)
		}
	}
	return list
}

// Check finds targets and update columns that cannot be meant.
func (c Conflict) Check(columns []string) error {
	if len(c.Targets) == 0 || slices.Contains(c.Targets, "") {
		return pgerr.New(pgerr.Query, "Conflict target cannot be empty")
	}
	for _, column := range c.Overwrites(columns) {
		if !slices.Contains(columns, column) {
			return pgerr.New(pgerr.Value, "update column %s is not in the document", column)
		}
	}
	return nil
}

func (c Conflict) write(b *builder, columns []string) {
	if err := c.Check(columns); err != nil {
		b.keep(err)
		return
	}
	b.write(" ON CONFLICT (")
	b.names("", c.Targets)
	b.write(")")
	overwritten := c.Overwrites(columns)
	if len(overwritten) == 0 {
		b.write(" DO NOTHING")
		return
	}
	b.write(" DO UPDATE SET ")
	for i, column := range overwritten {
		if i > 0 {
			b.write(", ")
		}
		b.name(column)
		b.write(" = EXCLUDED.")
		b.name(column)
	}
}
