package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ouroboros-postgres/core/internal/pgtest"
	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// journal is an Env that keeps what was logged.
type journal struct {
	mu      sync.Mutex
	records []LogRecord
}

func (j *journal) env() Env {
	return Env{
		Spawn:    func(f func()) { go f() }, //nolint:forbidigo // the test's own root
		LogLevel: func() int { return LevelDebug },
		Log: func(_ context.Context, r LogRecord) {
			j.mu.Lock()
			defer j.mu.Unlock()
			j.records = append(j.records, r)
		},
	}
}

func (j *journal) find(message string) []LogRecord {
	j.mu.Lock()
	defer j.mu.Unlock()
	var found []LogRecord
	for _, r := range j.records {
		if r.Message == message {
			found = append(found, r)
		}
	}
	return found
}

func open(t *testing.T, change func(*Options)) (*Pool, *journal) {
	t.Helper()
	options, j := DefaultOptions(), &journal{}
	options.MaxConnections = 4
	if change != nil {
		change(&options)
	}
	p, err := Open(t.Context(), pgtest.DSN(t), options, j.env())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(context.Background(), time.Second); err != nil {
			t.Error(err)
		}
	})
	return p, j
}

// schema makes a private schema and returns its quoted prefix.
func schema(t *testing.T, s Session) string {
	t.Helper()
	name := strings.ToLower(fmt.Sprintf("t_%x", time.Now().UnixNano()))
	run(t, s, "CREATE SCHEMA "+name)
	t.Cleanup(func() {
		_, _ = s.Text(context.Background(), Statement{SQL: "DROP SCHEMA IF EXISTS " + name + " CASCADE"})
	})
	return name + "."
}

func args(t *testing.T, values string) []wire.Arg {
	t.Helper()
	parsed, err := wire.ParseArgs([]byte(values))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func ask(t *testing.T, s Session, sql, values string) ([][]*string, error) {
	t.Helper()
	return s.Text(t.Context(), Statement{SQL: sql, Args: args(t, values)})
}

func run(t *testing.T, s Session, sql string) { expect(t, s, sql, "[]", "*") }

// expect compares the first column of all rows, joined by commas; "*" takes anything.
func expect(t *testing.T, s Session, sql, values, want string) {
	t.Helper()
	rows, err := ask(t, s, sql, values)
	if err != nil {
		t.Fatalf("%s %s: %v", sql, values, err)
	}
	var got []string
	for _, row := range rows {
		if row[0] == nil {
			got = append(got, "NULL")
		} else {
			got = append(got, *row[0])
		}
	}
	if text := strings.Join(got, ","); want != "*" && text != want {
		t.Errorf("%s %s: got %q, want %q", sql, values, text, want)
	}
}

func refused(t *testing.T, err error, kind pgerr.Kind, state, fragment string) *pgerr.Error {
	t.Helper()
	var e *pgerr.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want an error of kind %s", err, kind)
	}
	if e.Kind != kind || e.SQLState != state || !strings.Contains(e.Message, fragment) {
		t.Fatalf("got %s %s %q, want %s %s %q", e.Kind, e.SQLState, e.Message, kind, state, fragment)
	}
	return e
}

// forEachMode runs the body with and without server-side prepared statements, and inside a transaction.
func forEachMode(t *testing.T, body func(t *testing.T, s Session)) {
	t.Helper()
	for _, capacity := range []int{100, 0} {
		p, _ := open(t, func(o *Options) { o.StatementCache = capacity })
		t.Run(fmt.Sprintf("cache %d", capacity), func(t *testing.T) { body(t, p) })
		t.Run(fmt.Sprintf("cache %d in a transaction", capacity), func(t *testing.T) {
			tx, err := p.Begin(t.Context(), TxOptions{})
			if err != nil {
				t.Fatal(err)
			}
			body(t, tx)
			if err := tx.Commit(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestParameterTypesAreInferredOrDeclared(t *testing.T) {
	forEachMode(t, func(t *testing.T, s Session) {
		expect(t, s, "SELECT $1 AS x", "[5]", "5")
		expect(t, s, "SELECT pg_typeof($1)::text", "[5]", "integer")
		expect(t, s, "SELECT concat($1, $2)", `["a", 1]`, "a1")
		expect(t, s, "SELECT $1 + $2", "[1, 2.5]", "3.5")
		expect(t, s, "SELECT jsonb_build_object('k', $1)->>'k'", "[7]", "7")
		expect(t, s, "SELECT count(*) FROM generate_series(1, 3) g WHERE g = $1", "[9999999999]", "0")
		expect(t, s, "SELECT count(*) FROM generate_series(1, 30) g WHERE g > $1", "[25.5]", "5")
		expect(t, s, "SELECT g FROM generate_series(1, 5) g WHERE g = ANY($1)", "[[2, 4]]", "2,4")
		expect(t, s, "SELECT coalesce($1, $2)", `[null, "x"]`, "x")
		for range 3 { // from the cache
			expect(t, s, "SELECT $1::int + 1", "[41]", "42")
		}
	})
}

func TestParameterCount(t *testing.T) {
	forEachMode(t, func(t *testing.T, s Session) {
		_, err := ask(t, s, "SELECT $1::int, $2::int", "[1]")
		refused(t, err, pgerr.Query, "", "2 parameters, but 1")
		expect(t, s, "SELECT 1", "[]", "1")
	})
}

func TestStatementsRefusedBeforeTheyAreSent(t *testing.T) {
	p, _ := open(t, nil)
	for sql, fragment := range map[string]string{
		"":                           "empty",
		" -- nothing\n;":             "empty",
		"COPY t FROM STDIN":          "COPY",
		"SELECT 1; COPY t TO STDOUT": "COPY",
	} {
		_, err := ask(t, p, sql, "[]")
		refused(t, err, pgerr.Query, "", fragment)
	}
	_, err := ask(t, p, "SELECT $1; SELECT 2", "[1]")
	refused(t, err, pgerr.Query, "", "cannot insert multiple commands into a prepared statement")
	_, err = ask(t, p, "BEGIN", "[]")
	refused(t, err, pgerr.Transaction, "", "begin_transaction")
}

func TestScript(t *testing.T) {
	p, _ := open(t, nil)
	expect(t, p, "SELECT 1; SELECT 2 UNION ALL SELECT 3;", "[]", "2,3")
	s := schema(t, p)
	_, err := ask(t, p, "CREATE TABLE "+s+"a(i int); INSERT INTO "+s+"a VALUES (1); SELECT 1/0", "[]")
	refused(t, err, pgerr.Database, "22012", "division")
	expect(t, p, "SELECT to_regclass('"+s+"a')::text", "[]", "NULL")
	_, err = ask(t, p, "BEGIN; SELECT 1", "[]")
	refused(t, err, pgerr.Transaction, "", "left a transaction open")
	expect(t, p, "BEGIN; SELECT 1; COMMIT; SELECT 4", "[]", "4")
}

func TestCachedPlanSurvivesDDL(t *testing.T) {
	p, _ := open(t, func(o *Options) { o.MaxConnections = 1 })
	other, _ := open(t, nil)
	s := schema(t, p)
	run(t, p, "CREATE TABLE "+s+"a AS SELECT 1 AS x")
	expect(t, p, "SELECT * FROM "+s+"a", "[]", "1")
	// DDL of another process: the plan turns out to be outdated on use.
	run(t, other, "DROP TABLE "+s+"a; CREATE TABLE "+s+"a AS SELECT 'two'::text AS y, 2 AS x")
	expect(t, p, "SELECT * FROM "+s+"a", "[]", "two")
	// The type of a parameter was inferred from a column that has another one now.
	run(t, p, "CREATE TABLE "+s+"b AS SELECT 1 AS x")
	expect(t, p, "SELECT x FROM "+s+"b WHERE x = $1", `["1"]`, "1")
	run(t, other, "DROP TABLE "+s+"b; CREATE TABLE "+s+"b AS SELECT '1'::text AS x")
	expect(t, p, "SELECT x FROM "+s+"b WHERE x = $1", `["1"]`, "1")
	// One's own DDL, then use inside a transaction.
	run(t, p, "ALTER TABLE "+s+"a DROP COLUMN y")
	tx, err := p.Begin(t.Context(), TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, tx, "SELECT * FROM "+s+"a", "[]", "2")
	run(t, tx, "ALTER TABLE "+s+"a ADD COLUMN z text DEFAULT 'z'")
	expect(t, tx, "SELECT * FROM "+s+"a", "[]", "2")
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	run(t, p, "DEALLOCATE ALL")
	expect(t, p, "SELECT * FROM "+s+"a", "[]", "2")
}

func TestStatementCacheSize(t *testing.T) {
	count := "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT _, $1%'"
	p, _ := open(t, func(o *Options) { o.MaxConnections, o.StatementCache = 1, 2 })
	for range 3 {
		expect(t, p, "SELECT 1, $1::int", "[1]", "1")
	}
	expect(t, p, count, "[]", "1")
	for _, n := range []string{"2", "3", "4"} {
		expect(t, p, "SELECT "+n+", $1::int", "[1]", n)
	}
	rows, err := ask(t, p, count, "[]")
	if err != nil || *rows[0][0] > "2" {
		t.Errorf("%v prepared statements with a cache of 2 (%v)", *rows[0][0], err)
	}
	none, _ := open(t, func(o *Options) { o.MaxConnections, o.StatementCache = 1, 0 })
	expect(t, none, "SELECT 1, $1::int", "[1]", "1")
	expect(t, none, "SELECT count(*) FROM pg_prepared_statements", "[]", "0")
}

func TestSessionSettingsDoNotLeak(t *testing.T) {
	p, _ := open(t, func(o *Options) { o.MaxConnections = 1 })
	run(t, p, "SET work_mem = '7MB'")
	expect(t, p, "SELECT current_setting('work_mem') = '7MB'", "[]", "f")
	expect(t, p, "SELECT current_setting('application_name')", "[]", "ouroboros_postgres")
}

func TestCancelledStatementLeavesACleanConnection(t *testing.T) {
	p, _ := open(t, func(o *Options) { o.MaxConnections = 1 })
	expect(t, p, "SELECT 1", "[]", "1")
	pid, err := ask(t, p, "SELECT pg_backend_pid()", "[]")
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		p.env.Spawn(func() {
			_, err := p.Text(ctx, Statement{SQL: "SELECT pg_sleep(60)"})
			failed <- err
		})
		watch, _ := open(t, func(o *Options) { o.MaxConnections = 1 })
		waitFor(t, watch, "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND state = 'active' AND pid = "+*pid[0][0])
		_ = watch.Close(t.Context(), 0)
		cancel()
		if err := <-failed; err == nil {
			t.Fatal("the statement was not cancelled")
		}
		expect(t, p, "SELECT pg_backend_pid()", "[]", *pid[0][0])
	}
}

// waitFor repeats a question until it is answered with 1.
func waitFor(t *testing.T, s Session, sql string) {
	t.Helper()
	for {
		rows, err := s.Text(t.Context(), Statement{SQL: sql})
		if err != nil {
			t.Fatal(err)
		}
		if *rows[0][0] == "1" {
			return
		}
	}
}

func TestLostConnections(t *testing.T) {
	p, _ := open(t, func(o *Options) { o.MaxConnections = 1 })
	other, _ := open(t, nil)
	kill := func() {
		run(t, other, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND pid = "+pidOf(t, p))
	}
	s := schema(t, p)
	run(t, p, "CREATE TABLE "+s+"a(i int)")
	kill()
	run(t, p, "INSERT INTO "+s+"a VALUES (1)") // an idle connection that died is noticed before anything is sent
	tx, err := p.Begin(t.Context(), TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	run(t, other, "SELECT pg_terminate_backend("+pidOf(t, tx)+", 5000)")
	_, err = ask(t, tx, "INSERT INTO "+s+"a VALUES (2)", "[]")
	if e := pgerr.From(err); e.Kind != pgerr.Connection && !connectionState(e.SQLState) {
		t.Errorf("got %v", err)
	}
	refused(t, tx.Commit(t.Context()), pgerr.TransactionClosed, "", "already completed")
	expect(t, p, "SELECT count(*) FROM "+s+"a", "[]", "1")
}

func pidOf(t *testing.T, s Session) string {
	t.Helper()
	rows, err := ask(t, s, "SELECT pg_backend_pid()", "[]")
	if err != nil {
		t.Fatal(err)
	}
	return *rows[0][0]
}

func TestDeadlockIsRetried(t *testing.T) {
	p, _ := open(t, nil)
	s := schema(t, p)
	run(t, p, "CREATE TABLE "+s+"a(i int PRIMARY KEY, n int)")
	run(t, p, "INSERT INTO "+s+"a VALUES (1, 0), (2, 0)")
	// Each statement locks one row, waits for the other to have done so, and then wants the other's.
	both := "DO $$ BEGIN UPDATE " + s + "a SET n = n + 1 WHERE i = %d; " +
		"PERFORM pg_advisory_xact_lock_shared(4711); UPDATE " + s + "a SET n = n + 1 WHERE i = %d; END $$"
	gate, err := p.Begin(t.Context(), TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	run(t, gate, "SELECT pg_advisory_xact_lock(4711)")
	failed := make(chan error, 2)
	for _, order := range [][2]int{{1, 2}, {2, 1}} {
		p.env.Spawn(func() {
			_, err := p.Text(context.Background(), Statement{SQL: fmt.Sprintf(both, order[0], order[1])})
			failed <- err
		})
	}
	waitFor(t, p, "SELECT (count(*) = 2)::int FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
	if err := gate.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	expect(t, p, "SELECT n FROM "+s+"a ORDER BY i", "[]", "2,2")
	if p.Metrics().Retries == 0 {
		t.Error("nothing was retried: the deadlock did not happen")
	}
}

func TestSavepoints(t *testing.T) {
	p, _ := open(t, nil)
	s := schema(t, p)
	run(t, p, "CREATE TABLE "+s+"a(i int)")
	tx, err := p.Begin(t.Context(), TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	run(t, tx, "INSERT INTO "+s+"a VALUES (1)")
	refused(t, tx.RollbackTo(ctx, "nowhere"), pgerr.Database, "3B001", "nowhere")
	refused(t, tx.Release(ctx, "nowhere"), pgerr.Database, "3B001", "nowhere")
	refused(t, tx.Savepoint(ctx, "a;b"), pgerr.Identifier, "", "")
	if err := tx.Savepoint(ctx, "sp"); err != nil {
		t.Fatal(err)
	}
	run(t, tx, "INSERT INTO "+s+"a VALUES (2)")
	_, err = ask(t, tx, "SELECT 1/0", "[]")
	refused(t, err, pgerr.Database, "22012", "")
	_, err = ask(t, tx, "SELECT 1", "[]")
	refused(t, err, pgerr.Database, "25P02", "")
	if err := tx.RollbackTo(ctx, "sp"); err != nil {
		t.Fatal(err)
	}
	if err := tx.Release(ctx, "sp"); err != nil {
		t.Fatal(err)
	}
	refused(t, tx.Release(ctx, "sp"), pgerr.Database, "3B001", "")
	_, err = ask(t, tx, "COMMIT", "[]")
	refused(t, err, pgerr.Transaction, "", "commit()")
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	expect(t, p, "SELECT i FROM "+s+"a", "[]", "1")
	refused(t, tx.Commit(ctx), pgerr.TransactionClosed, "", "")
}

func TestCommitOfAnAbortedTransaction(t *testing.T) {
	p, _ := open(t, nil)
	tx, err := p.Begin(t.Context(), TxOptions{Isolation: "serializable", ReadOnly: true, Deferrable: true})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, tx, "SELECT current_setting('transaction_deferrable') || current_setting('transaction_isolation')", "[]", "onserializable")
	_, err = ask(t, tx, "CREATE TABLE never(i int)", "[]")
	refused(t, err, pgerr.Database, "25006", "read-only transaction")
	refused(t, tx.Commit(t.Context()), pgerr.Database, "25P02", "aborted")
}

func TestAtomic(t *testing.T) {
	p, _ := open(t, nil)
	s := schema(t, p)
	run(t, p, "CREATE TABLE "+s+"a(i int)")
	stop := errors.New("stop")
	err := p.Atomic(t.Context(), func(outer Session) error {
		run(t, outer, "INSERT INTO "+s+"a VALUES (1)")
		if err := outer.Atomic(t.Context(), func(inner Session) error {
			run(t, inner, "INSERT INTO "+s+"a VALUES (2)")
			return stop
		}); !errors.Is(err, stop) {
			t.Errorf("got %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, p, "SELECT i FROM "+s+"a", "[]", "1")
}

func TestPoolExhaustion(t *testing.T) {
	wait := 0.05
	p, _ := open(t, func(o *Options) { o.MaxConnections, o.AcquireTimeout = 1, &wait })
	tx, err := p.Begin(t.Context(), TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	_, err = ask(t, p, "SELECT 1", "[]")
	if e := refused(t, err, pgerr.PoolTimeout, "", "no connection became free"); !e.Retryable {
		t.Error("a full pool is worth another try")
	}
}

func TestCloseIsBounded(t *testing.T) {
	p, _ := open(t, nil)
	tx, err := p.Begin(t.Context(), TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(t.Context(), 10*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	_, err = ask(t, tx, "SELECT 1", "[]")
	refused(t, err, pgerr.TransactionClosed, "", "")
	_, err = ask(t, p, "SELECT 1", "[]")
	refused(t, err, pgerr.NotConnected, "", "init()")
}

func TestOpenRefuses(t *testing.T) {
	secret := "s3cr3t"
	for uri, fragment := range map[string]string{
		"":                                   "Connection URI cannot be empty",
		"mysql://u:s3cr3t@h/db":              "Invalid connection URI",
		"host=localhost password=s3cr3t":     "Invalid connection URI",
		"postgres://u:s3cr3t@h:port/db":      "Invalid connection URI",
		"postgres://u:s3cr3t@h/db?sslmode=x": "sslmode",
	} {
		_, err := Open(t.Context(), uri, DefaultOptions(), (&journal{}).env())
		if e := refused(t, err, pgerr.Connection, "", fragment); strings.Contains(e.Error(), secret) {
			t.Errorf("%q shows the password", e.Error())
		}
	}
}

func TestConnectRetriesAreLogged(t *testing.T) {
	options, j := DefaultOptions(), &journal{}
	options.MaxRetries, options.InitialRetryDelay = 2, 1
	_, err := Open(t.Context(), "postgres://u:s3cr3t@127.0.0.1:1/db", options, j.env())
	refused(t, err, pgerr.Connection, "", "refused")
	retries := j.find("Connection failed, retrying after delay")
	if len(retries) != 2 || retries[1].Fields["attempt"] != 2 {
		t.Errorf("got %v", retries)
	}
}

func TestTypesOfTheCatalogue(t *testing.T) {
	forEachMode(t, func(t *testing.T, s Session) {
		prefix := schema(t, s)
		run(t, s, "CREATE TYPE "+prefix+"mood AS ENUM ('sad', 'ok')")
		run(t, s, "CREATE TYPE "+prefix+"pair AS (a int, b "+prefix+"mood)")
		run(t, s, "CREATE DOMAIN "+prefix+"pos AS int CHECK (VALUE > 0)")
		run(t, s, "CREATE TABLE "+prefix+"a(m "+prefix+"mood, p "+prefix+"pair, n "+prefix+"pos, ms "+prefix+"mood[])")
		expect(t, s, "INSERT INTO "+prefix+"a VALUES ($1, $2, $3, $4) RETURNING p::text", `["ok", [1, "sad"], 5, ["ok", "sad"]]`, "(1,sad)")
	})
}

func TestKeyColumns(t *testing.T) {
	for detail, want := range map[string]string{
		"Key (name)=(a) already exists.":            "name",
		"Key (a, b)=(1, ()=() already exists.":      "a, b",
		"Key (lower(name))=(x) already exists.":     "lower(name)",
		"Schlüssel »(name)=(a)« existiert bereits.": "name",
		"Failing row contains (1, null).":           "",
		"":                                          "",
	} {
		if got := keyColumns(detail); got != want {
			t.Errorf("%q: got %q, want %q", detail, got, want)
		}
	}
}

func TestAcquireWithoutWaiting(t *testing.T) {
	never := 0.0
	p, _ := open(t, func(o *Options) { o.MinConnections, o.MaxConnections, o.AcquireTimeout = 0, 1, &never })
	expect(t, p, "SELECT 1", "[]", "1") // opens the connection
	tx, err := p.Begin(t.Context(), TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = ask(t, p, "SELECT 1", "[]")
	refused(t, err, pgerr.PoolTimeout, "", "within 0s")
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect(t, p, "SELECT 1", "[]", "1")
}
