package pgtest_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ouroboros-postgres/core/internal/pgtest"
)

func connect(t *testing.T, dsn string) (context.Context, *pgx.Conn) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return ctx, conn
}

func TestSchemaIsEmptyAndFirstInThePath(t *testing.T) {
	t.Parallel()
	dsn, schema := pgtest.Schema(t)
	pgtest.Exec(t, dsn, "CREATE TABLE here (n int); INSERT INTO here VALUES (1)")
	ctx, conn := connect(t, dsn)
	var current string
	var count int
	err := conn.QueryRow(ctx, "SELECT current_schema(), (SELECT count(*) FROM here)").Scan(&current, &count)
	if err != nil || current != schema || count != 1 {
		t.Fatalf("got %q, %d, %v", current, count, err)
	}
}

func TestProxyDropsAndRefuses(t *testing.T) {
	t.Parallel()
	proxy := pgtest.NewProxy(t, pgtest.DSN(t))
	ctx, conn := connect(t, proxy.DSN)
	if proxy.Open() != 1 {
		t.Fatalf("%d connections are open", proxy.Open())
	}
	proxy.Refuse()
	if err := conn.Ping(ctx); err != nil {
		t.Fatalf("an open connection suffers from Refuse: %v", err)
	}
	if _, err := pgx.Connect(ctx, proxy.DSN); err == nil {
		t.Fatal("connected in spite of Refuse")
	}
	proxy.Drop()
	if err := conn.Ping(ctx); err == nil {
		t.Fatal("pinged in spite of Drop")
	}
	proxy.Accept()
	if ctx, conn := connect(t, proxy.DSN); conn.Ping(ctx) != nil {
		t.Fatal("no ping after Accept")
	}
}

func TestProxyStallsAndResumes(t *testing.T) {
	t.Parallel()
	proxy := pgtest.NewProxy(t, pgtest.DSN(t))
	ctx, conn := connect(t, proxy.DSN)
	proxy.Stall()
	pinged := make(chan error, 1)
	go func() { pinged <- conn.Ping(ctx) }()
	select {
	case err := <-pinged:
		t.Fatalf("pinged in spite of Stall: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	proxy.Resume()
	if err := <-pinged; err != nil {
		t.Fatal(err)
	}
}
