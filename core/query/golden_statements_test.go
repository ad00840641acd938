package query

import (
	"encoding/json"
	"testing"
)

// statementCase is a request of compile.
type statementCase struct {
	Statement  json.RawMessage
	Expression json.RawMessage
	Where      json.RawMessage
	First      *int
}

func (c statementCase) compiled() (*Compiled, error) {
	first := 1
	if c.First != nil {
		first = *c.First
	}
	switch {
	case c.Statement != nil:
		return Compile(string(c.Statement), first)
	case c.Expression != nil:
		return CompileExpression(string(c.Expression), first)
	}
	return CompileWhere(string(c.Where), first)
}

func TestGoldenStatements(t *testing.T) {
	t.Parallel()
	golden(t, "statements", 80, func(t *testing.T, raw []byte) (string, any, error) {
		t.Helper()
		var c statementCase
		strictly(t, raw, &c)
		compiled, err := c.compiled()
		if err != nil {
			return "", nil, err
		}
		return compiled.SQL, compiled.Parameters, nil
	})
}
