package engine

import (
	"strings"
	"unicode/utf8"

	"ouroboros-postgres/core/pgerr"
)

// sqlExcerpt is how much of a statement enters logs and errors: 100 characters (50 in failure records).
const (
	sqlExcerpt        = 100
	sqlFailureExcerpt = 50
)

// excerpt shortens a statement to n characters without cutting one apart.
func excerpt(sql string, n int) string {
	if utf8.RuneCountInString(sql) <= n {
		return sql
	}
	for i := range sql {
		if n == 0 {
			return sql[:i]
		}
		n--
	}
	return sql
}

// withoutValues is a message fit for logs. The server quotes the value at fault in those of data errors (class 22), each
// language with marks of its own.
func withoutValues(e *pgerr.Error) string {
	if !strings.HasPrefix(e.SQLState, "22") {
		return e.Message
	}
	if i := strings.IndexAny(e.Message, "\"'`«»‹›„“”‚‘’「『"); i >= 0 {
		return strings.TrimRight(e.Message[:i], " :") + " …"
	}
	return e.Message
}
