package query

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"ouroboros-postgres/core/pgerr"
)

// MaxIdentifier is the length in bytes at which PostgreSQL cuts names off.
const MaxIdentifier = 63

// Reason says why a name was refused; it is safe to log, the name is not.
type Reason string

const (
	EmptyIdentifier   Reason = "empty_identifier"
	InvalidFormat     Reason = "invalid_format"
	StartsWithDigit   Reason = "starts_with_digit"
	InvalidCharacters Reason = "invalid_characters"
	SystemSchema      Reason = "system_schema"
	TooLong           Reason = "too_long"
)

func (r Reason) Error() string { return string(r) }

// RefusedFor finds the reason in an error of Quote and its kin.
func RefusedFor(err error) (Reason, bool) {
	var reason Reason
	ok := errors.As(err, &reason)
	return reason, ok
}

func refuse(reason Reason, message string) error {
	return pgerr.Wrap(reason, pgerr.Identifier, "%s", message)
}

// refuseName is refuse with the name behind the message, unless it looks hostile: messages end up in logs and on pages.
func refuseName(reason Reason, message, name string) error {
	if harmless(name) {
		message += ": " + name
	}
	return refuse(reason, message)
}

// harmless accepts what a typing error makes of a name: words with digits in front, hyphens or dots.
func harmless(name string) bool {
	for _, r := range name {
		if r != '_' && r != '-' && r != '.' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return false
		}
	}
	return len(name) <= MaxIdentifier && utf8.ValidString(name) && !strings.Contains(name, "--")
}

// Quote makes a name of one part (a column, an alias, a savepoint) safe to stand in SQL text. A part that comes in double
// quotes is taken as it is, without the rules for bare names.
func Quote(name string) (string, error) {
	bare, err := Bare(name)
	if err != nil {
		return "", err
	}
	return quoted(bare), nil
}

// QuoteTable is Quote for name or schema.name; the system catalogues are refused.
func QuoteTable(name string) (string, error) {
	schema, table, err := SplitTable(name)
	if err != nil {
		return "", err
	}
	if schema == "" {
		return quoted(table), nil
	}
	return quoted(schema) + "." + quoted(table), nil
}

// QuoteColumn is Quote for column, table.column or schema.table.column; the system catalogues are refused as tables.
func QuoteColumn(name string) (string, error) {
	parts, err := splitColumn(name)
	if err != nil {
		return "", err
	}
	for i, part := range parts {
		parts[i] = quoted(part)
	}
	return strings.Join(parts, "."), nil
}

// splitColumn gives the bare parts of a column.
func splitColumn(name string) ([]string, error) {
	parts, err := split(name)
	if err != nil {
		return nil, err
	}
	if len(parts) > 3 {
		return nil, refuseName(InvalidFormat, "Invalid identifier: at most schema.table.column is allowed", name)
	}
	for _, part := range parts[:len(parts)-1] {
		if system(part) {
			return nil, refuse(SystemSchema, "Access to "+part+" is not allowed")
		}
	}
	return parts, nil
}

// columnName is the name of the result column that a column of QuoteColumn becomes, "" for one that is refused.
func columnName(name string) string {
	parts, err := split(name)
	if err != nil {
		return ""
	}
	return parts[len(parts)-1]
}

// SplitTable gives the bare parts of name (schema "") or schema.name.
func SplitTable(name string) (schema, table string, err error) {
	parts, err := split(name)
	if err != nil {
		return "", "", err
	}
	if len(parts) > 2 {
		return "", "", refuseName(InvalidFormat, "Invalid table name: at most schema.table is allowed", name)
	}
	for _, part := range parts {
		if system(part) {
			return "", "", refuse(SystemSchema, "Access to "+part+" is not allowed")
		}
	}
	if len(parts) == 2 {
		schema = parts[0]
	}
	return schema, parts[len(parts)-1], nil
}

// Reference reads what a foreign key points to: table (its column id), table.column or schema.table.column.
func Reference(ref string) (table, column string, err error) {
	if strings.TrimSpace(ref) == "" {
		return "", "", refuse(EmptyIdentifier, "Foreign key reference cannot be empty")
	}
	raw, ok := cut(ref)
	if !ok || len(raw) > 3 {
		return "", "", refuse(InvalidFormat, "Invalid foreign key reference format: use table, table.column or schema.table.column")
	}
	for _, text := range raw {
		if _, err := part(text); err != nil {
			reason, _ := RefusedFor(err)
			return "", "", refuse(reason, "Invalid foreign key reference format: "+pgerr.From(err).Message)
		}
	}
	table, column = ref, "id"
	if last := len(raw) - 1; last > 0 {
		column = raw[last]
		table = strings.Join(raw[:last], ".")
	}
	if _, _, err := SplitTable(table); err != nil {
		return "", "", err
	}
	return table, column, nil
}

func quoted(part string) string { return `"` + strings.ReplaceAll(part, `"`, `""`) + `"` }

func system(part string) bool {
	lower := strings.ToLower(part)
	return strings.HasPrefix(lower, "pg_") || lower == "information_schema"
}

// split gives the bare parts of a dotted name after checking each.
func split(name string) ([]string, error) {
	if name == "" {
		return nil, refuse(EmptyIdentifier, "Identifier cannot be empty")
	}
	raw, ok := cut(name)
	if !ok {
		return nil, refuse(InvalidFormat, "Invalid identifier: unbalanced quotes")
	}
	parts := make([]string, len(raw))
	for i, text := range raw {
		bare, err := part(text)
		if err != nil {
			return nil, err
		}
		parts[i] = bare
	}
	return parts, nil
}

// cut splits at the dots outside double quotes.
func cut(name string) ([]string, bool) {
	var parts []string
	start, inside := 0, false
	for i := 0; i < len(name); i++ {
		switch {
		case name[i] == '"':
			inside = !inside
		case name[i] == '.' && !inside:
			parts = append(parts, name[start:i])
			start = i + 1
		}
	}
	return append(parts, name[start:]), !inside
}

func part(text string) (string, error) {
	if strings.HasPrefix(text, `"`) {
		return unquoted(text)
	}
	return text, checkBare(text)
}

// checkBare applies the rules for bare names.
func checkBare(text string) error {
	if err := common(text); err != nil {
		return err
	}
	for i, r := range text {
		switch {
		case i == 0 && unicode.IsDigit(r):
			return refuseName(StartsWithDigit, "Invalid identifier: it must not start with a digit", text)
		case r == '_' || unicode.IsLetter(r):
		case i > 0 && (r == '$' || unicode.IsDigit(r) || unicode.IsMark(r)):
		default:
			return refuseName(InvalidCharacters, "Invalid identifier: it contains characters that are not allowed", text)
		}
	}
	return nil
}

func unquoted(text string) (string, error) {
	if len(text) < 2 || !strings.HasSuffix(text, `"`) {
		return "", refuse(InvalidFormat, "Invalid identifier: text beside the quotes")
	}
	inner := text[1 : len(text)-1]
	if strings.Contains(strings.ReplaceAll(inner, `""`, ""), `"`) {
		return "", refuse(InvalidFormat, "Invalid identifier: text beside the quotes")
	}
	name := strings.ReplaceAll(inner, `""`, `"`)
	return name, common(name)
}

// common holds for bare and for quoted parts. A name that normalisation changes could pass for another one.
func common(part string) error {
	switch {
	case part == "":
		return refuse(EmptyIdentifier, "Identifier cannot be empty")
	case !utf8.ValidString(part) || strings.ContainsRune(part, 0):
		return refuse(InvalidCharacters, "Invalid identifier: it contains characters that are not allowed")
	case len(part) > MaxIdentifier:
		return refuse(TooLong, "Invalid identifier: it is longer than 63 bytes")
	case !norm.NFKC.IsNormalString(part):
		return refuse(InvalidCharacters, "Invalid identifier: it changes under Unicode normalisation (NFKC)")
	}
	return nil
}

// Bare is the name of one part as the server knows it, without quotes.
func Bare(name string) (string, error) {
	parts, err := split(name)
	if err != nil {
		return "", err
	}
	if len(parts) != 1 {
		return "", refuseName(InvalidFormat, "Invalid identifier: a name of one part is needed", name)
	}
	return parts[0], nil
}

// Verbatim is a name from the catalogue in the form in which Quote takes it as it is.
func Verbatim(name string) string { return quoted(name) }
