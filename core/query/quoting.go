package query

import "strings"

// Sparing joins the bare parts of a name by dots, each in quotes where it needs them. It refuses nothing.
func Sparing(parts []string) string {
	texts := make([]string, len(parts))
	for i, part := range parts {
		texts[i] = sparing(part)
	}
	return strings.Join(texts, ".")
}

func sparing(part string) string {
	if plain(part) && !reserved(part) {
		return part
	}
	return quoted(part)
}

// plain tells names that the server reads the same with and without quotes, unless they are reserved.
func plain(part string) bool {
	for i := range len(part) {
		c := part[i]
		if c != '_' && (c < 'a' || c > 'z') && (i == 0 || !isDigit(c)) {
			return false
		}
	}
	return part != ""
}

// reserved are the key words in the categories "reserved" and "reserved (can be function or type)", up to PostgreSQL 18.
func reserved(word string) bool {
	switch word {
	case "all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "authorization", "binary", "both",
		"case", "cast", "check", "collate", "collation", "column", "concurrently", "constraint", "create", "cross",
		"current_catalog", "current_date", "current_role", "current_schema", "current_time", "current_timestamp",
		"current_user", "default", "deferrable", "desc", "distinct", "do", "else", "end", "except", "false", "fetch", "for",
		"foreign", "freeze", "from", "full", "grant", "group", "having", "ilike", "in", "initially", "inner", "intersect",
		"into", "is", "isnull", "join", "lateral", "leading", "left", "like", "limit", "localtime", "localtimestamp",
		"natural", "not", "notnull", "null", "offset", "on", "only", "or", "order", "outer", "overlaps", "placing",
		"primary", "references", "returning", "right", "select", "session_user", "similar", "some", "symmetric",
		"system_user", "table", "tablesample", "then", "to", "trailing", "true", "union", "unique", "user", "using", "variadic", "verbose", "when",
		"where", "window", "with":
		return true
	}
	return false
}
