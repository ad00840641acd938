package operation

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/goccy/go-json"

	"ouroboros-postgres/core/engine"
	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/query"
	"ouroboros-postgres/core/wire"
)

// header is part of every request.
type header struct {
	Op string `json:"op"`
}

// of makes a Func of an operation with its own request type; prefix starts the texts of its errors.
func of[R any](prefix string, run func(context.Context, engine.Session, *R) (Reply, error)) Func {
	return func(request []byte) (Task, error) {
		r := new(R)
		if err := decode(request, r); err != nil {
			return Task{}, err
		}
		task := Task{Run: func(ctx context.Context, session engine.Session) (Reply, error) {
			reply, err := run(ctx, session, r)
			return reply, prefixed(err, prefix)
		}}
		if single, ok := any(r).(interface {
			statement() (engine.Statement, error)
		}); ok {
			if s, err := single.statement(); err == nil { // Run reports the error
				task.Only = &s
			}
		}
		return task, nil
	}
}

// decode is strict: a field that the operation does not know is an error.
func decode(request []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(request))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil {
		return nil
	}
	if known := (*pgerr.Error)(nil); errors.As(err, &known) {
		return known
	}
	if mistyped := (*json.UnmarshalTypeError)(nil); errors.As(err, &mistyped) {
		return pgerr.Wrap(err, pgerr.Value, "malformed request: %s cannot be a %s", strings.ToLower(mistyped.Field), mistyped.Value)
	}
	return pgerr.Wrap(err, pgerr.Value, "malformed request: %s", strings.TrimPrefix(err.Error(), "json: "))
}

// prefixed names the operation in errors that come from the server or concern the statement. The texts of the others are
// part of the contract as they are.
func prefixed(err error, prefix string) error {
	if err == nil || prefix == "" {
		return err
	}
	switch pgerr.From(err).Kind {
	case pgerr.Value, pgerr.Type, pgerr.Identifier, pgerr.ForeignKey, pgerr.TableMissing, pgerr.NotConnected, pgerr.TransactionClosed:
		return err
	}
	return pgerr.WithPrefix(err, prefix)
}

// tuple reads a JSON list of exactly these parts.
func tuple(raw []byte, parts ...any) error {
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil || len(items) != len(parts) {
		return pgerr.New(pgerr.Value, "malformed request: a list of %d items is needed", len(parts))
	}
	for i, part := range parts {
		if err := json.Unmarshal(items[i], part); err != nil {
			return err
		}
	}
	return nil
}

// condition is [column, operator, arg].
type condition query.Condition

// UnmarshalJSON implements json.Unmarshaler.
func (c *condition) UnmarshalJSON(raw []byte) error {
	return tuple(raw, &c.Column, &c.Operator, &c.Value)
}

// assignment is [column, arg].
type assignment query.Assignment

// UnmarshalJSON implements json.Unmarshaler.
func (a *assignment) UnmarshalJSON(raw []byte) error { return tuple(raw, &a.Column, &a.Value) }

// ordering is [column, direction].
type ordering query.Order

// UnmarshalJSON implements json.Unmarshaler.
func (o *ordering) UnmarshalJSON(raw []byte) error { return tuple(raw, &o.Column, &o.Direction) }

func conditions(list []condition) []query.Condition {
	all := make([]query.Condition, len(list))
	for i, c := range list {
		all[i] = query.Condition(c)
	}
	return all
}

func orders(list []ordering) []query.Order {
	all := make([]query.Order, len(list))
	for i, o := range list {
		all[i] = query.Order(o)
	}
	return all
}

// match says which rows an operation is about.
type match struct {
	Filter []condition `json:"filter"`
	Where  string      `json:"where"`
	Args   wire.Args   `json:"args"`
}

func (m match) match() query.Match {
	return query.Match{Filter: conditions(m.Filter), Where: m.Where, Args: m.Args}
}

// page limits a result.
type page struct {
	Limit  *amount `json:"limit"`
	Offset *amount `json:"offset"`
}

func (p page) page() query.Page {
	return query.Page{Limit: (*int64)(p.Limit), Offset: (*int64)(p.Offset)}
}

// amount is a number of rows.
type amount int64

// UnmarshalJSON implements json.Unmarshaler.
func (a *amount) UnmarshalJSON(raw []byte) error {
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		return pgerr.Wrap(err, pgerr.Value, "limit, offset and batch_size must be integers, not %s", raw)
	}
	*a = amount(n)
	return nil
}
