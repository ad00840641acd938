package engine

import (
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"ouroboros-postgres/core/wire"
)

// interrupted is a sink under which the schema changes, by another statement, just before the columns are described.
type interrupted struct {
	*encoding
	pool *Pool
}

func (i *interrupted) describe(fields []pgconn.FieldDescription, types wire.Types) ([]int16, error) {
	i.pool.schemaChanged()
	return i.encoding.describe(fields, types)
}

func TestTypesOfAStatementSurviveTheDDLOfOthers(t *testing.T) {
	for _, capacity := range []int{100, 0} {
		p, _ := open(t, func(o *Options) { o.StatementCache = capacity })
		prefix := schema(t, p)
		run(t, p, "CREATE TYPE "+prefix+"pair AS (a int, b text)")
		s := Statement{SQL: "SELECT ROW(1, 'x')::" + prefix + "pair AS p"}
		for range 2 {
			out := &interrupted{&encoding{shape: s.Shape}, p}
			tag, err := p.autocommit(t.Context(), s, out, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(out.result(tag).Rows); got != `[[1,"x"]]` {
				t.Errorf("statement_cache_capacity %d: got %s", capacity, got)
			}
		}
	}
}

func TestColumnsReadBeforeDDLAreNotKept(t *testing.T) {
	c := newColumnCache()
	table := [2]string{"public", "t"}
	_, age := c.get(table)
	c.forget() // DDL, while the server is asked
	c.put(table, []Column{{Name: "old"}}, age)
	if known, _ := c.get(table); known != nil {
		t.Errorf("kept %v", known)
	}
	_, age = c.get(table)
	c.put(table, []Column{{Name: "new"}}, age)
	if known, _ := c.get(table); len(known) != 1 {
		t.Errorf("kept %v", known)
	}
}
