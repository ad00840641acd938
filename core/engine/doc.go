// Package engine owns every connection: the pool, statement execution with its cache and retries, transactions,
// cancellation and statistics.
package engine
