package operation

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"ouroboros-postgres/core/engine"
	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/query"
	"ouroboros-postgres/core/schema"
	"ouroboros-postgres/core/wire"
)

type removalRequest struct {
	header
	Table    string   `json:"table"`
	ID       wire.Arg `json:"id"`
	IDColumn string   `json:"id_column"`
}

// deleteCascade deletes a row with all that cascades from it, and counts the rows. The delete itself is left to the
// server's foreign keys; what they will do is found out first, and held by locks.
func deleteCascade(ctx context.Context, session engine.Session, r *removalRequest) (Reply, error) {
	return r.run(ctx, session, true)
}

// deleteChecked deletes a row that nothing blocks; what the server cascades is not counted.
func deleteChecked(ctx context.Context, session engine.Session, r *removalRequest) (Reply, error) {
	return r.run(ctx, session, false)
}

func (r *removalRequest) run(ctx context.Context, session engine.Session, deep bool) (Reply, error) {
	used := names{}
	used.optional(r.IDColumn)
	if err := used.check(); err != nil {
		return Reply{}, err
	}
	quoted, err := query.QuoteTable(r.Table)
	if err != nil || r.ID.Kind == wire.Null {
		return Reply{Value: 0}, err
	}
	if deep {
		session.Log(ctx, "executor", engine.LevelInfo, "Cascade delete started", map[string]any{"table": r.Table})
	}
	var (
		deleted int64
		reached []string
	)
	err = session.Atomic(ctx, func(session engine.Session) error {
		w, err := r.prepare(ctx, session, quoted, deep)
		if err != nil {
			return err
		}
		reached = w.reached()
		if deleted = int64(len(w.doomed)); deleted == 0 {
			return nil
		}
		return r.remove(ctx, session)
	})
	if err != nil {
		err = refused(err)
		if e := pgerr.From(err); e.Kind == pgerr.ForeignKey {
			session.Log(ctx, "executor", engine.LevelWarning, "Cascade delete blocked",
				map[string]any{"table": r.Table, "source_table": e.Table})
		}
		return Reply{}, err
	}
	if deep {
		session.Log(ctx, "executor", engine.LevelInfo, "Cascade delete completed",
			map[string]any{"table": r.Table, "total_deleted": deleted, "cascaded_to": reached})
	}
	return Reply{Value: deleted}, nil
}

// prepare locks what will be deleted and fails if anything blocks it.
func (r *removalRequest) prepare(ctx context.Context, session engine.Session, quoted string, deep bool) (*walk, error) {
	graph, err := schema.References(ctx, asking(session), quoted)
	if err != nil {
		return nil, err
	}
	if graph.Root == 0 {
		return nil, tableNotFound(r.Table)
	}
	if r.IDColumn == "" {
		t := &table{quoted: quoted}
		if r.IDColumn, err = t.keyColumn(ctx, session); err != nil {
			return nil, err
		}
	}
	w := &walk{session: session, graph: graph, deep: deep, doomed: map[place]bool{}}
	sql, args, err := query.LockRows(r.Table, r.IDColumn, r.ID)
	if err != nil {
		return nil, err
	}
	roots, err := w.places(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	if err := w.follow(ctx, roots); err != nil {
		return nil, err
	}
	if err := w.check(ctx); err != nil {
		return nil, err
	}
	return w, nil
}

func (r *removalRequest) remove(ctx context.Context, session engine.Session) error {
	sql, args, err := query.Delete{Table: r.Table, Match: query.Match{
		Filter: []query.Condition{{Column: r.IDColumn, Operator: "eq", Value: r.ID}},
	}}.Build()
	_, err = run(ctx, session, sql, args, err)
	return err
}

// place is where a locked row stays until the end of the transaction.
type place struct{ table, row string }

// walk follows the foreign keys from rows to those that refer to them.
type walk struct {
	session engine.Session
	graph   schema.Graph
	deep    bool
	doomed  map[place]bool
	blocks  []block
}

// block is a foreign key whose rows forbid to delete these rows.
type block struct {
	edge   schema.Edge
	places []place
}

// reached names the tables of which rows go along.
func (w *walk) reached() []string {
	sources := map[string]bool{}
	for p := range w.doomed {
		for _, edge := range w.graph.Edges {
			if edge.Cascades() && strconv.FormatUint(uint64(edge.Source), 10) == p.table {
				sources[edge.SourceName] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(sources))
}

// add marks rows as doomed and returns the new ones.
func (w *walk) add(places []place) []place {
	var fresh []place
	for _, p := range places {
		if !w.doomed[p] {
			w.doomed[p] = true
			fresh = append(fresh, p)
		}
	}
	return fresh
}

// follow goes level by level, so that cycles end when a level holds no new rows.
func (w *walk) follow(ctx context.Context, roots []place) error {
	level := map[uint32][]place{w.graph.Root: w.add(roots)}
	for len(level) > 0 {
		next := map[uint32][]place{}
		for _, edge := range w.graph.Edges {
			places := level[edge.Target]
			switch {
			case len(places) == 0:
			case edge.Blocks():
				w.blocks = append(w.blocks, block{edge, places})
			case edge.Cascades() && w.deep:
				fresh, err := w.children(ctx, edge, places)
				if err != nil {
					return err
				}
				if len(fresh) > 0 {
					next[edge.Source] = append(next[edge.Source], fresh...)
				}
			}
		}
		level = next
	}
	return nil
}

func (w *walk) children(ctx context.Context, edge schema.Edge, parents []place) ([]place, error) {
	sql, args := referring(edge).Lock(arguments(parents))
	found, err := w.places(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	return w.add(found), nil
}

// check looks behind every blocking foreign key for a row that is not deleted itself: among one more than are doomed
// there must be such a one.
func (w *walk) check(ctx context.Context) error {
	for _, b := range w.blocks {
		tables, rows := arguments(b.places)
		sql, args := referring(b.edge).AtMost(len(w.doomed)+1, tables, rows)
		found, err := w.places(ctx, sql, args)
		if err != nil {
			return err
		}
		for _, p := range found {
			if !w.doomed[p] {
				return blocked(b.edge)
			}
		}
	}
	return nil
}

func (w *walk) places(ctx context.Context, sql string, args []wire.Arg) ([]place, error) {
	found, err := w.session.Text(ctx, engine.Statement{SQL: sql, Args: args})
	if err != nil {
		return nil, err
	}
	places := make([]place, len(found))
	for i, row := range found {
		if len(row) != 2 || row[0] == nil || row[1] == nil {
			return nil, pgerr.New(pgerr.Internal, "the place of a row was expected")
		}
		places[i] = place{*row[0], *row[1]}
	}
	return places, nil
}

func referring(e schema.Edge) query.Children {
	return query.Children{Source: e.SourceName, Target: e.TargetName, Columns: e.Columns, Referenced: e.Referenced}
}

func arguments(places []place) (tables, rows wire.Arg) {
	tables, rows = wire.Arg{Kind: wire.List}, wire.Arg{Kind: wire.List}
	for _, p := range places {
		tables.List = append(tables.List, wire.Arg{Kind: wire.Text, Text: p.table})
		rows.List = append(rows.List, wire.Arg{Kind: wire.Text, Text: p.row})
	}
	return tables, rows
}

const deleteBlocked = "Cannot delete record: foreign key constraint violation. " +
	"Use cascade delete or remove referencing records first."

func blocked(e schema.Edge) error {
	err := pgerr.New(pgerr.ForeignKey, deleteBlocked)
	err.Schema, err.Table, err.Constraint = e.SourceSchema, e.SourceTable, e.Constraint
	err.Column = strings.Join(e.Columns, ", ")
	return err
}

// refused gives the server's own refusal (from a constraint that was not looked at, or of the COMMIT) the same text.
func refused(err error) error {
	e := *pgerr.From(err)
	if e.SQLState != "23503" && e.SQLState != "23001" {
		return err
	}
	e.Kind, e.Message = pgerr.ForeignKey, deleteBlocked
	return &e
}
