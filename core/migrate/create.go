package migrate

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ouroboros-postgres/core/pgerr"
)

const (
	versionLayout = "20060102_150405"
	// maxSlug keeps file names within what every file system takes.
	maxSlug = 150
)

// Create writes a file to be filled in, and returns its name. Its version is now, in UTC, or the first second after that
// which has no migration yet.
func Create(directory, description string, now time.Time) (string, error) {
	title := strings.Join(strings.Fields(description), " ") // it has to stay on its line
	switch {
	case title == "":
		return "", pgerr.New(pgerr.Value, "description must not be empty")
	case strings.IndexByte(title, 0) >= 0:
		return "", pgerr.New(pgerr.Value, "description must not contain a NUL character")
	}
	name, err := create(directory, title, now.UTC())
	if err != nil {
		return "", pgerr.WithPrefix(pgerr.Wrap(err, pgerr.Migration, "%s", err), "Failed to create migration file")
	}
	return name, nil
}

func create(directory, title string, at time.Time) (string, error) {
	if err := os.MkdirAll(directory, 0o777); err != nil { //nolint:gosec // the umask decides, as for every file of a project
		return "", err
	}
	for ; ; at = at.Add(time.Second) {
		version := at.Format(versionLayout)
		if others, err := ofVersion(directory, version); err != nil || len(others) > 0 {
			if err != nil {
				return "", err
			}
			continue
		}
		base := version + "_" + slug(title)
		name := base + extension
		err := writeNew(filepath.Join(directory, name), template(base, title))
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		// Somebody else may have taken the same second for another description.
		if others, err := ofVersion(directory, version); err != nil || len(others) == 1 {
			return name, err
		}
		if err := os.Remove(filepath.Join(directory, name)); err != nil {
			return "", err
		}
	}
}

// ofVersion lists the files that have this version.
func ofVersion(directory, version string) ([]string, error) {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		name := entry.Name()
		if strings.HasPrefix(name, version+"_") || name == version+extension {
			names = append(names, name)
		}
	}
	return names, nil
}

// writeNew never overwrites.
func writeNew(path, content string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666) //nolint:gosec // as above
	if err != nil {
		return err
	}
	_, err = file.WriteString(content)
	return errors.Join(err, file.Close())
}

// slug is the description as a part of a file name.
func slug(title string) string {
	words := strings.FieldsFunc(strings.ToLower(title), func(r rune) bool {
		return r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	s := strings.Join(words, "_")
	if len(s) > maxSlug {
		s = s[:maxSlug]
	}
	if s == "" { // nothing in it is ASCII
		return "migration"
	}
	return s
}

func template(name, title string) string {
	return "-- Migration: " + name + "\n-- Description: " + title + `

-- UP
-- Write the statements that make the change here.

-- DOWN
-- Write the statements that undo it here.
`
}
