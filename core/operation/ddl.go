package operation

import (
	"context"

	"ouroboros-postgres/core/engine"
	"ouroboros-postgres/core/query"
	"ouroboros-postgres/core/wire"
)

type createTableRequest struct {
	header
	Table       string             `json:"table"`
	IfNotExists bool               `json:"if_not_exists"`
	Columns     []columnDefinition `json:"columns"`
	Indexes     []indexDefinition  `json:"indexes"`
}

type columnDefinition struct {
	Name       string      `json:"name"`
	Type       string      `json:"type"`
	PrimaryKey bool        `json:"primary_key"`
	Identity   bool        `json:"identity"`
	NotNull    bool        `json:"not_null"`
	Unique     bool        `json:"unique"`
	Default    wire.Arg    `json:"default"`
	Generated  string      `json:"generated"`
	References *references `json:"references"`
}

type references struct {
	Table    string `json:"table"`
	Column   string `json:"column"`
	OnDelete string `json:"on_delete"`
	OnUpdate string `json:"on_update"`
}

type indexDefinition struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
	Unique  bool     `json:"unique"`
	Method  string   `json:"method"`
}

func (r *createTableRequest) definition() query.CreateTable {
	table := query.CreateTable{Table: r.Table, IfNotExists: r.IfNotExists}
	for _, c := range r.Columns {
		table.Columns = append(table.Columns, query.ColumnDefinition{
			Name: c.Name, Type: c.Type, PrimaryKey: c.PrimaryKey, Identity: c.Identity, NotNull: c.NotNull, Unique: c.Unique,
			Default: c.Default, Generated: c.Generated, References: (*query.ForeignKey)(c.References),
		})
	}
	for _, i := range r.Indexes {
		table.Indexes = append(table.Indexes, query.IndexDefinition(i))
	}
	return table
}

func createTable(ctx context.Context, session engine.Session, r *createTableRequest) (Reply, error) {
	statements, err := r.definition().Build()
	if err != nil {
		return Reply{}, err
	}
	// IF NOT EXISTS does not stop two sessions from creating the table at the same time.
	return nothing(nil, session.Atomic(ctx, func(session engine.Session) error {
		if err := exclusive(ctx, session, r.Table); err != nil {
			return err
		}
		for _, sql := range statements {
			if _, err := session.Query(ctx, engine.Statement{SQL: sql}); err != nil {
				return err
			}
		}
		return nil
	}))
}

type dropTableRequest struct {
	header
	Table    string `json:"table"`
	IfExists bool   `json:"if_exists"`
	Cascade  bool   `json:"cascade"`
}

func dropTable(ctx context.Context, session engine.Session, r *dropTableRequest) (Reply, error) {
	sql, err := query.DropTable{Table: r.Table, IfExists: r.IfExists, Cascade: r.Cascade}.Build()
	return nothing(run(ctx, session, sql, nil, err))
}

func definitions(name string) Func {
	switch name {
	case "create_table":
		return of("Create table failed", createTable)
	case "drop_table":
		return of("Drop table failed", dropTable)
	}
	return nil
}
