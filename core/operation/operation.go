package operation

import (
	"context"
	"time"

	"ouroboros-postgres/core/engine"
	"ouroboros-postgres/core/migrate"
	"ouroboros-postgres/core/query"
	"ouroboros-postgres/core/schema"
	"ouroboros-postgres/core/wire"
)

// Reply is a result set (Rows), a cursor that the receiver has to end, or any JSON value (Value).
type Reply struct {
	Rows   *wire.Result
	Cursor *engine.Cursor
	Value  any
}

// Func reads the request of one operation, the whole JSON object of the caller.
type Func func(request []byte) (Task, error)

// Task is a request that has been read.
type Task struct {
	// Only, where it is known, is the one statement that Run sends: it may be sent ahead (engine.Pool.Start).
	Only *engine.Statement
	Run  func(ctx context.Context, session engine.Session) (Reply, error)
}

// Operations are those of a library; they share what has been compiled.
type Operations struct {
	trees trees
}

// New makes the operations of a library.
func New() *Operations { return &Operations{newTrees()} }

// Find looks an operation up by the name that requests use.
func (o *Operations) Find(name string) (Func, bool) {
	switch name {
	case "statement":
		return o.trees.run, true
	case "open_cursor":
		return of(cursorFailed, o.trees.openCursor), true
	}
	for _, find := range [...]func(string) Func{statements, definitions, links, catalogue} {
		if f := find(name); f != nil {
			return f, true
		}
	}
	return nil, false
}

func statements(name string) Func {
	switch name {
	case "execute":
		return of("Query execution failed", execute)
	case "query":
		return of("Query execution failed", runQuery)
	case "insert":
		return of("", insert)
	case "upsert":
		return of("", upsert)
	case "select":
		return of("Query execution failed", selectRows)
	case "select_related":
		return of("Fetch many with relations failed", selectRelated)
	case "select_one_related":
		return of("Fetch with relations failed", selectRelated)
	case "select_one_eager":
		return of("Eager fetch failed", selectRelated)
	case "count":
		return of("Query execution failed", count)
	case "aggregate":
		return of("Aggregate query failed", aggregate)
	case "with_cte":
		return of("CTE query failed", withCTE)
	case "update":
		return of("Update failed", update)
	case "delete":
		return of("Delete failed", deleteRows)
	case "delete_cascade":
		return of("Delete failed", deleteCascade)
	case "delete_checked":
		return of("Delete failed", deleteChecked)
	}
	return nil
}

func links(name string) Func {
	switch name {
	case "m2m_create":
		return of("Creating the join table failed", createLinks)
	case "m2m_add":
		return of("Adding the relation failed", addLink)
	case "m2m_remove":
		return of("Removing the relation failed", removeLink)
	case "m2m_clear":
		return of("Clearing the relations failed", clearLinks)
	case "m2m_count":
		return of("Query execution failed", countLinks)
	case "m2m_has":
		return of("Query execution failed", hasLink)
	case "m2m_set":
		return of("Setting the relations failed", setLinks)
	case "m2m_fetch":
		return of("Query execution failed", fetchLinked)
	}
	return nil
}

func catalogue(name string) Func {
	switch name {
	case "list_tables":
		return of("Schema inspection failed", listTables)
	case "table_exists":
		return of("Schema inspection failed", describe(schema.TableExists))
	case "get_columns":
		return of("Schema inspection failed", describe(schema.Columns))
	case "get_indexes":
		return of("Schema inspection failed", describe(schema.Indexes))
	case "get_foreign_keys":
		return of("Schema inspection failed", describe(schema.ForeignKeys))
	case "get_backreferences":
		return of("Schema inspection failed", describe(schema.Backreferences))
	case "inspect_table":
		return of("Schema inspection failed", describe(schema.Inspect))
	}
	return nil
}

// Pure answers the operations that need no session.
func (o *Operations) Pure(name string, request []byte) (any, bool, error) {
	switch name {
	case "compile":
		value, err := compileTree(request)
		return value, true, err
	case "table_text":
		value, err := tableText(request)
		return value, true, err
	case "identifier":
		var r struct {
			header
			Name string `json:"name"`
		}
		if err := decode(request, &r); err != nil {
			return nil, true, err
		}
		quoted, err := query.QuoteTable(r.Name)
		return quoted, true, err
	case "reference":
		var r struct {
			header
			Reference string `json:"reference"`
		}
		if err := decode(request, &r); err != nil {
			return nil, true, err
		}
		table, column, err := query.Reference(r.Reference)
		return [2]string{table, column}, true, err
	case "migration_create":
		var r struct {
			header
			Directory   string `json:"directory"`
			Description string `json:"description"`
		}
		if err := decode(request, &r); err != nil {
			return nil, true, err
		}
		file, err := migrate.Create(r.Directory, r.Description, time.Now())
		return file, true, err
	}
	return nil, false, nil
}
