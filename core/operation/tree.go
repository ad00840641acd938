package operation

import (
	"context"

	"github.com/goccy/go-json"
	lru "github.com/hashicorp/golang-lru/v2"

	"ouroboros-postgres/core/engine"
	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/query"
	"ouroboros-postgres/core/wire"
)

const (
	// compiledTrees is how many compiled statements are kept.
	compiledTrees = 1024
	// longestTree is the length in bytes up to which a tree is worth that.
	longestTree = 16 << 10
)

// trees compiles statements and remembers them by the bytes of their trees.
type trees struct {
	known *lru.Cache[string, *query.Compiled]
}

func newTrees() trees {
	known, _ := lru.New[string, *query.Compiled](compiledTrees) // fails for sizes below 1 only
	return trees{known}
}

func (t trees) compiled(tree []byte) (*query.Compiled, error) {
	if len(tree) > longestTree {
		return query.Compile(tree, 1)
	}
	if c, ok := t.known.Get(string(tree)); ok {
		return c, nil
	}
	c, err := query.Compile(tree, 1)
	if err == nil {
		t.known.Add(string(tree), c)
	}
	return c, err
}

// statement is a tree with the arguments of its slots.
func (t trees) statement(tree []byte, args []wire.Arg) (engine.Statement, *query.Compiled, error) {
	c, err := t.compiled(tree)
	if err != nil {
		return engine.Statement{}, nil, err
	}
	bound, err := c.Bind(args)
	return engine.Statement{SQL: c.SQL, Args: bound, Read: c.Read}, c, err
}

type treeRequest struct {
	header
	Statement json.RawMessage `json:"statement"`
	Args      wire.Args       `json:"args"`
	Purpose   string          `json:"purpose"`
	Explain   *query.Explain  `json:"explain"`
}

// run reads the request of a statement. Its errors are found here, before anything is sent.
func (t trees) run(request []byte) (Task, error) {
	var r treeRequest
	if err := decode(request, &r); err != nil {
		return Task{}, err
	}
	prefix, err := prefixOf(r.Purpose)
	if err != nil {
		return Task{}, err
	}
	s, c, err := t.statement(r.Statement, r.Args)
	if err != nil {
		return Task{}, err
	}
	if r.Explain != nil {
		if s.SQL, err = r.Explain.Of(s.SQL); err != nil {
			return Task{}, err
		}
		return Task{First: &s, Run: func(ctx context.Context, session engine.Session) (Reply, error) {
			reply, err := rows(session.Query(ctx, s))
			return reply, prefixed(err, prefix)
		}}, nil
	}
	distinct := r.Purpose == "aggregate"
	if distinct && c.Repeated != "" {
		return Task{}, query.RepeatedName(c.Repeated)
	}
	return Task{First: &s, Run: func(ctx context.Context, session engine.Session) (Reply, error) {
		result, err := session.Query(ctx, s)
		reply, err := answer(distinct, c.Rows)(result, err)
		return reply, prefixed(err, prefix)
	}}, nil
}

// answer makes the reply of a result: its rows, which may have to have different names, or their number.
func answer(distinct, hasRows bool) func(*wire.Result, error) (Reply, error) {
	switch {
	case !hasRows:
		return affected
	case distinct:
		return distinctRows
	}
	return rows
}

// prefixOf is what the errors of a statement begin with.
func prefixOf(purpose string) (string, error) {
	switch purpose {
	case "", "query":
		return "Query failed", nil
	case "count":
		return "Count query failed", nil
	case "aggregate":
		return "Aggregate query failed", nil
	case "update":
		return "Update failed", nil
	case "delete":
		return "Delete failed", nil
	}
	return "", pgerr.New(pgerr.Value, "Unknown purpose: %.64q", purpose)
}

type compileRequest struct {
	header
	Statement  json.RawMessage `json:"statement"`
	Expression json.RawMessage `json:"expression"`
	Where      json.RawMessage `json:"where"`
	First      *int            `json:"first"`
}

// text is what compile answers with.
type text struct {
	SQL        string              `json:"sql"`
	Parameters []query.Placeholder `json:"parameters"`
}

// compileTree answers with the text of a statement or of a part of one.
func compileTree(request []byte) (any, error) {
	var r compileRequest
	if err := decode(request, &r); err != nil {
		return nil, err
	}
	c, err := r.compiled()
	if err != nil {
		return nil, err
	}
	return text{c.SQL, c.Parameters}, nil
}

func (r *compileRequest) compiled() (*query.Compiled, error) {
	first, given := 1, 0
	for _, tree := range [...]json.RawMessage{r.Statement, r.Expression, r.Where} {
		if tree != nil {
			given++
		}
	}
	if r.First != nil {
		first = *r.First
	}
	switch {
	case given != 1:
		return nil, pgerr.New(pgerr.Value, "compile needs one of statement, expression and where")
	case r.Statement != nil:
		return query.Compile(r.Statement, first)
	case r.Expression != nil:
		return query.CompileExpression(r.Expression, first)
	}
	return query.CompileWhere(r.Where, first)
}

func tableText(request []byte) (any, error) {
	var r struct {
		header
		Name []string `json:"name"`
	}
	if err := decode(request, &r); err != nil {
		return nil, err
	}
	return query.Sparing(r.Name), nil
}
