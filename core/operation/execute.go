package operation

import (
	"context"
	"strings"

	"ouroboros-postgres/core/engine"
	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/query"
	"ouroboros-postgres/core/wire"
)

type statementRequest struct {
	header
	SQL   string              `json:"sql"`
	Args  wire.Args           `json:"args"`
	Named map[string]wire.Arg `json:"named"`
}

// statement is the one statement that the request stands for.
func (r *statementRequest) statement() (engine.Statement, error) {
	switch {
	case strings.IndexByte(r.SQL, 0) >= 0:
		return engine.Statement{}, pgerr.New(pgerr.Query, "the statement contains a NUL character")
	case len(r.Args) > query.MaxParameters:
		return engine.Statement{}, tooMany(len(r.Args))
	case len(r.Named) == 0:
		return engine.Statement{SQL: r.SQL, Args: r.Args}, nil
	case len(r.Args) > 0:
		return engine.Statement{}, pgerr.New(pgerr.Value, "args and named exclude each other")
	}
	sql, order, err := query.Named(r.SQL, r.Named)
	if err != nil {
		return engine.Statement{}, err
	}
	if len(order) > query.MaxParameters {
		return engine.Statement{}, tooMany(len(order))
	}
	args := make([]wire.Arg, len(order))
	for i, name := range order {
		args[i] = r.Named[name]
	}
	return engine.Statement{SQL: sql, Args: args}, nil
}

func tooMany(parameters int) error {
	return pgerr.New(pgerr.Query, "a statement can have %d parameters, not %d", query.MaxParameters, parameters)
}

// execute answers with what the server's description and command tag say: rows, affected rows or nothing.
func execute(ctx context.Context, session engine.Session, r *statementRequest) (Reply, error) {
	s, err := r.statement()
	if err != nil {
		return Reply{}, err
	}
	result, err := session.Query(ctx, s)
	switch {
	case err != nil:
		return Reply{}, err
	case result.HasRows:
		return Reply{Rows: result}, nil
	case counts(result.Tag):
		return Reply{Value: result.Affected}, nil
	}
	return Reply{}, nil
}

func counts(tag string) bool {
	word, _, _ := strings.Cut(tag, " ")
	switch word {
	case "INSERT", "UPDATE", "DELETE", "MERGE":
		return true
	}
	return false
}

func runQuery(ctx context.Context, session engine.Session, r *statementRequest) (Reply, error) {
	s, err := r.statement()
	if err != nil {
		return Reply{}, err
	}
	return rows(session.Query(ctx, s))
}

func rows(result *wire.Result, err error) (Reply, error) {
	if err != nil {
		return Reply{}, err
	}
	return Reply{Rows: result}, nil
}

func affected(result *wire.Result, err error) (Reply, error) {
	if err != nil {
		return Reply{}, err
	}
	return Reply{Value: result.Affected}, nil
}

func nothing(_ *wire.Result, err error) (Reply, error) { return Reply{}, err }

// run sends what a builder made.
func run(ctx context.Context, session engine.Session, sql string, args []wire.Arg, err error) (*wire.Result, error) {
	if err != nil {
		return nil, err
	}
	return session.Query(ctx, engine.Statement{SQL: sql, Args: args})
}

// ask runs what a builder made for its own use of the one value in it.
func ask(ctx context.Context, session engine.Session, s engine.Statement) (string, error) {
	answer, err := session.Text(ctx, s)
	if err != nil {
		return "", err
	}
	if len(answer) != 1 || len(answer[0]) != 1 || answer[0][0] == nil {
		return "", pgerr.New(pgerr.Internal, "one value was expected")
	}
	return *answer[0][0], nil
}
