package operation

import (
	"context"

	"ouroboros-postgres/core/engine"
	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/query"
	"ouroboros-postgres/core/schema"
	"ouroboros-postgres/core/wire"
)

type relatedRequest struct {
	header
	page
	Table     string      `json:"table"`
	Relations []relation  `json:"relations"`
	Filter    []condition `json:"filter"`
	Order     []ordering  `json:"order"`
	ID        *wire.Arg   `json:"id"`
	IDColumn  string      `json:"id_column"`
}

type relation struct {
	Name            string   `json:"name"`
	Table           string   `json:"table"`
	ForeignKey      string   `json:"foreign_key"`
	ReferenceColumn string   `json:"reference_column"`
	JoinType        string   `json:"join_type"`
	SelectColumns   []string `json:"select_columns"`
	Many            *bool    `json:"many"`
}

func (r relation) check() error {
	for _, field := range [...]struct{ name, value string }{
		{"name", r.Name}, {"table", r.Table}, {"foreign_key", r.ForeignKey},
	} {
		if field.value == "" {
			return pgerr.New(pgerr.Value, "Missing '%s' in relation", field.name)
		}
	}
	return nil
}

// check refuses what is wrong whatever the tables look like.
func (r *relatedRequest) check() error {
	used := names{tables: []string{r.Table}}
	used.optional(r.IDColumn)
	for _, rel := range r.Relations {
		if err := rel.check(); err != nil {
			return err
		}
		used.tables = append(used.tables, rel.Table)
		used.columns = append(append(used.columns, rel.Name, rel.ForeignKey), rel.SelectColumns...)
		used.optional(rel.ReferenceColumn)
	}
	for _, c := range r.Filter {
		used.columns = append(used.columns, c.Column)
	}
	for _, o := range r.Order {
		used.columns = append(used.columns, o.Column)
	}
	return used.check()
}

func selectRelated(ctx context.Context, session engine.Session, r *relatedRequest) (Reply, error) {
	if err := r.check(); err != nil {
		return Reply{}, err
	}
	main, err := lookUp(ctx, session, r.Table)
	if err != nil {
		return Reply{}, err
	}
	q := query.Related{
		Table: r.Table, Filter: conditions(r.Filter), Order: orders(r.Order), Page: r.page.page(),
		ID: r.ID, IDColumn: r.IDColumn,
	}
	if r.ID != nil && r.IDColumn == "" {
		if q.IDColumn, err = main.keyColumn(ctx, session); err != nil {
			return Reply{}, err
		}
	}
	if q.Joins, err = main.joins(ctx, session, r.Relations); err != nil {
		return Reply{}, err
	}
	sql, args, shape, err := q.Build()
	if err != nil {
		return Reply{}, err
	}
	return rows(session.Query(ctx, engine.Statement{SQL: sql, Args: args, Read: true, Shape: shape}))
}

// table is a table of the database with the names of its columns.
type table struct {
	name    string // as requests give it
	quoted  string
	columns map[string]bool
}

func lookUp(ctx context.Context, session engine.Session, name string) (*table, error) {
	quoted, err := query.QuoteTable(name)
	if err != nil {
		return nil, err
	}
	schemaName, bare, err := query.SplitTable(name)
	if err != nil {
		return nil, err
	}
	columns, err := session.Columns(ctx, schemaName, bare)
	if err != nil {
		return nil, err
	}
	if len(columns) == 0 {
		return nil, tableNotFound(name)
	}
	t := &table{name: name, quoted: quoted, columns: make(map[string]bool, len(columns))}
	for _, c := range columns {
		t.columns[c.Name] = true
	}
	return t, nil
}

func tableNotFound(name string) error {
	return pgerr.New(pgerr.TableMissing, "Table %s not found", name)
}

// has tells whether the table has the column; a refused name is reported where it is written.
func (t *table) has(column string) bool {
	bare, err := query.Bare(column)
	return err == nil && t.columns[bare]
}

func (t *table) primaryKey(ctx context.Context, session engine.Session) ([]string, error) {
	key, err := schema.PrimaryKey(ctx, asking(session), t.quoted)
	for i := range key {
		key[i] = query.Verbatim(key[i])
	}
	return key, err
}

// keyColumn is the one column that ids mean: the primary key, or else "id".
func (t *table) keyColumn(ctx context.Context, session engine.Session) (string, error) {
	key, err := t.primaryKey(ctx, session)
	if err != nil {
		return "", err
	}
	if len(key) == 1 {
		return key[0], nil
	}
	return "id", nil
}

// referenced is what a foreign key refers to when nothing else is said: "id", or the primary key of a table without it.
func (t *table) referenced(ctx context.Context, session engine.Session, given string) (string, error) {
	switch {
	case given != "":
		return given, nil
	case t.has("id"):
		return "id", nil
	}
	return t.keyColumn(ctx, session)
}

func (t *table) joins(ctx context.Context, session engine.Session, relations []relation) ([]query.Join, error) {
	joins := make([]query.Join, len(relations))
	names := map[string]bool{}
	for i, rel := range relations {
		switch {
		case t.has(rel.Name):
			return nil, pgerr.New(pgerr.Value, "relation %s has the name of a column of %s", rel.Name, t.name)
		case names[rel.Name]:
			return nil, pgerr.New(pgerr.Value, "relation %s is given twice", rel.Name)
		}
		names[rel.Name] = true
		join, err := t.join(ctx, session, rel)
		if err != nil {
			return nil, err
		}
		joins[i] = join
	}
	return joins, nil
}

// join finds out the direction: who has the foreign key. If both tables have such a column, the main table's counts.
func (t *table) join(ctx context.Context, session engine.Session, rel relation) (query.Join, error) {
	j := query.Join{
		Name: rel.Name, Table: rel.Table, ForeignKey: rel.ForeignKey, Type: rel.JoinType, Columns: rel.SelectColumns,
	}
	other, err := lookUp(ctx, session, rel.Table)
	if err != nil {
		return j, err
	}
	if j.Many = !t.has(rel.ForeignKey) && other.has(rel.ForeignKey); rel.Many != nil {
		j.Many = *rel.Many
	}
	if !j.Many {
		j.Reference, err = other.referenced(ctx, session, rel.ReferenceColumn)
		return j, err
	}
	if j.Reference, err = t.referenced(ctx, session, rel.ReferenceColumn); err != nil {
		return j, err
	}
	j.OrderBy, err = other.primaryKey(ctx, session)
	return j, err
}
