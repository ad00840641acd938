package operation

import (
	"encoding/json"
	"errors"
	"testing"

	"ouroboros-postgres/core/pgerr"
)

// FuzzDecode reads any JSON as each kind of request: an error or a request, and never an error of another type.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"op":"execute","sql":"select :a","named":{"a":{"r":{"lower":1,"upper":null}}}}`,
		`{"op":"upsert","table":"t","columns":["a"],"count":2,"values":[[{"x":"default"},null]],"conflict":["a"],"update":[],"batch_size":5}`,
		`{"op":"select","filter":[["a","in",[1,2]]],"order":[["a","asc"]],"limit":1,"where":"\ud83d\ude00"}`,
		`{"op":"select_related","relations":[{"name":"a","many":null,"select_columns":[]}],"id":{"u":"x"}}`,
		`{"op":"aggregate","aggregates":[["sum","a",null]],"windows":[["lag","a",1,0,["b"],[["c","asc"]],"d",["rows",-1,null]]]}`,
		`{"op":"with_cte","ctes":[["c","SELECT $1",[1]]],"subqueries":[["in","a","SELECT 1",[]]],"recursive":true}`,
		`{"op":"update","set":[["a"]],"returning":null}`, `[]`, `{"limit":1e3}`, `{"filter":[null]}`, `null`,
	} {
		f.Add([]byte(seed))
	}
	f.Add([]byte(`{"op":"statement","statement":{"select":{"from":{"table":"t"},"limit":0}},"args":[1,"\ud83d\ude00"],"purpose":"count"}`))
	f.Add([]byte(`{"statement": {"update":{"table":{"table":["a"]},"set":[["b",[0,null]]]}} ,"explain":{"format":"json"},"args":[{"n":"1"}]}`))
	kept := newTrees()
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !json.Valid(raw) {
			return // the bridge has refused it
		}
		for _, request := range []any{
			&statementRequest{}, &upsertRequest{}, &selectRequest{}, &updateRequest{}, &relatedRequest{}, &removalRequest{},
			&setLinksRequest{}, &fetchLinkedRequest{}, &tableRequest{}, &aggregateRequest{}, &withCTERequest{}, &cursorRequest{}, &compileRequest{},
		} {
			var typed *pgerr.Error
			if err := decode(raw, request); err != nil && !errors.As(err, &typed) {
				t.Fatalf("%T: %v", request, err)
			}
		}
		var typed *pgerr.Error
		if _, err := kept.run(raw); err != nil && !errors.As(err, &typed) {
			t.Fatal(err)
		}
	})
}
