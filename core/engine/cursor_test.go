package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"ouroboros-postgres/core/pgerr"
)

func openCursor(t *testing.T, s Session, sql, values string) *Cursor {
	t.Helper()
	c, err := s.OpenCursor(t.Context(), Statement{SQL: sql, Args: args(t, values)})
	if err != nil {
		t.Fatalf("%s %s: %v", sql, values, err)
	}
	return c
}

// fetched compares the next batch.
func fetched(t *testing.T, c *Cursor, count int, want string) {
	t.Helper()
	result, err := c.Fetch(t.Context(), count)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(result.Rows); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// single opens a pool that has one connection, which must be free at the end.
func single(t *testing.T, change func(*Options)) *Pool {
	t.Helper()
	p, _ := open(t, func(o *Options) {
		o.MaxConnections = 1
		if change != nil {
			change(o)
		}
	})
	t.Cleanup(func() { expect(t, pool{p}, "SELECT 1", "[]", "1") })
	return p
}

// pool asks also when the test is over.
type pool struct{ *Pool }

func (p pool) Text(_ context.Context, s Statement) ([][]*string, error) {
	return p.Pool.Text(context.Background(), s)
}

func TestCursorReadsEveryRowOnceInOrder(t *testing.T) {
	forEachMode(t, func(t *testing.T, s Session) {
		for _, batch := range []int{1, 7, 50, 99, 100, 101} {
			c := openCursor(t, s, "SELECT n FROM generate_series(1, $1) AS n ORDER BY n", "[100]")
			next := 1
			for {
				result, err := c.Fetch(t.Context(), batch)
				if err != nil {
					t.Fatal(err)
				}
				for _, row := range strings.FieldsFunc(string(result.Rows), func(r rune) bool { return strings.ContainsRune("[],", r) }) {
					if row != fmt.Sprint(next) {
						t.Fatalf("batches of %d: %s where %d was due", batch, row, next)
					}
					next++
				}
				if result.Count < batch {
					break
				}
			}
			if next != 101 {
				t.Fatalf("batches of %d: %d rows", batch, next-1)
			}
			fetched(t, c, batch, "") // nothing comes after the last row
			if err := c.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestCursorInfersAndDecodesLikeAnyStatement(t *testing.T) {
	forEachMode(t, func(t *testing.T, s Session) {
		run(t, s, "DROP TYPE IF EXISTS cursor_pair")
		run(t, s, "CREATE TYPE cursor_pair AS (a int, b text)")
		c := openCursor(t, s, "SELECT $1 AS free, $2::numeric AS exact, ROW(1, ROW(2, 'x')::cursor_pair) AS nested, "+
			"'2024-01-15'::date AS day, NULL::text AS nothing", `["text", {"n": "1.10"}]`)
		result, err := c.Fetch(t.Context(), 2)
		if err != nil {
			t.Fatal(err)
		}
		want, err := s.Query(t.Context(), Statement{SQL: c.statement.SQL, Args: c.statement.Args})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(result.AppendPayload(nil), want.AppendPayload(nil)) {
			t.Errorf("got %s\nwant %s", result.AppendPayload(nil), want.AppendPayload(nil))
		}
		run(t, s, "DROP TYPE cursor_pair")
	})
}

func TestCursorComputesNoMoreThanIsFetched(t *testing.T) {
	t.Parallel()
	p, _ := open(t, nil)
	name := schema(t, p)
	run(t, p, "CREATE SEQUENCE "+name+"seen")
	c := openCursor(t, p, "SELECT nextval('"+name+"seen') FROM generate_series(1, 1000)", "[]")
	expect(t, p, "SELECT is_called FROM "+name+"seen", "[]", "f")
	fetched(t, c, 3, "[1],[2],[3]")
	expect(t, p, "SELECT last_value FROM "+name+"seen", "[]", "3")
	fetched(t, c, 2, "[4],[5]")
	expect(t, p, "SELECT last_value FROM "+name+"seen", "[]", "5")
	if err := c.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect(t, p, "SELECT last_value FROM "+name+"seen", "[]", "5")
}

func TestCursorCommitsBehindTheLastRowOnly(t *testing.T) {
	t.Parallel()
	p := single(t, nil)
	name := schema(t, p)
	run(t, p, "CREATE TABLE "+name+"done (n int)")
	run(t, p, "CREATE FUNCTION "+name+"do(n int) RETURNS int LANGUAGE sql AS 'INSERT INTO "+name+"done VALUES (n) RETURNING n'")
	sql := "SELECT " + name + "do(n) AS n FROM generate_series(1, 3) AS n"

	c := openCursor(t, p, sql, "[]")
	fetched(t, c, 2, "[1],[2]")
	if err := c.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect(t, p, "SELECT n FROM "+name+"done", "[]", "")
	_, err := c.Fetch(t.Context(), 2)
	refused(t, err, pgerr.TransactionClosed, "", "the cursor is closed")

	c = openCursor(t, p, sql, "[]")
	fetched(t, c, 2, "[1],[2]")
	fetched(t, c, 2, "[3]")
	expect(t, p, "SELECT n FROM "+name+"done ORDER BY n", "[]", "1,2,3")

	c = openCursor(t, p, "DELETE FROM "+name+"done RETURNING n", "[]")
	fetched(t, c, 3, "[1],[2],[3]")
	fetched(t, c, 3, "")
	expect(t, p, "SELECT count(*) FROM "+name+"done", "[]", "0")
}

func TestCursorReportsAFailingCommit(t *testing.T) {
	t.Parallel()
	p := single(t, nil)
	name := schema(t, p)
	run(t, p, "CREATE TABLE "+name+"late (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
	run(t, p, "CREATE FUNCTION "+name+"do() RETURNS int LANGUAGE sql AS 'INSERT INTO "+name+"late VALUES (1) RETURNING n'")
	c := openCursor(t, p, "SELECT "+name+"do() FROM generate_series(1, 2)", "[]")
	_, err := c.Fetch(t.Context(), 5)
	refused(t, err, pgerr.Database, "23505", "duplicate key")
}

func TestCursorErrorInTheMiddle(t *testing.T) {
	t.Parallel()
	p := single(t, nil)
	c := openCursor(t, p, "SELECT 1 / (4 - n) AS q FROM generate_series(1, 10) AS n", "[]")
	fetched(t, c, 2, "[0],[0]")
	_, err := c.Fetch(t.Context(), 5)
	if e := refused(t, err, pgerr.Database, "22012", "division by zero"); !strings.HasPrefix(e.Query, "SELECT 1 / (4 - n)") {
		t.Errorf("query %q", e.Query)
	}
	expect(t, p, "SELECT 1", "[]", "1") // its connection is back
	_, err = c.Fetch(t.Context(), 5)
	refused(t, err, pgerr.TransactionClosed, "", "the cursor is closed")
	if err := c.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestCursorUnreadableRowEndsIt(t *testing.T) {
	t.Parallel()
	p := single(t, nil)
	tx, err := p.Begin(t.Context(), TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c := openCursor(t, tx, "SELECT date '2024-01-15' + n * 3000000 AS day FROM generate_series(0, 9) AS n", "[]")
	fetched(t, c, 1, `["2024-01-15"]`)
	_, err = c.Fetch(t.Context(), 5)
	refused(t, err, pgerr.Deserialization, "", "day")
	expect(t, tx, "SELECT 1", "[]", "1")
	_, err = c.Fetch(t.Context(), 5)
	refused(t, err, pgerr.TransactionClosed, "", "the cursor is closed")
	if err := c.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect(t, tx, "SELECT count(*) FROM pg_cursors WHERE name <> ''", "[]", "0")
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestCursorCancelledInAFetch(t *testing.T) {
	t.Parallel()
	p := single(t, nil)
	slow := "SELECT n, pg_sleep(CASE WHEN n > 2 THEN 60 ELSE 0 END) FROM generate_series(1, 5) AS n"
	cancelled := func(c *Cursor) {
		t.Helper()
		fetched(t, c, 2, "[1,null],[2,null]")
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := c.Fetch(ctx, 2); err == nil {
			t.Fatal("no error")
		}
	}
	cancelled(openCursor(t, p, slow, "[]"))
	expect(t, p, "SELECT 1", "[]", "1")

	tx, err := p.Begin(t.Context(), TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cancelled(openCursor(t, tx, slow, "[]"))
	_, err = ask(t, tx, "SELECT 1", "[]")
	refused(t, err, pgerr.TransactionClosed, "", "Transaction already completed")
}

func TestCursorsShareATransactionWithStatements(t *testing.T) {
	t.Parallel()
	p := single(t, nil)
	tx, err := p.Begin(t.Context(), TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	run(t, tx, "CREATE TEMPORARY TABLE seen (n int) ON COMMIT DROP")
	first := openCursor(t, tx, "SELECT n FROM generate_series(1, 5) AS n", "[]")
	second := openCursor(t, tx, "SELECT -n FROM generate_series(1, 4) AS n", "[]")
	fetched(t, first, 2, "[1],[2]")
	run(t, tx, "INSERT INTO seen VALUES (1)")
	fetched(t, second, 2, "[-1],[-2]")
	run(t, tx, "SAVEPOINT a")
	fetched(t, first, 2, "[3],[4]")
	run(t, tx, "ROLLBACK TO a")
	fetched(t, second, 3, "[-3],[-4]")
	fetched(t, first, 2, "[5]")
	expect(t, tx, "SELECT count(*) FROM pg_cursors WHERE name <> ''", "[]", "0") // both were closed behind their last rows

	third := openCursor(t, tx, "SELECT n FROM generate_series(1, 5) AS n", "[]")
	if err := third.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect(t, tx, "SELECT count(*) FROM pg_cursors WHERE name <> ''", "[]", "0")
	fourth := openCursor(t, tx, "SELECT n FROM generate_series(1, 5) AS n", "[]")
	fetched(t, fourth, 1, "[1]")
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = fourth.Fetch(t.Context(), 1)
	refused(t, err, pgerr.TransactionClosed, "", "the cursor has ended with its transaction")
	if err := fourth.Close(t.Context()); err != nil {
		t.Error(err)
	}
	_, err = tx.OpenCursor(t.Context(), Statement{SQL: "SELECT 1"})
	refused(t, err, pgerr.TransactionClosed, "", "Transaction already completed")
}

func TestCursorEndsWithItsSavepoint(t *testing.T) {
	t.Parallel()
	p := single(t, nil)
	for _, undo := range []func(tx *Tx) error{
		func(tx *Tx) error { return tx.RollbackTo(context.Background(), "a") },
		func(tx *Tx) error {
			_, err := tx.Text(context.Background(), Statement{SQL: "ROLLBACK TO SAVEPOINT a"})
			return err
		},
	} {
		tx, err := p.Begin(t.Context(), TxOptions{})
		if err != nil {
			t.Fatal(err)
		}
		outer := openCursor(t, tx, "SELECT n FROM generate_series(1, 5) AS n", "[]")
		if err := tx.Savepoint(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		inner := openCursor(t, tx, "SELECT n FROM generate_series(1, 5) AS n", "[]")
		fetched(t, inner, 1, "[1]")
		if err := undo(tx); err != nil {
			t.Fatal(err)
		}
		fetched(t, outer, 1, "[1]")
		_, err = inner.Fetch(t.Context(), 1)
		refused(t, err, pgerr.TransactionClosed, "", "the cursor has ended with the savepoint")
		if err := inner.Close(t.Context()); err != nil {
			t.Error(err)
		}
		fetched(t, outer, 1, "[2]") // the transaction is as well as before
		if err := tx.Commit(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestCursorOutlivesSchemaChanges(t *testing.T) {
	t.Parallel()
	p, _ := open(t, nil)
	name := schema(t, p)
	run(t, p, "CREATE TABLE "+name+"shape (n int)")
	run(t, p, "INSERT INTO "+name+"shape VALUES (1)")
	sql := "SELECT * FROM " + name + "shape"
	var all []*Cursor
	for range 4 { // every connection prepares it
		all = append(all, openCursor(t, p, sql, "[]"))
	}
	for _, c := range all {
		fetched(t, c, 5, "[1]")
	}
	typed := "SELECT n FROM " + name + "shape WHERE n = $1"
	fetched(t, openCursor(t, p, typed, `["1"]`), 5, "[1]")
	other, _ := open(t, nil) // whose DDL this pool does not see
	run(t, other, "ALTER TABLE "+name+"shape ADD m text DEFAULT 'x'")
	for range 4 {
		fetched(t, openCursor(t, p, sql, "[]"), 5, `[1,"x"]`)
	}
	run(t, other, "ALTER TABLE "+name+"shape ALTER n TYPE text")
	fetched(t, openCursor(t, p, typed, `["1"]`), 5, `["1"]`)
}

func TestCursorRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	p := single(t, nil)
	tx, err := p.Begin(t.Context(), TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	run(t, tx, "CREATE TEMPORARY TABLE quiet (n int) ON COMMIT DROP")
	for sql, fragment := range map[string]string{
		"":                           "empty",
		"SELECT 1; SELECT 2":         "a cursor reads one statement, not 2",
		"COMMIT":                     "COMMIT inside a transaction block",
		"COPY quiet TO STDOUT":       "COPY",
		"INSERT INTO quiet SELECT 1": "returns no rows",
	} {
		_, err := tx.OpenCursor(t.Context(), Statement{SQL: sql})
		var e *pgerr.Error
		if !errors.As(err, &e) || !strings.Contains(e.Message, fragment) {
			t.Errorf("%q: %v", sql, err)
		}
	}
	c := openCursor(t, tx, "SELECT 1", "[]")
	for _, count := range []int{0, -1, MaxBatch + 1} {
		_, err := c.Fetch(t.Context(), count)
		refused(t, err, pgerr.Value, "", "must be between 1 and")
	}
	fetched(t, c, 1, "[1]") // nothing of that ended cursor or transaction
	if err := tx.Commit(t.Context()); err != nil {
		t.Error(err)
	}
	_, err = p.OpenCursor(t.Context(), Statement{SQL: "SELECT 1 +"})
	refused(t, err, pgerr.Database, "42601", "syntax error")
	_, err = p.OpenCursor(t.Context(), Statement{SQL: "SELECT $1", Args: args(t, "[1, 2]")})
	if err == nil {
		t.Error("too many arguments were accepted")
	}
}

func TestAbandonedCursorsGiveBackWhatTheyHold(t *testing.T) {
	t.Parallel()
	p := single(t, nil)
	c := openCursor(t, p, "SELECT n FROM generate_series(1, 5) AS n", "[]")
	fetched(t, c, 1, "[1]")
	c.Abandon()
	expect(t, p, "SELECT 1", "[]", "1")

	tx, err := p.Begin(t.Context(), TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c = openCursor(t, tx, "SELECT n FROM generate_series(1, 5) AS n", "[]")
	c.Abandon()
	c.Abandon()
	turn := tx.Enqueue()
	if err := turn.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect(t, tx, "SELECT count(*) FROM pg_cursors WHERE name <> ''", "[]", "0")
	turn.Done()
	if err := tx.Commit(t.Context()); err != nil {
		t.Error(err)
	}
	c.Abandon()
}

func TestClosingThePoolEndsCursors(t *testing.T) {
	t.Parallel()
	p, _ := open(t, nil)
	c := openCursor(t, p, "SELECT n FROM generate_series(1, 5) AS n", "[]")
	fetched(t, c, 1, "[1]")
	if err := p.Close(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	turn := c.Enqueue() // behind what the pool did
	if err := turn.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err := c.Fetch(t.Context(), 1)
	turn.Done()
	refused(t, err, pgerr.NotConnected, "", "not initialized")
	_, err = p.OpenCursor(t.Context(), Statement{SQL: "SELECT 1"})
	refused(t, err, pgerr.NotConnected, "", "not initialized")
}

// explosive is a sink with a bug.
type explosive struct{ texts }

func (explosive) row([][]byte) error { panic("a bug") }

func TestPanicInAnExchangeClosesTheConnection(t *testing.T) {
	t.Parallel()
	p := single(t, nil)
	c := openCursor(t, p, "SELECT n FROM generate_series(1, 5) AS n", "[]")
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		_, _ = c.tx.lease.exchange(t.Context(), &explosive{}, func(f *pgproto3.Frontend) {
			f.SendExecute(&pgproto3.Execute{Portal: c.portal.name, MaxRows: 2})
		})
	}()
	if !c.tx.lease.pg.IsClosed() {
		t.Error("the connection is open, with rows of this statement for the next one")
	}
	c.Abandon()
}
