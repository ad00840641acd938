package operation

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ouroboros-postgres/core/engine"
	"ouroboros-postgres/core/internal/pgtest"
	"ouroboros-postgres/core/pgerr"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// database is a session in a schema of its own.
type database struct {
	*testing.T
	session engine.Session
	schema  string
}

// open gives each test a pool whose search_path is a private schema.
func open(t *testing.T) *database {
	t.Helper()
	dsn, schema := pgtest.Schema(t)
	env := engine.Env{
		Spawn:    func(f func()) { go f() }, //nolint:forbidigo // the test's own root
		LogLevel: func() int { return 0 },
		Log:      func(context.Context, engine.LogRecord) {},
	}
	options := engine.DefaultOptions()
	options.MaxConnections = 4
	pool, err := engine.Open(t.Context(), dsn, options, env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pool.Close(context.Background(), time.Second); err != nil {
			t.Error(err)
		}
	})
	return &database{T: t, session: pool, schema: schema}
}

func (d *database) exec(sql string) {
	d.Helper()
	if _, err := d.session.Query(d.Context(), engine.Statement{SQL: sql}); err != nil {
		d.Fatalf("%s: %v", sql, err)
	}
}

// call runs a request and returns its answer as JSON: the value, or rows as a list of lists.
func call(ctx context.Context, session engine.Session, request string) (string, error) {
	var head struct{ Op string }
	if err := json.Unmarshal([]byte(request), &head); err != nil {
		return "", err
	}
	read, ok := New().Find(head.Op)
	if !ok {
		return "", fmt.Errorf("no operation %q", head.Op)
	}
	task, err := read([]byte(request))
	if err != nil {
		return "", err
	}
	reply, err := task.Run(ctx, session)
	if err != nil {
		return "", err
	}
	if reply.Rows == nil {
		text, err := json.Marshal(reply.Value)
		return string(text), err
	}
	return string(reply.Rows.AppendPayload(nil)), nil
}

// want runs a request and compares the JSON of its answer; of rows only names and values count.
func (d *database) want(request, want string) {
	d.Helper()
	got, err := call(d.Context(), d.session, request)
	if err != nil {
		d.Errorf("%s\n  %v", request, err)
		return
	}
	if !same(d.T, plain(d.T, got), want) {
		d.Errorf("%s\n got %s\nwant %s", request, plain(d.T, got), want)
	}
}

// plain turns a payload of rows into a list of objects.
func plain(t *testing.T, payload string) string {
	t.Helper()
	var rows struct {
		Cols [][2]json.RawMessage
		Rows [][]json.RawMessage
	}
	if !strings.HasPrefix(payload, `{"cols":`) {
		return payload
	}
	if err := json.Unmarshal([]byte(payload), &rows); err != nil {
		t.Fatalf("%v in %s", err, payload)
	}
	var list []string
	for _, row := range rows.Rows {
		var parts []string
		for i, value := range row {
			parts = append(parts, string(rows.Cols[i][0])+":"+string(value))
		}
		list = append(list, "{"+strings.Join(parts, ",")+"}")
	}
	return "[" + strings.Join(list, ",") + "]"
}

func same(t *testing.T, got, want string) bool {
	t.Helper()
	var a, b any
	if err := json.Unmarshal([]byte(got), &a); err != nil {
		t.Fatalf("%v in %s", err, got)
	}
	if err := json.Unmarshal([]byte(want), &b); err != nil {
		t.Fatalf("%v in %s", err, want)
	}
	return reflect.DeepEqual(a, b)
}

// fails runs a request that must fail with the kind and a text that holds all parts.
func (d *database) fails(request string, kind pgerr.Kind, parts ...string) *pgerr.Error {
	d.Helper()
	got, err := call(d.Context(), d.session, request)
	if err == nil {
		d.Errorf("%s\n got %s, no error", request, got)
		return &pgerr.Error{}
	}
	e := pgerr.From(err)
	if e.Kind != kind {
		d.Errorf("%s\n kind %q, want %q: %v", request, e.Kind, kind, err)
	}
	for _, part := range parts {
		if !strings.Contains(e.Error(), part) {
			d.Errorf("%s\n %q lacks %q", request, e.Error(), part)
		}
	}
	return e
}

// within runs fn in a transaction that ends with an error, so that nothing stays.
func (d *database) within(fn func(inner *database)) {
	d.Helper()
	undo := pgerr.New(pgerr.Value, "undo")
	err := d.session.Atomic(d.Context(), func(session engine.Session) error {
		fn(&database{T: d.T, session: session, schema: d.schema})
		return undo
	})
	if e := pgerr.From(err); e.Message != undo.Message {
		d.Errorf("the transaction ended with %v", err)
	}
}
