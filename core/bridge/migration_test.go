package bridge

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMigrationRequests(t *testing.T) {
	s := newServer(t)
	cases := []struct{ request, kind string }{
		{`{"op":"migration_init"}`, "value"},
		{`{"op":"migration_init","table":"a b"}`, "identifier"},
		{`{"op":"migration_init","table":1}`, "type"},
		{`{"op":"migration_init","table":"m","directory":"x"}`, "value"},
		{`{"op":"migration_status","table":"m"}`, "value"},
		{`{"op":"migration_status","directory":"."}`, "value"},
		{`{"op":"migration_status","directory":"/nowhere","table":"m"}`, "migration"},
		{`{"op":"migration_apply","directory":".","table":"m","steps":1}`, "value"},
		{`{"op":"migration_apply","directory":".","table":"m","lock_timeout":0}`, "value"},
		{`{"op":"migration_apply","directory":".","table":"m","statement_timeout":-1}`, "value"},
		{`{"op":"migration_rollback","directory":".","table":"m"}`, "value"},
		{`{"op":"migration_rollback","directory":".","table":"m","steps":-1}`, "value"},
		{`{"op":"migration_rollback","directory":".","table":"m","steps":1,"target":"x"}`, "value"},
		{`{"op":"migration_rollback","directory":".","table":"m","steps":1.5}`, "type"},
	}
	for _, c := range cases {
		if kind := errorKind(t, s.run(s.pool, c.request)); kind != c.kind {
			t.Errorf("%s: %s, want %s", c.request, kind, c.kind)
		}
	}
	s.idle()
}

func TestMigrationsWorkOnPoolsOnly(t *testing.T) {
	s := newServer(t)
	tx := s.begin()
	for _, op := range []string{"init", "status", "apply", "rollback"} {
		request := []byte(`{"op":"migration_` + op + `","directory":".","table":"m","steps":1}`)
		s.expect(WrongKind, s.Submit(s.queue, 77, tx, request))
	}
	s.null(tx, `{"op":"rollback"}`)
	s.expect(OK, s.Release(tx))
	s.idle()
}

func TestMigrationCreateIsACall(t *testing.T) {
	h := newHarness(t)
	folder := filepath.Join(t.TempDir(), "new")
	request, err := json.Marshal(map[string]string{"op": "migration_create", "directory": folder, "description": "Add x"})
	if err != nil {
		t.Fatal(err)
	}
	var out []byte
	h.expect(OK, h.Call(0, request, func(size int) []byte {
		out = make([]byte, size)
		return out
	}))
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v, %v", entries, err)
	}
	if name := entries[0].Name(); !strings.HasSuffix(name, "_add_x.sql") || !strings.Contains(string(out), `"`+name+`"`) {
		t.Errorf("%s, answered by %s", name, out)
	}
}
