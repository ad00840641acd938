package engine

import (
	"context"
	"errors"
	"strings"
	"testing"

	"ouroboros-postgres/core/pgerr"
)

type asker interface {
	Text(ctx context.Context, s Statement) ([][]*string, error)
}

// one asks for a single value.
func one(t *testing.T, db asker, sql string) string {
	t.Helper()
	rows, err := db.Text(t.Context(), Statement{SQL: sql})
	if err != nil || len(rows) != 1 || rows[0][0] == nil {
		t.Fatalf("%s: %v, %v", sql, rows, err)
	}
	return *rows[0][0]
}

func TestPinKeepsOneSessionAndLeavesNothing(t *testing.T) {
	t.Parallel()
	pool, _ := open(t, func(o *Options) { o.MaxConnections = 1 })
	const settings = "SELECT concat_ws(' ', current_setting('work_mem'), (SELECT count(*) FROM pg_locks " +
		"WHERE locktype = 'advisory' AND pid = pg_backend_pid()))"
	before := one(t, pool, settings)
	err := pool.Pin(t.Context(), func(db *Pinned) error {
		pid := one(t, db, "SELECT pg_backend_pid()")
		one(t, db, "SELECT pg_try_advisory_lock(pg_backend_pid())")
		if _, err := db.Text(t.Context(), Statement{SQL: "SET work_mem = '77MB'"}); err != nil {
			return err
		}
		err := db.Atomic(t.Context(), func(tx Session) error {
			if inside := one(t, tx, "SELECT pg_backend_pid()"); inside != pid {
				t.Errorf("the transaction is on %s, not on %s", inside, pid)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if got := one(t, db, settings); got != "77MB 1" {
			t.Errorf("after a transaction: %s", got)
		}
		if err := db.Reset(t.Context()); err != nil {
			return err
		}
		if got := one(t, db, settings); !strings.HasSuffix(got, " 1") || strings.HasPrefix(got, "77MB") {
			t.Errorf("after a reset: %s", got)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := one(t, pool, settings); got != before {
		t.Errorf("left behind: %s, not %s", got, before)
	}
}

func TestPinnedTransactions(t *testing.T) {
	t.Parallel()
	pool, _ := open(t, func(o *Options) { o.MaxConnections = 1 })
	wanted := errors.New("wanted")
	err := pool.Pin(t.Context(), func(db *Pinned) error {
		if _, err := db.Text(t.Context(), Statement{SQL: "CREATE TEMPORARY TABLE pinned (id int)"}); err != nil {
			return err
		}
		insert := func(outcome error) func(Session) error {
			return func(tx Session) error {
				if _, err := tx.Text(t.Context(), Statement{SQL: "INSERT INTO pinned VALUES (1)"}); err != nil {
					return err
				}
				return outcome
			}
		}
		if err := db.Atomic(t.Context(), insert(wanted)); !errors.Is(err, wanted) {
			t.Errorf("got %v", err)
		}
		if err := db.Atomic(t.Context(), insert(nil)); err != nil {
			return err
		}
		if got := one(t, db, "SELECT count(*) FROM pinned"); got != "1" {
			t.Errorf("%s rows", got)
		}
		_, err := db.Text(t.Context(), Statement{SQL: "BEGIN"})
		if pgerr.From(err).Kind != pgerr.Transaction {
			t.Errorf("BEGIN: %v", err)
		}
		_, err = db.Text(t.Context(), Statement{SQL: " -- nothing"})
		return err
	})
	if pgerr.From(err).Kind != pgerr.Query {
		t.Errorf("an empty statement: %v", err)
	}
	if one(t, pool, "SELECT 1") != "1" {
		t.Error("the connection did not come back")
	}
}
