package engine

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"

	"ouroboros-postgres/core/pgerr"
)

// parse turns a URI into a driver configuration. Its errors never contain the URI.
func parse(dsn string) (*pgx.ConnConfig, error) {
	if strings.TrimSpace(dsn) == "" {
		return nil, pgerr.New(pgerr.Connection, "Connection URI cannot be empty")
	}
	if !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://") {
		return nil, pgerr.New(pgerr.Connection, "Invalid connection URI: it must start with postgres:// or postgresql://")
	}
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, pgerr.New(pgerr.Connection, "Invalid connection URI: %s", reason(err))
	}
	return config, nil
}

// reason keeps the part of the driver's message that speaks of a setting and drops the one that quotes the URI.
func reason(err error) string {
	var parse *pgconn.ParseConfigError
	if !errors.As(err, &parse) {
		return "it cannot be parsed"
	}
	text := parse.Error()
	if i := strings.LastIndex(text, "`: "); i >= 0 {
		text = text[i+3:]
	}
	for _, known := range []string{
		"sslmode", "port", "target_session_attrs", "connect_timeout", "certificate", "sslrootcert", "sslcert", "sslkey",
	} {
		if strings.Contains(text, known) {
			return "unusable " + known
		}
	}
	return "it cannot be parsed"
}

// configure builds the pool configuration of the options; hooks are set by the pool.
func configure(dsn string, o Options) (*pgxpool.Config, error) {
	parsed, err := parse(dsn)
	if err != nil {
		return nil, err
	}
	config, err := pgxpool.ParseConfig("")
	if err != nil {
		return nil, pgerr.Wrap(err, pgerr.Internal, "the driver refuses an empty configuration")
	}
	config.ConnConfig = parsed
	setConnectTimeout(parsed, o)
	setRuntimeParams(parsed.RuntimeParams, o)
	// Statements are prepared, described and cached here, not in the driver.
	parsed.StatementCacheCapacity = 0
	parsed.DescriptionCacheCapacity = 0
	parsed.BuildContextWatcherHandler = func(pg *pgconn.PgConn) ctxwatch.Handler { return cancellerOf(pg) }
	config.MaxConns = o.MaxConnections
	config.MinConns = o.MinConnections
	config.MaxConnLifetime = orNever(o.MaxLifetime)
	config.MaxConnLifetimeJitter = config.MaxConnLifetime / 10
	config.MaxConnIdleTime = orNever(o.IdleTimeout)
	config.HealthCheckPeriod = max(seconds(o.HealthCheckPeriod), 1)
	return config, nil
}

func setConnectTimeout(config *pgx.ConnConfig, o Options) {
	if o.ConnectTimeout != nil {
		config.ConnectTimeout = seconds(*o.ConnectTimeout)
	} else if config.ConnectTimeout == 0 {
		config.ConnectTimeout = seconds(defaultConnectTimeout)
	}
}

func setRuntimeParams(params map[string]string, o Options) {
	if o.ApplicationName != nil {
		params["application_name"] = *o.ApplicationName
	} else if params["application_name"] == "" {
		params["application_name"] = defaultApplicationName
	}
	if o.StatementTimeout != nil {
		params["statement_timeout"] = strconv.FormatInt(int64(math.Ceil(*o.StatementTimeout)), 10) // 0 would mean no limit
	}
	// What the decoders of text values rely on; PgBouncer passes both on.
	params["client_encoding"] = "UTF8"
	params["datestyle"] = "ISO"
}
