package engine

import (
	"context"
	"net"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// traceExcerpt is how much of a statement enters the records of tracing, in characters.
const traceExcerpt = 16384

// TracedStatement is the message of the records of tracing that tell of a statement.
const TracedStatement = "Statement"

// address is where the server of a pool is, as far as its configuration says.
type address struct {
	host     string
	port     uint16
	database string
	// several: there are other servers as well, so that only the connection itself knows.
	several bool
}

func addressOf(config *pgx.ConnConfig) address {
	a := address{host: config.Host, port: config.Port, database: config.Database}
	for _, other := range config.Fallbacks {
		a.several = a.several || other.Host != config.Host || other.Port != config.Port
	}
	return a
}

// of is the address of the server that a connection leads to.
func (a address) of(remote net.Addr) (host string, port uint16) {
	if !a.several || remote == nil {
		return a.host, a.port
	}
	name, text, err := net.SplitHostPort(remote.String())
	if err != nil {
		return remote.String(), a.port // a socket of the file system
	}
	number, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return name, a.port
	}
	return name, uint16(number)
}

// traced tells the tracing of the caller which statement ran, and where.
func (b *backend) traced(ctx context.Context, run completed) {
	p := b.pool
	if !p.env.enabled(LevelTrace) {
		return
	}
	host, port := p.address.of(b.pg.Conn().RemoteAddr())
	fields := map[string]any{
		"sql": excerpt(run.sql, traceExcerpt), "attempt": run.attempt, "rows": run.rows,
		"host": host, "port": port, "database": p.address.database,
	}
	if run.err != nil {
		fields["sqlstate"] = run.err.SQLState
	}
	p.env.log(ctx, traceLogger, LevelTrace, TracedStatement, fields)
}

// tracedWait tells the tracing of the caller how long it took to get a connection.
func (p *Pool) tracedWait(ctx context.Context, wait time.Duration) {
	if p.env.enabled(LevelTrace) {
		p.env.log(ctx, traceLogger, LevelTrace, "Connection", map[string]any{"wait_ms": float64(wait.Microseconds()) / 1000})
	}
}
