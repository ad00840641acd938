package query

import (
	"slices"
	"strings"

	"ouroboros-postgres/core/pgerr"
)

// Explain are the options of EXPLAIN.
type Explain struct {
	Analyze bool   `json:"analyze"`
	Buffers bool   `json:"buffers"`
	Verbose bool   `json:"verbose"`
	Format  string `json:"format"`
}

// Of makes the statement that explains another one.
func (e *Explain) Of(sql string) (string, error) {
	format := e.Format
	if format == "" {
		format = "text"
	}
	if !slices.Contains([]string{"text", "json", "xml", "yaml"}, format) {
		return "", pgerr.New(pgerr.Value, "Unknown format: %.64q", format)
	}
	options := []string{"FORMAT " + strings.ToUpper(format)}
	for name, wanted := range map[string]bool{"ANALYZE": e.Analyze, "BUFFERS": e.Buffers, "VERBOSE": e.Verbose} {
		if wanted {
			options = append(options, name)
		}
	}
	slices.Sort(options)
	return "EXPLAIN (" + strings.Join(options, ", ") + ") " + sql, nil
}
