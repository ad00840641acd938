package pgtest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Variable names the environment variable with the connection string of the test server, a URL.
const Variable = "TEST_DATABASE_URL"

const timeout = 30 * time.Second

// DSN returns the connection string of the test server. Without one the test is skipped, and fails where CI is set.
func DSN(tb testing.TB) string {
	tb.Helper()
	dsn := os.Getenv(Variable)
	switch {
	case dsn != "":
	case os.Getenv("CI") != "":
		tb.Fatalf("%s is not set", Variable)
	default:
		tb.Skipf("%s is not set; `make test-go` starts a server", Variable)
	}
	return dsn
}

// Schema creates an empty schema, dropped after the test, and returns a connection string whose search_path it is.
func Schema(tb testing.TB) (dsn, schema string) {
	tb.Helper()
	dsn = DSN(tb)
	schema = "test_" + randomName(tb)
	quoted := pgx.Identifier{schema}.Sanitize()
	Exec(tb, dsn, "CREATE SCHEMA "+quoted)
	tb.Cleanup(func() { Exec(tb, dsn, "DROP SCHEMA "+quoted+" CASCADE") })
	return withParameter(tb, dsn, "search_path", schema), schema
}

// Exec runs statements on a connection of their own.
func Exec(tb testing.TB, dsn, statements string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		tb.Fatalf("connect: %v", err)
	}
	_, err = conn.PgConn().Exec(ctx, statements).ReadAll()
	if err != nil {
		tb.Errorf("%s: %v", statements, err)
	}
	if err := conn.Close(ctx); err != nil {
		tb.Errorf("close: %v", err)
	}
}

func randomName(tb testing.TB) string {
	tb.Helper()
	random := make([]byte, 6)
	if _, err := rand.Read(random); err != nil {
		tb.Fatal(err)
	}
	return hex.EncodeToString(random)
}

func parse(tb testing.TB, dsn string) *url.URL {
	tb.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		tb.Fatalf("%s is not a URL", Variable)
	}
	return u
}

func withParameter(tb testing.TB, dsn, name, value string) string {
	tb.Helper()
	u := parse(tb, dsn)
	parameters := u.Query()
	parameters.Set(name, value)
	u.RawQuery = parameters.Encode()
	return u.String()
}
