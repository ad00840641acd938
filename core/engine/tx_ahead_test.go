package engine

import (
	"context"
	"testing"

	"ouroboros-postgres/core/pgerr"
)

// begunWith is a transaction whose connection knows some statements.
func begunWith(t *testing.T, p *Pool, known ...Statement) *Tx {
	t.Helper()
	tx, err := p.Begin(t.Context(), TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range known {
		if _, err := tx.Query(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	return tx
}

func TestStatementOfATransactionSentAhead(t *testing.T) {
	p, _ := open(t, func(o *Options) { o.MaxConnections = 1 })
	s := Statement{SQL: "SELECT $1::int AS n", Args: args(t, "[7]")}
	tx := begunWith(t, p)
	if tx.Start(t.Context(), s) != nil {
		t.Fatal("the connection does not know the statement yet")
	}
	if _, err := tx.Query(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		a := tx.Start(t.Context(), s)
		if a == nil {
			t.Fatal("the statement was not sent ahead")
		}
		if _, ok := a.Socket(); !ok {
			t.Fatal("the connection has no socket to look at")
		}
		awaitAnswer(t, a.begun.lease)
		if !a.Receive() {
			t.Fatal("the answer is there")
		}
		for range 2 { // the second one is an ordinary query
			if result, err := a.Query(t.Context(), s); err != nil || string(result.Rows) != "[7]" {
				t.Fatalf("got %v, %v", result, err)
			}
		}
		a.Close()
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if tx.Start(t.Context(), s) != nil {
		t.Fatal("the transaction is over")
	}
}

func TestOnlyPlainStatementsOfATransactionAreSentAhead(t *testing.T) {
	p, _ := open(t, func(o *Options) { o.MaxConnections = 1 })
	tx := begunWith(t, p, Statement{SQL: "SAVEPOINT s"}, Statement{SQL: "SET LOCAL work_mem = '1MB'"})
	for _, sql := range []string{"SAVEPOINT s", "SET LOCAL work_mem = '1MB'", "ROLLBACK TO s", "SELECT 1; SELECT 2", ""} {
		if tx.Start(t.Context(), Statement{SQL: sql}) != nil {
			t.Errorf("%q was sent ahead", sql)
		}
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// startedToFail sends a statement ahead, and waits for the error that is its answer.
func startedToFail(t *testing.T, tx *Tx, s Statement) *TxAhead {
	t.Helper()
	a := tx.Start(t.Context(), s)
	if a == nil {
		t.Fatal("the statement was not sent ahead")
	}
	awaitAnswer(t, a.begun.lease)
	if a.Receive() {
		t.Error("an error is no answer")
	}
	return a
}

func TestFailedStatementSentAheadAbortsTheTransactionOnce(t *testing.T) {
	p, _ := open(t, func(o *Options) { o.MaxConnections = 1 })
	divided := Statement{SQL: "SELECT 1 / $1::int AS n", Args: args(t, "[1]")}
	tx := begunWith(t, p, divided)
	divided.Args = args(t, "[0]")
	a := startedToFail(t, tx, divided)
	if _, err := a.Query(t.Context(), divided); pgerr.From(err).SQLState != "22012" {
		t.Errorf("got %v", err)
	}
	a.Close()
	divided.Args = args(t, "[1]")
	if tx.Start(t.Context(), divided) != nil {
		t.Error("a transaction that has failed takes no statement")
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect(t, p, "SELECT 2", "[]", "2")
}

// The server refuses a plan that is outdated, and with it the transaction: trying again would hide why.
func TestOutdatedPlanSentAheadInATransaction(t *testing.T) {
	p, s := outdatedStatement(t)
	tx := begunWith(t, p)
	a := startedToFail(t, tx, s)
	if _, err := a.Query(t.Context(), s); pgerr.From(err).SQLState != stateFeatureNotSupported {
		t.Errorf("got %v", err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Query(t.Context(), s); err != nil {
		t.Errorf("prepared anew: %v", err)
	}
}

func TestTransactionWhoseStatementNobodyAsksForIsOver(t *testing.T) {
	p, _ := open(t, func(o *Options) { o.MaxConnections = 1 })
	s := Statement{SQL: "SELECT $1::int AS n", Args: args(t, "[7]")}
	tx := begunWith(t, p, s)
	a := tx.Start(t.Context(), s)
	if a == nil {
		t.Fatal("the statement was not sent ahead")
	}
	a.Close()
	if _, err := tx.Query(t.Context(), s); pgerr.From(err).Kind != pgerr.TransactionClosed {
		t.Errorf("got %v", err)
	}
	expect(t, p, "SELECT 2", "[]", "2")
	ctx, cancel := context.WithCancel(t.Context())
	sleep := Statement{SQL: "SELECT pg_sleep($1::float8)", Args: args(t, "[0]")}
	tx = begunWith(t, p, sleep)
	sleep.Args = args(t, "[60]")
	if a = tx.Start(ctx, sleep); a == nil {
		t.Fatal("the statement was not sent ahead")
	}
	cancel()
	if _, err := a.Query(ctx, sleep); err == nil {
		t.Fatal("the statement was not cancelled")
	}
	a.Close()
	expect(t, p, "SELECT 2", "[]", "2")
}
