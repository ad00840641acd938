package schema

import (
	"context"
	"strings"

	"github.com/goccy/go-json"

	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/wire"
)

// Ask runs one statement and returns its rows as text, nil for NULL.
type Ask func(ctx context.Context, sql string, args ...wire.Arg) ([][]*string, error)

// decode asks for one JSON document; no row or NULL leaves into as it is.
func (ask Ask) decode(ctx context.Context, into any, sql string, args ...string) error {
	bound := make([]wire.Arg, len(args))
	for i, text := range args {
		bound[i] = wire.Arg{Kind: wire.Text, Text: text}
	}
	rows, err := ask(ctx, sql, bound...)
	if err != nil {
		return err
	}
	if len(rows) == 0 || len(rows[0]) == 0 || rows[0][0] == nil {
		return nil
	}
	if err := json.Unmarshal([]byte(*rows[0][0]), into); err != nil {
		return pgerr.Wrap(err, pgerr.Internal, "catalogue answer: %v", err)
	}
	return nil
}

// list wraps a query for one jsonb column "item" as one document.
func list(query string, order ...string) string {
	return "SELECT coalesce(jsonb_agg(item ORDER BY " + strings.Join(order, ", ") + "), '[]'::jsonb)::text FROM (" + query + ") AS items"
}
