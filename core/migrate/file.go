package migrate

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/query"
)

// Migration is one file.
type Migration struct {
	File        string
	Version     string
	Description string
	// Checksum is the SHA-256 of the text in hexadecimal digits.
	Checksum string
	Up, Down []string
	// Autocommit: its statements run on their own instead of in one transaction.
	Autocommit bool
}

// fault is something wrong with the migrations themselves.
func fault(format string, args ...any) *pgerr.Error {
	return pgerr.New(pgerr.Migration, format, args...)
}

// Parse reads a file. Line ends count as LF and a byte order mark as nothing, also for the checksum: both come and go
// with editors and with settings of Git.
func Parse(name string, content []byte) (Migration, error) {
	parsed, err := parseName(name)
	if err != nil {
		return Migration{}, err
	}
	text := strings.ReplaceAll(strings.TrimPrefix(string(content), "\ufeff"), "\r\n", "\n")
	switch {
	case !utf8.ValidString(text):
		return Migration{}, fault("Migration file is not UTF-8: %s", name)
	case strings.IndexByte(text, 0) >= 0:
		return Migration{}, fault("Migration file contains a NUL character: %s", name)
	}
	var s sections
	if err := s.read(name, text); err != nil {
		return Migration{}, err
	}
	if s.description == "" {
		s.description = parsed.description
	}
	sum := sha256.Sum256([]byte(text))
	return Migration{
		File: name, Version: parsed.version, Description: s.description, Checksum: hex.EncodeToString(sum[:]),
		Up: query.Split(s.up.String()), Down: query.Split(s.down.String()), Autocommit: s.autocommit,
	}, nil
}

// sections are the parts of a text.
type sections struct {
	description string
	autocommit  bool
	up, down    strings.Builder
	seen        map[string]bool
	current     *strings.Builder // nil in the header
}

const (
	descriptionMark = "-- description:"
	optionMark      = "-- ouroboros:"
	noTransaction   = "no-transaction"
)

func (s *sections) read(name, text string) error {
	s.seen = map[string]bool{}
	for line := range strings.SplitSeq(text, "\n") {
		if err := s.line(name, line); err != nil {
			return err
		}
	}
	for _, section := range []struct {
		name string
		text *strings.Builder
	}{{"UP", &s.up}, {"DOWN", &s.down}} {
		if strings.TrimSpace(section.text.String()) == "" {
			return fault("Migration file missing %s section: %s", section.name, name)
		}
	}
	return nil
}

func (s *sections) line(name, line string) error {
	trimmed := strings.TrimSpace(line)
	switch lower := strings.ToLower(trimmed); {
	case lower == "-- up" || lower == "-- migrate:up":
		return s.start(name, "UP", &s.up)
	case lower == "-- down" || lower == "-- migrate:down":
		return s.start(name, "DOWN", &s.down)
	case strings.HasPrefix(lower, optionMark):
		return s.option(name, strings.TrimSpace(lower[len(optionMark):]))
	case s.current != nil:
		s.current.WriteString(line)
		s.current.WriteByte('\n')
	case strings.HasPrefix(lower, descriptionMark):
		s.description = strings.TrimSpace(trimmed[len(descriptionMark):])
	}
	return nil
}

// start opens a section. A second one of a kind is more likely a comment than meant: what stands behind it would run in
// the wrong direction.
func (s *sections) start(name, section string, text *strings.Builder) error {
	if s.seen[section] {
		return fault("Migration file has more than one %s section: %s", section, name)
	}
	s.seen[section] = true
	s.current = text
	return nil
}

func (s *sections) option(name, option string) error {
	switch {
	case option != noTransaction:
		return fault("Migration file has an unknown option %q: %s", option, name)
	case s.current != nil:
		return fault("Migration file has the option %q behind its header: %s", option, name)
	}
	s.autocommit = true
	return nil
}
