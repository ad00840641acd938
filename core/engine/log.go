package engine

import "unicode/utf8"

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
