package operation

import (
	"context"

	"ouroboros-postgres/core/engine"
	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/query"
	"ouroboros-postgres/core/schema"
	"ouroboros-postgres/core/wire"
)

// linkTable is the many-to-many table that a request is about.
type linkTable struct {
	JoinTable       string `json:"join_table"`
	SourceKey       string `json:"source_key"`
	TargetKey       string `json:"target_key"`
	TargetTable     string `json:"target_table"`
	SourceReference string `json:"source_reference"`
	TargetReference string `json:"target_reference"`
}

func (l linkTable) link() query.Link {
	return query.Link{
		JoinTable: l.JoinTable, SourceKey: l.SourceKey, TargetKey: l.TargetKey,
		TargetTable: l.TargetTable, TargetReference: orID(l.TargetReference),
	}
}

func orID(reference string) string {
	if reference == "" {
		return "id"
	}
	return reference
}

// check also refuses the names that the statement does not need.
func (l linkTable) check(tables ...string) error {
	used := names{tables: append(tables, l.JoinTable, l.TargetTable), columns: []string{l.SourceKey, l.TargetKey}}
	used.optional(l.SourceReference, l.TargetReference)
	return used.check()
}

type createLinksRequest struct {
	header
	linkTable
	SourceTable string `json:"source_table"`
}

func createLinks(ctx context.Context, session engine.Session, r *createLinksRequest) (Reply, error) {
	if err := r.check(r.SourceTable); err != nil {
		return Reply{}, err
	}
	source, err := linkEnd(ctx, session, r.SourceTable, orID(r.SourceReference))
	if err != nil {
		return Reply{}, err
	}
	target, err := linkEnd(ctx, session, r.TargetTable, orID(r.TargetReference))
	if err != nil {
		return Reply{}, err
	}
	table, index, err := r.link().Create(source, target)
	if err != nil {
		return Reply{}, err
	}
	// IF NOT EXISTS does not stop two sessions from creating the table at the same time.
	return nothing(nil, session.Atomic(ctx, func(session engine.Session) error {
		if err := exclusive(ctx, session, r.JoinTable); err != nil {
			return err
		}
		if _, err := session.Query(ctx, engine.Statement{SQL: table}); err != nil {
			return err
		}
		_, err := session.Query(ctx, engine.Statement{SQL: index})
		return err
	}))
}

// linkEnd reads the type of a referenced column, and finds out that it is there.
func linkEnd(ctx context.Context, session engine.Session, name, reference string) (query.LinkEnd, error) {
	end := query.LinkEnd{Table: name, Reference: reference}
	quoted, err := query.QuoteTable(name)
	if err != nil {
		return end, err
	}
	column, err := query.Bare(reference)
	if err != nil {
		return end, err
	}
	sqlType, found, err := schema.ColumnType(ctx, asking(session), quoted, column)
	switch {
	case err != nil:
		return end, err
	case !found:
		return end, tableNotFound(name)
	case sqlType == "":
		return end, pgerr.New(pgerr.Query, "column %s of table %s does not exist", reference, name)
	}
	end.Type = sqlType
	return end, nil
}

// exclusive serialises what has the same name until the end of the transaction.
func exclusive(ctx context.Context, session engine.Session, name string) error {
	_, err := session.Text(ctx, engine.Statement{
		SQL:  "SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($1, 0))",
		Args: []wire.Arg{{Kind: wire.Text, Text: "ouroboros_postgres m2m " + name}},
	})
	return err
}

type linkRequest struct {
	header
	linkTable
	SourceID wire.Arg `json:"source_id"`
}

type pairRequest struct {
	linkRequest
	TargetID wire.Arg `json:"target_id"`
}

func addLink(ctx context.Context, session engine.Session, r *pairRequest) (Reply, error) {
	if err := r.check(); err != nil {
		return Reply{}, err
	}
	sql, args, err := r.link().Add(r.SourceID, []wire.Arg{r.TargetID})
	return nothing(run(ctx, session, sql, args, err))
}

func removeLink(ctx context.Context, session engine.Session, r *pairRequest) (Reply, error) {
	if err := r.check(); err != nil {
		return Reply{}, err
	}
	sql, args, err := r.link().Remove(r.SourceID, r.TargetID)
	return affected(run(ctx, session, sql, args, err))
}

func hasLink(ctx context.Context, session engine.Session, r *pairRequest) (Reply, error) {
	if err := r.check(); err != nil {
		return Reply{}, err
	}
	sql, args, err := r.link().Has(r.SourceID, r.TargetID)
	if err != nil {
		return Reply{}, err
	}
	answer, err := ask(ctx, session, engine.Statement{SQL: sql, Args: args, Read: true})
	if err != nil {
		return Reply{}, err
	}
	return Reply{Value: answer == "t"}, nil
}

func clearLinks(ctx context.Context, session engine.Session, r *linkRequest) (Reply, error) {
	if err := r.check(); err != nil {
		return Reply{}, err
	}
	sql, args, err := r.link().Clear(r.SourceID)
	return affected(run(ctx, session, sql, args, err))
}

func countLinks(ctx context.Context, session engine.Session, r *linkRequest) (Reply, error) {
	if err := r.check(); err != nil {
		return Reply{}, err
	}
	sql, args, err := r.link().Count(r.SourceID)
	if err != nil {
		return Reply{}, err
	}
	return number(ask(ctx, session, engine.Statement{SQL: sql, Args: args, Read: true}))
}

type setLinksRequest struct {
	linkRequest
	TargetIDs wire.Args `json:"target_ids"`
}

// setLinks removes what is too much and adds what is missing; other links keep the rest of their rows.
func setLinks(ctx context.Context, session engine.Session, r *setLinksRequest) (Reply, error) {
	if err := r.check(); err != nil {
		return Reply{}, err
	}
	return nothing(nil, session.Atomic(ctx, func(session engine.Session) error {
		if err := exclusive(ctx, session, r.JoinTable+" "+r.SourceKey+" "+argText(r.SourceID)); err != nil {
			return err
		}
		return r.replace(ctx, session)
	}))
}

func (r *setLinksRequest) replace(ctx context.Context, session engine.Session) error {
	link := r.link()
	sql, args, err := link.Clear(r.SourceID)
	if len(r.TargetIDs) > 0 {
		sql, args, err = link.Retain(r.SourceID, r.TargetIDs)
	}
	if _, err := run(ctx, session, sql, args, err); err != nil {
		return err
	}
	for targets := r.TargetIDs; len(targets) > 0; {
		n := min(len(targets), defaultBatch)
		sql, args, err := link.Add(r.SourceID, targets[:n])
		if _, err := run(ctx, session, sql, args, err); err != nil {
			return err
		}
		targets = targets[n:]
	}
	return nil
}

type fetchLinkedRequest struct {
	linkRequest
	page
	Columns []string   `json:"columns"`
	Order   []ordering `json:"order"`
}

func fetchLinked(ctx context.Context, session engine.Session, r *fetchLinkedRequest) (Reply, error) {
	if err := r.check(); err != nil {
		return Reply{}, err
	}
	sql, args, err := r.link().Fetch(r.SourceID, r.Columns, orders(r.Order), r.page.page())
	if err != nil {
		return Reply{}, err
	}
	return rows(session.Query(ctx, engine.Statement{SQL: sql, Args: args, Read: true}))
}
