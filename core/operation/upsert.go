package operation

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"ouroboros-postgres/core/engine"
	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/query"
	"ouroboros-postgres/core/wire"
)

type upsertRequest struct {
	rowsRequest
	Conflict []string  `json:"conflict"`
	Update   *[]string `json:"update"`
}

func upsert(ctx context.Context, session engine.Session, r *upsertRequest) (Reply, error) {
	conflict := &query.Conflict{Targets: r.Conflict, Update: r.Update}
	b, err := r.batch(conflict)
	if err == nil {
		err = conflict.Check(r.Columns)
	}
	if err != nil {
		return Reply{}, prefixed(err, r.prefix("upsert"))
	}
	reply, err := rows(upsertRows(ctx, session, b))
	return reply, prefixed(err, r.prefix("upsert"))
}

func upsertRows(ctx context.Context, session engine.Session, b *batch) (*wire.Result, error) {
	keys, rows := newKeys(b.insert), b.rows()
	if err := keys.distinct(rows); err != nil {
		return nil, err
	}
	if len(b.insert.Conflict.Overwrites(b.insert.Columns)) == 0 && len(rows) > 0 {
		return b.keep(ctx, session, keys, rows)
	}
	result, err := b.run(ctx, session)
	if err != nil {
		return nil, keys.named(err, rows)
	}
	return result, nil
}

// keys are the values of the conflict targets in the rows.
type keys struct {
	targets []string
	places  []int // of the targets among the columns
}

func newKeys(insert query.Insert) keys {
	k := keys{targets: insert.Conflict.Targets}
	for _, target := range k.targets {
		if i := slices.Index(insert.Columns, target); i >= 0 {
			k.places = append(k.places, i)
		}
	}
	return k
}

// complete tells that every target has a value of its own in the row.
func (k keys) complete(row []wire.Arg) bool {
	for _, i := range k.places {
		if row[i].Kind == wire.Null || row[i].Kind == wire.Default {
			return false
		}
	}
	return len(k.places) == len(k.targets)
}

func (k keys) text(row []wire.Arg) string {
	parts := make([]string, len(k.places))
	for n, i := range k.places {
		parts[n] = argText(row[i])
	}
	return strings.Join(parts, ", ")
}

func argText(arg wire.Arg) string {
	if arg.Kind != wire.List {
		return arg.Text
	}
	parts := make([]string, len(arg.List))
	for i, item := range arg.List {
		parts[i] = argText(item)
	}
	return "{" + strings.Join(parts, ",") + "}"
}

const (
	cardinalityViolation = "21000"
	secondTime           = "ON CONFLICT DO UPDATE command cannot affect row a second time"
)

// distinct finds equal keys before anything is sent: the server would only see those of one statement, and not say which.
func (k keys) distinct(rows [][]wire.Arg) error {
	first := map[string]int{}
	for i, row := range rows {
		if !k.complete(row) {
			continue
		}
		parts := make([]string, len(k.places))
		for n, place := range k.places {
			parts[n] = strconv.Quote(argText(row[place]))
		}
		key := strings.Join(parts, ",")
		if earlier, ok := first[key]; ok {
			e := pgerr.New(pgerr.Query, secondTime)
			e.SQLState = cardinalityViolation
			e.Detail = "Key (" + strings.Join(k.targets, ", ") + ")=(" + k.text(row) + ") is given by rows " +
				strconv.Itoa(earlier) + " and " + strconv.Itoa(i) + "."
			return e
		}
		first[key] = i
	}
	return nil
}

// shownKeys bounds how many keys an error lists.
const shownKeys = 20

// named adds the keys to the server's error about equal ones, which were written differently.
func (k keys) named(err error, rows [][]wire.Arg) error {
	e := *pgerr.From(err)
	if e.SQLState != cardinalityViolation || e.Detail != "" {
		return err
	}
	var list []string
	for _, row := range rows[:min(len(rows), shownKeys)] {
		list = append(list, "("+k.text(row)+")")
	}
	if len(rows) > shownKeys {
		list = append(list, "…")
	}
	e.Detail = "Among the keys (" + strings.Join(k.targets, ", ") + ")=" + strings.Join(list, ", ") + " some are equal."
	return &e
}

// keep inserts the rows that are not there and reads the others, without touching them: an empty update would run their
// triggers.
func (b *batch) keep(ctx context.Context, session engine.Session, k keys, rows [][]wire.Arg) (*wire.Result, error) {
	if len(rows) == 1 {
		return b.keepRow(ctx, session, k, rows[0])
	}
	var whole *wire.Result
	err := session.Atomic(ctx, func(session engine.Session) error {
		whole = &wire.Result{}
		for _, row := range rows {
			part, err := b.keepRow(ctx, session, k, row)
			if err != nil {
				return err
			}
			whole.Append(part)
		}
		return nil
	})
	return whole, err
}

// keepAttempts bounds the race with others that delete and insert the same key.
const keepAttempts = 5

func (b *batch) keepRow(ctx context.Context, session engine.Session, k keys, row []wire.Arg) (*wire.Result, error) {
	for range keepAttempts {
		inserted, err := b.chunk(ctx, session, [][]wire.Arg{row})
		if err != nil || inserted.Count > 0 {
			return inserted, err
		}
		if !k.complete(row) {
			break
		}
		existing, err := b.existing(ctx, session, k, row)
		if err != nil || existing.Count > 0 {
			return existing, err
		}
	}
	return nil, pgerr.New(pgerr.Query, "the row that is in the way cannot be read by (%s)", strings.Join(k.targets, ", "))
}

func (b *batch) existing(ctx context.Context, session engine.Session, k keys, row []wire.Arg) (*wire.Result, error) {
	s := query.Select{Table: b.insert.Table}
	for n, i := range k.places {
		s.Match.Filter = append(s.Match.Filter, query.Condition{Column: k.targets[n], Operator: "eq", Value: row[i]})
	}
	q, err := s.Build()
	return run(ctx, session, q.SQL, q.Args, err)
}
