package operation

import (
	"context"

	"ouroboros-postgres/core/engine"
	"ouroboros-postgres/core/schema"
	"ouroboros-postgres/core/wire"
)

// asking lets package schema put its questions to a session.
func asking(session engine.Session) schema.Ask {
	return func(ctx context.Context, sql string, args ...wire.Arg) ([][]*string, error) {
		return session.Text(ctx, engine.Statement{SQL: sql, Args: args, Read: true})
	}
}

type schemaRequest struct {
	header
	Schema *string `json:"schema"`
}

func (r schemaRequest) name() string {
	if r.Schema == nil {
		return schema.DefaultSchema
	}
	return *r.Schema
}

func listTables(ctx context.Context, session engine.Session, r *schemaRequest) (Reply, error) {
	return value(schema.ListTables(ctx, asking(session), r.name()))
}

type tableRequest struct {
	schemaRequest
	Table string `json:"table"`
}

// describe makes an operation of a question about one table.
func describe[T any](question func(ctx context.Context, ask schema.Ask, table, schema string) (T, error)) func(
	context.Context, engine.Session, *tableRequest) (Reply, error) {
	return func(ctx context.Context, session engine.Session, r *tableRequest) (Reply, error) {
		return value(question(ctx, asking(session), r.Table, r.name()))
	}
}

func value[T any](v T, err error) (Reply, error) {
	if err != nil {
		return Reply{}, err
	}
	return Reply{Value: v}, nil
}
