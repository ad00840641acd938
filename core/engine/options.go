package engine

import (
	"time"

	"ouroboros-postgres/core/pgerr"
)

// Options are those of init under their own names and units (docs/reference/configuration.md).
type Options struct {
	MinConnections     int32    `json:"min_connections"`
	MaxConnections     int32    `json:"max_connections"`
	ConnectTimeout     *float64 `json:"connect_timeout"`
	AcquireTimeout     *float64 `json:"acquire_timeout"`
	MaxLifetime        *float64 `json:"max_lifetime"`
	IdleTimeout        *float64 `json:"idle_timeout"`
	MaxRetries         int      `json:"max_retries"`
	InitialRetryDelay  float64  `json:"initial_retry_delay_ms"`
	MaxRetryDelay      float64  `json:"max_retry_delay_ms"`
	RetryBackoff       float64  `json:"retry_backoff_multiplier"`
	StatementCache     int      `json:"statement_cache_capacity"`
	QueryMaxRetries    int      `json:"query_max_retries"`
	QueryInitialDelay  float64  `json:"query_retry_initial_delay_ms"`
	QueryMaxDelay      float64  `json:"query_retry_max_delay_ms"`
	QueryBackoff       float64  `json:"query_retry_backoff_multiplier"`
	SlowQueryThreshold *float64 `json:"slow_query_threshold_ms"`
	StatementTimeout   *float64 `json:"statement_timeout_ms"`
	HealthCheckPeriod  float64  `json:"health_check_period"`
	ApplicationName    *string  `json:"application_name"`
	HideDetail         bool     `json:"hide_detail"`
	CloseTimeout       float64  `json:"close_timeout"`
}

const (
	defaultConnectTimeout  = 30.0
	defaultApplicationName = "ouroboros_postgres"
	// forever stands for "never" where pgxpool wants a duration.
	forever = 100 * 365 * 24 * time.Hour
)

// DefaultOptions is the starting point; a request overrides what it names.
func DefaultOptions() Options {
	lifetime, idle, slow := 1800.0, 600.0, 1000.0
	return Options{
		MinConnections: 1, MaxConnections: 10,
		MaxLifetime: &lifetime, IdleTimeout: &idle,
		MaxRetries: 3, InitialRetryDelay: 100, MaxRetryDelay: 5000, RetryBackoff: 2,
		StatementCache:  100,
		QueryMaxRetries: 3, QueryInitialDelay: 50, QueryMaxDelay: 2000, QueryBackoff: 2,
		SlowQueryThreshold: &slow,
		HealthCheckPeriod:  60,
		CloseTimeout:       10,
	}
}

func (o Options) validate() error {
	switch {
	case o.MinConnections < 0:
		return pgerr.New(pgerr.Value, "min_connections must not be negative")
	case o.MaxConnections < 1:
		return pgerr.New(pgerr.Value, "max_connections must be at least 1")
	case o.MinConnections > o.MaxConnections:
		return pgerr.New(pgerr.Value, "min_connections must not exceed max_connections")
	case o.MaxRetries < 0:
		return pgerr.New(pgerr.Value, "max_retries must not be negative")
	case o.QueryMaxRetries < 0:
		return pgerr.New(pgerr.Value, "query_max_retries must not be negative")
	case o.StatementCache < 0:
		return pgerr.New(pgerr.Value, "statement_cache_capacity must not be negative")
	case o.RetryBackoff < 1:
		return pgerr.New(pgerr.Value, "retry_backoff_multiplier must be at least 1")
	case o.QueryBackoff < 1:
		return pgerr.New(pgerr.Value, "query_retry_backoff_multiplier must be at least 1")
	case o.HealthCheckPeriod <= 0:
		return pgerr.New(pgerr.Value, "health_check_period must be positive")
	}
	return o.validateDurations()
}

func (o Options) validateDurations() error {
	for name, value := range map[string]*float64{
		"connect_timeout": o.ConnectTimeout, "acquire_timeout": o.AcquireTimeout, "max_lifetime": o.MaxLifetime,
		"idle_timeout": o.IdleTimeout, "initial_retry_delay_ms": &o.InitialRetryDelay, "max_retry_delay_ms": &o.MaxRetryDelay,
		"query_retry_initial_delay_ms": &o.QueryInitialDelay, "query_retry_max_delay_ms": &o.QueryMaxDelay,
		"slow_query_threshold_ms": o.SlowQueryThreshold, "statement_timeout_ms": o.StatementTimeout,
		"close_timeout": &o.CloseTimeout,
	} {
		if value != nil && *value < 0 {
			return pgerr.New(pgerr.Value, "%s must not be negative", name)
		}
	}
	return nil
}

func seconds(s float64) time.Duration { return scaled(s, time.Second) }

func milliseconds(ms float64) time.Duration { return scaled(ms, time.Millisecond) }

// scaled saturates: a float far beyond the range of a Duration means "very long".
func scaled(value float64, unit time.Duration) time.Duration {
	if value >= float64(forever)/float64(unit) {
		return forever
	}
	return time.Duration(value * float64(unit))
}

// orNever reads a duration in seconds in which nil means never.
func orNever(s *float64) time.Duration {
	if s == nil {
		return forever
	}
	return seconds(*s)
}
