package engine

import (
	"sync/atomic"
	"time"
)

// Metrics is a snapshot of a pool.
type Metrics struct {
	PoolSize         int32   `json:"pool_size"`
	Idle             int32   `json:"num_idle"`
	Active           int32   `json:"num_active"`
	MaxConnections   int32   `json:"max_connections"`
	MinConnections   int32   `json:"min_connections"`
	Utilization      float64 `json:"utilization"`
	Timestamp        float64 `json:"timestamp"`
	AcquireSuccess   uint64  `json:"acquire_success"`
	AcquireFailures  uint64  `json:"acquire_failures"`
	QueriesExecuted  uint64  `json:"queries_executed"`
	QueryFailures    uint64  `json:"query_failures"`
	Retries          uint64  `json:"retries"`
	SlowQueries      uint64  `json:"slow_queries"`
	AcquireLatency   Latency `json:"acquire_latency"`
	QueryLatency     Latency `json:"query_latency"`
	UptimeSeconds    float64 `json:"uptime_seconds"`
	QueriesPerSecond float64 `json:"queries_per_second"`
}

// counters are what the pool counts itself; sizes come from the driver's pool.
type counters struct {
	since                            atomic.Int64 // Unix nanoseconds
	acquired, acquireFailed          atomic.Uint64
	queries, failed, retries, slow   atomic.Uint64
	acquireLatency, statementLatency histogram
}

func (c *counters) reset() {
	c.since.Store(time.Now().UnixNano())
	for _, counter := range []*atomic.Uint64{&c.acquired, &c.acquireFailed, &c.queries, &c.failed, &c.retries, &c.slow} {
		counter.Store(0)
	}
	c.acquireLatency.reset()
	c.statementLatency.reset()
}

// Metrics counts since the pool was opened or the counters were reset.
func (p *Pool) Metrics() Metrics {
	now, stat := time.Now(), p.pool.Stat()
	c := &p.counters
	uptime := now.Sub(time.Unix(0, c.since.Load())).Seconds()
	m := Metrics{
		PoolSize: stat.AcquiredConns() + stat.IdleConns(), Idle: stat.IdleConns(), Active: stat.AcquiredConns(),
		MaxConnections: p.options.MaxConnections, MinConnections: p.options.MinConnections,
		Timestamp:      float64(now.UnixNano()) / 1e9,
		AcquireSuccess: c.acquired.Load(), AcquireFailures: c.acquireFailed.Load(),
		QueriesExecuted: c.queries.Load(), QueryFailures: c.failed.Load(),
		Retries: c.retries.Load(), SlowQueries: c.slow.Load(),
		AcquireLatency: c.acquireLatency.latency(), QueryLatency: c.statementLatency.latency(),
		UptimeSeconds: uptime,
	}
	m.Utilization = float64(m.Active) / float64(m.MaxConnections)
	if uptime > 0 {
		m.QueriesPerSecond = float64(m.QueriesExecuted) / uptime
	}
	return m
}

// ResetMetrics starts counting anew.
func (p *Pool) ResetMetrics() { p.counters.reset() }
