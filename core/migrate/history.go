package migrate

import (
	"context"

	"ouroboros-postgres/core/engine"
	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/query"
	"ouroboros-postgres/core/wire"
)

// asker is what a pool, a pinned connection and a transaction have in common.
type asker interface {
	Text(ctx context.Context, s engine.Statement) ([][]*string, error)
}

// history is the table of applied migrations.
type history struct {
	// name is qualified and quoted: migrations may change the search_path.
	name     string
	database string
	exists   bool
}

const resolveTable = `SELECT current_database(), coalesce(n.nspname, current_schema()), c.oid IS NOT NULL
FROM (SELECT pg_catalog.to_regclass($1) AS oid) AS t
LEFT JOIN pg_catalog.pg_class AS c ON c.oid = t.oid
LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace`

// resolve finds the table that a name (of one or two parts) stands for, or would if it were created.
func resolve(ctx context.Context, db asker, name string) (history, error) {
	schema, table, err := query.SplitTable(name)
	if err != nil {
		return history{}, err
	}
	quoted, err := query.QuoteTable(name)
	if err != nil {
		return history{}, err
	}
	rows, err := db.Text(ctx, engine.Statement{SQL: resolveTable, Args: texts(quoted), Read: true})
	if err != nil {
		return history{}, err
	}
	if len(rows) != 1 || len(rows[0]) != 3 || rows[0][0] == nil || rows[0][2] == nil {
		return history{}, pgerr.New(pgerr.Internal, "the catalogue gave no answer")
	}
	row := rows[0]
	if schema == "" && row[1] != nil {
		schema = *row[1]
	}
	if schema == "" {
		return history{}, fault("There is no schema to create %s in: the search_path is empty", table)
	}
	return history{
		name: query.Verbatim(schema) + "." + query.Verbatim(table), database: *row[0], exists: *row[2] == "t",
	}, nil
}

func (h history) create(ctx context.Context, db asker) error {
	_, err := db.Text(ctx, engine.Statement{SQL: "CREATE TABLE IF NOT EXISTS " + h.name + ` (
    version VARCHAR(255) PRIMARY KEY,
    description TEXT NOT NULL,
    applied_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
    checksum VARCHAR(64) NOT NULL
)`})
	return err
}

// applied reads the table in the order in which it was filled.
func (h history) applied(ctx context.Context, db asker) ([]Applied, error) {
	if !h.exists {
		return nil, nil
	}
	rows, err := db.Text(ctx, engine.Statement{
		SQL: "SELECT version, checksum FROM " + h.name + ` ORDER BY applied_at, version COLLATE "C"`, Read: true,
	})
	if err != nil {
		return nil, err
	}
	all := make([]Applied, 0, len(rows))
	for _, row := range rows {
		a := Applied{}
		for i, field := range []*string{&a.Version, &a.Checksum} {
			if i < len(row) && row[i] != nil {
				*field = *row[i]
			}
		}
		all = append(all, a)
	}
	return all, nil
}

func (h history) add(ctx context.Context, db asker, m Migration) error {
	_, err := db.Text(ctx, engine.Statement{
		SQL:  "INSERT INTO " + h.name + " (version, description, checksum) VALUES ($1, $2, $3)",
		Args: texts(m.Version, m.Description, m.Checksum),
	})
	return err
}

func (h history) remove(ctx context.Context, db asker, m Migration) error {
	_, err := db.Text(ctx, engine.Statement{
		SQL: "DELETE FROM " + h.name + " WHERE version = $1", Args: texts(m.Version),
	})
	return err
}

func texts(values ...string) []wire.Arg {
	args := make([]wire.Arg, len(values))
	for i, value := range values {
		args[i] = wire.Arg{Kind: wire.Text, Text: value}
	}
	return args
}
