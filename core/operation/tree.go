package operation

import (
	"context"
	"strings"

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

func (t trees) compiled(tree string) (*query.Compiled, error) {
	if len(tree) > longestTree {
		return query.Compile(tree, 1)
	}
	if c, ok := t.known.Get(tree); ok {
		return c, nil
	}
	c, err := query.Compile(tree, 1)
	if err == nil {
		t.known.Add(strings.Clone(tree), c) // it is part of a request
	}
	return c, err
}

// statement is a tree with the arguments of its slots.
func (t trees) statement(tree string, args []wire.Arg) (engine.Statement, *query.Compiled, error) {
	c, err := t.compiled(tree)
	if err != nil {
		return engine.Statement{}, nil, err
	}
	if c.Repeated != "" {
		return engine.Statement{}, nil, query.RepeatedName(c.Repeated)
	}
	bound, err := c.Bind(args)
	return engine.Statement{SQL: c.SQL, Args: bound, Read: c.Read, Shape: c.Shape}, c, err
}

// treeRequest is read by hand: it is the request that is sent most.
type treeRequest struct {
	tree    string
	args    []wire.Arg
	purpose string
	explain *query.Explain
}

func readTreeRequest(request []byte) (treeRequest, error) {
	var r treeRequest
	reader := wire.NewReader(string(request))
	reader.Object(func(key string) {
		switch key {
		case "op":
			reader.Raw()
		case "statement":
			r.tree = reader.Raw()
		case "args":
			r.args = reader.Args()
		case "purpose":
			r.purpose = reader.Text()
		case "explain":
			r.explain = readExplain(reader)
		default:
			reader.Fail("malformed request: unknown field %.64q", key)
		}
	})
	return r, reader.End()
}

func readExplain(reader *wire.Reader) *query.Explain {
	raw := reader.Raw()
	if raw == "null" {
		return nil
	}
	var e query.Explain
	if err := decode([]byte(raw), &e); err != nil {
		reader.Fail("%s", pgerr.From(err).Message)
	}
	return &e
}

// run reads the request of a statement. Its errors are found here, before anything is sent.
func (t trees) run(request []byte) (Task, error) {
	r, err := readTreeRequest(request)
	if err != nil {
		return Task{}, err
	}
	prefix, err := prefixOf(r.purpose)
	if err != nil {
		return Task{}, err
	}
	s, c, err := t.statement(r.tree, r.args)
	if err != nil {
		return Task{}, err
	}
	reply := answer(c)
	if r.explain != nil {
		reply, s.Shape = rows, wire.Shape{}
		if s.SQL, err = r.explain.Of(s.SQL); err != nil {
			return Task{}, err
		}
	}
	return Task{Only: &s, Run: func(ctx context.Context, session engine.Session) (Reply, error) {
		answered, err := reply(session.Query(ctx, s))
		return answered, prefixed(err, prefix)
	}}, nil
}

// answer makes the reply of a result: its rows, whose columns must have different names, or their number.
func answer(c *query.Compiled) func(*wire.Result, error) (Reply, error) {
	switch {
	case !c.Rows:
		return affected
	case c.Unsure:
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
	first := 1
	if r.First != nil {
		first = *r.First
	}
	var compile func(tree string, first int) (*query.Compiled, error)
	var given json.RawMessage
	n := 0
	for _, part := range [...]struct {
		tree    json.RawMessage
		compile func(string, int) (*query.Compiled, error)
	}{{r.Statement, query.Compile}, {r.Expression, query.CompileExpression}, {r.Where, query.CompileWhere}} {
		if present(part.tree) {
			n++
			given, compile = part.tree, part.compile
		}
	}
	if n != 1 {
		return nil, pgerr.New(pgerr.Value, "compile needs one of statement, expression and where")
	}
	return compile(string(given), first)
}

// present tells a field that is there from one that is missing or null.
func present(field json.RawMessage) bool { return len(field) > 0 && string(field) != "null" }

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
