package query

import "strings"

// plainRead accepts reading statements without locks, without data-modifying parts and without calls of functions that
// are not known to be pure. Words that are merely called like a key word make it refuse.
func plainRead(statement []Token) bool {
	switch keyword(statement) {
	case "SHOW":
		return true
	case "SELECT", "VALUES", "TABLE", "WITH":
	default:
		return false
	}
	for i, t := range statement {
		if t.Kind == Word && writes(t) {
			return false
		}
		if i > 0 && t.mark("(") && !pureCall(statement[:i]) {
			return false
		}
	}
	return true
}

func writes(t Token) bool {
	switch strings.ToUpper(t.Text) {
	case "INTO", "INSERT", "UPDATE", "DELETE", "MERGE", "SHARE":
		return true
	}
	return false
}

// pureCall judges what stands before an opening parenthesis.
func pureCall(before []Token) bool {
	last := before[len(before)-1]
	qualified := len(before) > 1 && before[len(before)-2].mark(".")
	switch {
	case last.Kind == QuotedWord:
		return false
	case last.Kind != Word:
		return true
	case qualified:
		return false
	}
	name := strings.ToLower(last.Text)
	return precedesParenthesis(name) || pureFunction(name) || sizedType(name)
}

func precedesParenthesis(name string) bool {
	switch name {
	case "all", "and", "any", "array", "as", "between", "by", "case", "cross", "distinct", "else", "except", "exists",
		"filter", "from", "group", "having", "ilike", "in", "intersect", "is", "join", "lateral", "like", "limit",
		"materialized", "not", "offset", "on", "or", "over", "row", "select", "sets", "similar", "some", "then", "to",
		"union", "using", "values", "when", "where", "with", "within":
		return true
	}
	return false
}

func sizedType(name string) bool {
	switch name {
	case "bit", "char", "character", "decimal", "float", "interval", "numeric", "time", "timestamp", "timestamptz",
		"varbit", "varchar", "varying":
		return true
	}
	return false
}

func pureFunction(name string) bool {
	return pureAggregate(name) || pureScalar(name) || pureText(name) || pureDocument(name)
}

func pureAggregate(name string) bool {
	switch name {
	case "array_agg", "avg", "bit_and", "bit_or", "bool_and", "bool_or", "count", "cume_dist", "dense_rank", "every",
		"first_value", "json_agg", "json_object_agg", "jsonb_agg", "jsonb_object_agg", "lag", "last_value", "lead", "max",
		"min", "mode", "nth_value", "ntile", "percent_rank", "percentile_cont", "percentile_disc", "rank", "row_number",
		"stddev", "stddev_pop", "stddev_samp", "string_agg", "sum", "var_pop", "var_samp", "variance":
		return true
	}
	return false
}

func pureScalar(name string) bool {
	switch name {
	case "abs", "age", "cast", "ceil", "ceiling", "clock_timestamp", "coalesce", "cube", "current_database",
		"current_schema", "current_schemas", "current_setting", "date_bin", "date_part", "date_trunc", "exp", "extract",
		"floor", "gen_random_uuid", "generate_series", "greatest", "grouping", "least", "ln", "log", "make_date",
		"make_interval", "make_time", "make_timestamp", "make_timestamptz", "mod", "now", "nullif", "pg_backend_pid",
		"pg_typeof", "power", "random", "rollup", "round", "sign", "sqrt", "statement_timestamp", "timezone",
		"transaction_timestamp", "trunc", "unnest", "version", "width_bucket":
		return true
	}
	return false
}

func pureText(name string) bool {
	switch name {
	case "ascii", "bit_length", "btrim", "char_length", "character_length", "chr", "concat", "concat_ws", "decode",
		"encode", "format", "initcap", "left", "length", "lower", "lpad", "ltrim", "md5", "octet_length", "overlay",
		"position", "quote_ident", "quote_literal", "regexp_match", "regexp_matches", "regexp_replace",
		"regexp_split_to_array", "regexp_split_to_table", "repeat", "replace", "reverse", "right", "rpad", "rtrim",
		"sha256", "split_part", "starts_with", "string_to_array", "strpos", "substr", "substring", "to_char", "to_date",
		"to_number", "to_timestamp", "translate", "trim", "upper":
		return true
	}
	return false
}

func pureDocument(name string) bool {
	switch name {
	case "array_append", "array_cat", "array_length", "array_lower", "array_ndims", "array_position", "array_positions",
		"array_prepend", "array_remove", "array_replace", "array_to_json", "array_to_string", "array_upper",
		"cardinality", "isempty", "json_array_elements", "json_array_elements_text", "json_array_length",
		"json_build_array", "json_build_object", "json_each", "json_each_text", "json_object_keys", "json_typeof",
		"jsonb_array_elements", "jsonb_array_elements_text", "jsonb_array_length", "jsonb_build_array",
		"jsonb_build_object", "jsonb_each", "jsonb_each_text", "jsonb_extract_path", "jsonb_extract_path_text",
		"jsonb_object_keys", "jsonb_path_exists", "jsonb_path_query", "jsonb_pretty", "jsonb_set", "jsonb_strip_nulls",
		"jsonb_typeof", "phraseto_tsquery", "plainto_tsquery", "row_to_json", "to_json", "to_jsonb", "to_tsquery",
		"to_tsvector", "ts_headline", "ts_rank", "ts_rank_cd", "websearch_to_tsquery":
		return true
	}
	return false
}
