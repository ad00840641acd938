package engine

import (
	"context"
	"testing"

	"ouroboros-postgres/core/internal/pgtest"
	"ouroboros-postgres/core/wire"
)

// BenchmarkPointQuery is one statement of the cache on a free connection: the round trip and what the engine adds.
func BenchmarkPointQuery(b *testing.B) {
	quiet := Env{ // nobody listens
		Spawn: func(f func()) { go f() }, //nolint:forbidigo // the benchmark's own root
		Log:   func(context.Context, LogRecord) {}, LogLevel: func() int { return LevelWarning },
	}
	p, err := Open(b.Context(), pgtest.DSN(b), DefaultOptions(), quiet)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = p.Close(context.Background(), 0) }()
	s := Statement{
		SQL:  "SELECT g AS id, 'item' AS name, 1.5::float8 AS score, now() AS at, 1.10 AS price FROM generate_series($1::int, $1) g",
		Args: []wire.Arg{{Kind: wire.Int, Text: "7"}},
	}
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Query(ctx, s); err != nil {
			b.Fatal(err)
		}
	}
}
