package migrate

import "strings"

const extension = ".sql"

// fileName is <part1>_<part2>[_<rest>].sql, of which the first two parts are the version.
type fileName struct {
	version string
	// description is the rest, in words.
	description string
}

// parseName reads a file name that ends in .sql.
func parseName(name string) (fileName, error) {
	parts := strings.SplitN(strings.TrimSuffix(name, extension), "_", 3)
	if len(parts) < 2 || parts[0] == "" || parts[1] == "" {
		return fileName{}, fault("Invalid migration file name: %s (expected YYYYMMDD_HHMMSS_description.sql)", name)
	}
	parsed := fileName{version: parts[0] + "_" + parts[1]}
	if len(parts) == 3 {
		parsed.description = strings.ReplaceAll(parts[2], "_", " ")
	}
	return parsed, nil
}
