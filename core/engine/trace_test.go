package engine

import (
	"net"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestAddressOfAConnection(t *testing.T) {
	remote := &net.TCPAddr{IP: net.IPv4(10, 0, 0, 2), Port: 5433}
	socket := &net.UnixAddr{Name: "/run/.s.PGSQL.5432", Net: "unix"}
	for _, c := range []struct {
		dsn    string
		remote net.Addr
		host   string
		port   uint16
	}{
		{"postgres://db.example:5432/app", remote, "db.example", 5432},
		{"postgres://db.example:5432/app?sslmode=prefer", remote, "db.example", 5432}, // TLS or not, one server
		{"postgres://one:5432,two:5433/app", remote, "10.0.0.2", 5433},
		{"postgres://one:5432,two:5433/app", nil, "one", 5432},
		{"postgres:///app?host=/run,two", socket, "/run/.s.PGSQL.5432", 5432},
	} {
		config, err := pgx.ParseConfig(c.dsn)
		if err != nil {
			t.Fatal(err)
		}
		a := addressOf(config)
		if host, port := a.of(c.remote); host != c.host || port != c.port || a.database != "app" {
			t.Errorf("%s: %s:%d/%s", c.dsn, host, port, a.database)
		}
	}
}
