package query_test

import (
	"testing"

	"ouroboros-postgres/core/query"
)

func TestExplain(t *testing.T) {
	t.Parallel()
	for want, options := range map[string]query.Explain{
		"EXPLAIN (FORMAT TEXT) SELECT 1":                            {},
		"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON, VERBOSE) SELECT 1": {Analyze: true, Buffers: true, Verbose: true, Format: "json"},
	} {
		if got, err := options.Of("SELECT 1"); err != nil || got != want {
			t.Errorf("%+v: %s, %v", options, got, err)
		}
	}
}

func TestExplainRefusesUnknownFormats(t *testing.T) {
	t.Parallel()
	options := query.Explain{Format: "json) SELECT 2; --"}
	if got, err := options.Of("SELECT 1"); err == nil {
		t.Errorf("got %s", got)
	}
}
