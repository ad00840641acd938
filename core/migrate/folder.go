package migrate

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ouroboros-postgres/core/pgerr"
)

// Load reads the migrations of a directory, in the order of their versions.
func Load(directory string) ([]Migration, error) {
	all, err := load(directory)
	return all, pgerr.WithPrefix(err, "Failed to load migrations")
}

func load(directory string) ([]Migration, error) {
	names, err := fileNames(directory)
	if err != nil {
		return nil, err
	}
	all := make([]Migration, 0, len(names))
	for _, name := range names {
		content, err := os.ReadFile(filepath.Join(directory, name)) //nolint:gosec // the directory is the caller's choice
		if err != nil {
			return nil, unreadable("Migration file", err)
		}
		m, err := Parse(name, content)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return inOrder(all)
}

// fileNames lists what counts as a migration: plain files, or links to them, that end in .sql and do not start with a
// dot.
func fileNames(directory string) ([]string, error) {
	info, err := os.Stat(directory)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault("Migration directory does not exist: %s", directory)
	case err != nil:
		return nil, unreadable("Migration directory", err)
	case !info.IsDir():
		return nil, fault("Migration path is not a directory: %s", directory)
	}
	entries, err := os.ReadDir(directory)
	if err != nil {
		return nil, unreadable("Migration directory", err)
	}
	var names []string
	for _, entry := range entries {
		name := entry.Name()
		if filepath.Ext(name) != extension || strings.HasPrefix(name, ".") {
			continue
		}
		info, err := os.Stat(filepath.Join(directory, name))
		if err != nil {
			return nil, unreadable("Migration file", err)
		}
		if !info.IsDir() {
			names = append(names, name)
		}
	}
	return names, nil
}

func unreadable(what string, err error) error {
	return pgerr.Wrap(err, pgerr.Migration, "%s cannot be read: %s", what, err)
}

// inOrder sorts by version and refuses two files of one.
func inOrder(all []Migration) ([]Migration, error) {
	slices.SortStableFunc(all, func(a, b Migration) int { return strings.Compare(a.Version, b.Version) })
	for i := 1; i < len(all); i++ {
		if all[i].Version == all[i-1].Version {
			return nil, fault("Duplicate migration version %s: %s and %s", all[i].Version, all[i-1].File, all[i].File)
		}
	}
	return all, nil
}
