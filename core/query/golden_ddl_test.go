package query

import (
	"strings"
	"testing"
)

// ddlRequest is one of both.
type ddlRequest struct {
	Create *CreateTable
	Drop   *DropTable
}

func (r ddlRequest) build() (string, error) {
	if r.Drop != nil {
		return r.Drop.Build()
	}
	statements, err := r.Create.Build()
	return strings.Join(statements, ";\n"), err
}

func TestGoldenDDL(t *testing.T) {
	t.Parallel()
	golden(t, "ddl", 10, func(t *testing.T, raw []byte) (string, any, error) {
		t.Helper()
		var r ddlRequest
		strictly(t, raw, &r)
		sql, err := r.build()
		return sql, []any{}, err
	})
}
