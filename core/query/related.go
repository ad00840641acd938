package query

import (
	"strconv"
	"strings"

	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/wire"
)

// Related reads rows of one table, each with the rows that belong to it.
type Related struct {
	Table    string
	IDColumn string
	ID       *wire.Arg // nil: all rows
	Filter   []Condition
	Order    []Order
	Page     Page
	Joins    []Join
}

// Join is one relation. Of a belongs-to relation the main table holds ForeignKey; of a to-many relation (Many) the
// related table does.
type Join struct {
	Name       string
	Table      string
	ForeignKey string
	Reference  string
	Type       string   // inner, left, right or full, in any case
	Columns    []string // none: all
	Many       bool
	OrderBy    []string // of the rows of a to-many relation
}

// mainAlias is the alias of the table whose rows are counted and returned.
const mainAlias = `"t"`

// Build writes the statement and says how its result columns nest: those of the main table, the to-many relations as
// arrays of rows, then each belongs-to relation behind a marker column.
func (r Related) Build() (string, []wire.Arg, wire.Shape, error) {
	b := &builder{}
	shape := wire.Shape{Keep: map[string][]string{}}
	b.write("SELECT ", mainAlias, ".*")
	for i, j := range r.Joins {
		b.manyColumn(alias(i), j, shape)
	}
	for i, j := range r.Joins {
		shape.Nests = append(shape.Nests, b.oneColumns(alias(i), j)...)
	}
	b.write(" FROM ")
	b.table(r.Table)
	b.write(" AS ", mainAlias)
	for i, j := range r.Joins {
		b.join(alias(i), j)
	}
	r.where(b)
	b.order(mainAlias+".", r.Order)
	b.page(r.Page)
	sql, args, err := b.finish()
	return sql, args, shape, err
}

// alias names a related table in a way that no column is called: a table alias alone means the whole row only then.
func alias(i int) string { return `"#` + strconv.Itoa(i+1) + `"` }

func (b *builder) manyColumn(alias string, j Join, shape wire.Shape) {
	if !j.Many {
		return
	}
	b.write(", ARRAY(SELECT ", alias)
	b.children(alias, j)
	for i, column := range j.OrderBy {
		if i == 0 {
			b.write(" ORDER BY ")
		} else {
			b.write(", ")
		}
		b.write(alias, ".")
		b.name(column)
	}
	b.write(") AS ")
	b.name(j.Name)
	if len(j.Columns) > 0 {
		shape.Keep[bareName(j.Name)] = bareNames(j.Columns)
	}
}

func (b *builder) children(alias string, j Join) {
	b.write(" FROM ")
	b.table(j.Table)
	b.write(" AS ", alias, " WHERE ", alias, ".")
	b.name(j.ForeignKey)
	b.write(" = ", mainAlias, ".")
	b.name(j.Reference)
}

func (b *builder) oneColumns(alias string, j Join) []wire.Nest {
	if j.Many {
		return nil
	}
	b.write(", (", alias, ".")
	b.name(j.Reference)
	b.write(" IS NOT NULL) AS ", alias, ", ")
	b.selected(alias+".", j.Columns)
	return []wire.Nest{{Marker: strings.Trim(alias, `"`), Name: bareName(j.Name)}}
}

func (b *builder) join(alias string, j Join) {
	kind, err := joinType(j)
	if err != nil {
		b.keep(err)
	}
	b.identifier(j.Name)
	if j.Many {
		return
	}
	b.write(" ", kind, " JOIN ")
	b.table(j.Table)
	b.write(" AS ", alias, " ON ", mainAlias, ".")
	b.name(j.ForeignKey)
	b.write(" = ", alias, ".")
	b.name(j.Reference)
}

// identifier checks a name without writing it.
func (b *builder) identifier(name string) {
	if _, err := Quote(name); err != nil {
		b.keep(err)
	}
}

func joinType(j Join) (string, error) {
	switch kind := strings.ToUpper(j.Type); kind {
	case "":
		return "LEFT", nil
	case "INNER", "LEFT":
		return kind, nil
	case "RIGHT", "FULL":
		if j.Many {
			return "", pgerr.New(pgerr.Value, "join type %s is not possible for the to-many relation %s", j.Type, j.Name)
		}
		return kind, nil
	}
	return "", pgerr.New(pgerr.Value, "Unknown join type: %s", j.Type)
}

func (r Related) where(b *builder) {
	var clauses []func()
	if r.ID != nil {
		clauses = append(clauses, func() {
			b.condition(mainAlias+".", Condition{Column: r.IDColumn, Operator: "eq", Value: *r.ID})
		})
	}
	if len(r.Filter) > 0 {
		clauses = append(clauses, func() { b.conditions(mainAlias+".", r.Filter) })
	}
	for i, j := range r.Joins {
		if j.Many && strings.EqualFold(j.Type, "inner") {
			clauses = append(clauses, func() {
				b.write("EXISTS (SELECT 1")
				b.children(alias(i), j)
				b.write(")")
			})
		}
	}
	for i, clause := range clauses {
		if i == 0 {
			b.write(" WHERE ")
		} else {
			b.write(" AND ")
		}
		clause()
	}
}

// bareName is Bare for names that Quote judges as well.
func bareName(name string) string {
	if bare, err := Bare(name); err == nil {
		return bare
	}
	return name
}

func bareNames(names []string) []string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = bareName(name)
	}
	return list
}
