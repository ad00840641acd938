package engine

import (
	"context"
	"testing"

	"ouroboros-postgres/core/pgerr"
)

func TestTransactionBegunAndCommittedAhead(t *testing.T) {
	p, _ := open(t, func(o *Options) { o.MaxConnections = 1 })
	prefix := schema(t, p)
	run(t, p, "CREATE TABLE "+prefix+"a (n int)")
	for _, look := range []bool{true, false} { // who reads the answers: somebody who looks at the socket, or the call
		b := p.StartBegin(t.Context(), TxOptions{Isolation: "serializable"})
		if b == nil {
			t.Fatal("BEGIN was not sent")
		}
		if p.StartBegin(t.Context(), TxOptions{}) != nil {
			t.Fatal("the only connection is in use")
		}
		if look {
			awaitAnswer(t, b.lease)
			if _, ok := b.Socket(); !ok || !b.Receive() {
				t.Fatal("the answer is there")
			}
		}
		tx, err := b.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		b.Close()
		if got, err := tx.Text(t.Context(), Statement{SQL: "SHOW transaction_isolation"}); err != nil || *got[0][0] != "serializable" {
			t.Fatalf("got %v, %v", got, err)
		}
		if _, err := tx.Query(t.Context(), Statement{SQL: "INSERT INTO " + prefix + "a VALUES (1)"}); err != nil {
			t.Fatal(err)
		}
		c := tx.StartCommit(t.Context())
		if c == nil {
			t.Fatal("COMMIT was not sent")
		}
		if look {
			awaitAnswer(t, c.lease)
			if _, ok := c.Socket(); !ok || !c.Receive() {
				t.Fatal("the answer is there")
			}
		}
		if err := tx.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.Close()
		if tx.StartCommit(t.Context()) != nil {
			t.Error("the transaction is over")
		}
	}
	expect(t, p, "SELECT count(*)::int FROM "+prefix+"a", "[]", "2")
}

func TestRefusedCommitSentAhead(t *testing.T) {
	p, _ := open(t, func(o *Options) { o.MaxConnections = 1 })
	prefix := schema(t, p)
	run(t, p, "CREATE TABLE "+prefix+"a (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
	for _, look := range []bool{true, false} {
		tx := begunWith(t, p, Statement{SQL: "INSERT INTO " + prefix + "a VALUES (1), (1)"})
		c := tx.StartCommit(t.Context())
		if c == nil {
			t.Fatal("COMMIT was not sent")
		}
		if look {
			awaitAnswer(t, c.lease)
			if c.Receive() {
				t.Error("an error is no success")
			}
		}
		if err := tx.Commit(t.Context()); pgerr.From(err).SQLState != "23505" {
			t.Errorf("got %v", err)
		}
		c.Close()
	}
	tx := begunWith(t, p)
	if _, err := tx.Query(t.Context(), Statement{SQL: "SELECT 1/0"}); err == nil {
		t.Fatal("no error")
	}
	if tx.StartCommit(t.Context()) != nil {
		t.Error("a transaction that has failed is not committed")
	}
	if err := tx.Commit(t.Context()); pgerr.From(err).SQLState != stateInFailedTransaction {
		t.Errorf("got %v", err)
	}
	expect(t, p, "SELECT count(*)::int FROM "+prefix+"a", "[]", "0")
}

func TestWhatNobodyAsksForLeavesNothingBehind(t *testing.T) {
	p, _ := open(t, func(o *Options) { o.MaxConnections = 1 })
	expect(t, p, "SELECT 1", "[]", "1") // there is an idle connection now
	b := p.StartBegin(t.Context(), TxOptions{})
	if b == nil {
		t.Fatal("BEGIN was not sent")
	}
	b.Close()
	expect(t, p, "SELECT 1", "[]", "1")
	tx := begunWith(t, p)
	c := tx.StartCommit(t.Context())
	c.Close()
	if err := tx.Commit(t.Context()); pgerr.From(err).Kind != pgerr.TransactionClosed {
		t.Errorf("got %v", err)
	}
	expect(t, p, "SELECT 1", "[]", "1")
	if p.StartBegin(t.Context(), TxOptions{Isolation: "none"}) != nil {
		t.Error("there is no such level")
	}
	ctx, cancel := context.WithCancel(t.Context())
	if b = p.StartBegin(ctx, TxOptions{}); b == nil {
		t.Fatal("BEGIN was not sent")
	}
	cancel()
	if tx, err := b.Begin(ctx); err == nil { // the answer may have been quicker
		tx.Abandon()
	}
	b.Close()
	expect(t, p, "SELECT 1", "[]", "1")
}

func TestDoubtfulConnectionIsProvenBeforeBegin(t *testing.T) {
	p, _ := open(t, func(o *Options) { o.MinConnections = 0 })
	notified(t, p)
	b := p.StartBegin(t.Context(), TxOptions{})
	if b == nil {
		t.Fatal("no connection was taken")
	}
	if _, ok := b.Socket(); ok {
		t.Error("nothing was sent")
	}
	tx, err := b.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.Close()
	if err := tx.Commit(t.Context()); err != nil || p.Metrics().PoolSize != 1 {
		t.Errorf("got %v; %d connections", err, p.Metrics().PoolSize)
	}
}
