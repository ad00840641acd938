package query

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// ddlRequest is the content of a case folder below testdata/ddl: one of both.
type ddlRequest struct {
	Create *CreateTable
	Drop   *DropTable
}

func (r ddlRequest) transcript() string {
	if r.Drop != nil {
		sql, err := r.Drop.Build()
		return transcript(sql, nil, err)
	}
	statements, err := r.Create.Build()
	return transcript(strings.Join(statements, ";\n"), nil, err)
}

// TestGoldenDDL builds each testdata/ddl/<case>/request.json and compares with statement.sql beside it.
func TestGoldenDDL(t *testing.T) {
	t.Parallel()
	cases, err := filepath.Glob("testdata/ddl/*/request.json")
	if err != nil || len(cases) < 10 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	for _, path := range cases {
		t.Run(filepath.Base(filepath.Dir(path)), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var r ddlRequest
			decoder := json.NewDecoder(bytes.NewReader(raw))
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(&r); err != nil {
				t.Fatal(err)
			}
			got := r.transcript()
			golden := filepath.Join(filepath.Dir(path), "statement.sql")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil || got != string(want) {
				t.Errorf("%v\n got %s\nwant %s", err, got, want)
			}
		})
	}
}
