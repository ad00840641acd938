package migrate

import (
	"slices"
	"strings"
)

// Applied is one row of the history table.
type Applied struct {
	Version  string
	Checksum string
}

// Status compares the files with the history; every list is in the order of versions.
type Status struct {
	Applied    []string `json:"applied"`
	Pending    []string `json:"pending"`
	Missing    []string `json:"missing"`      // recorded, but there is no file
	Modified   []string `json:"modified"`     // recorded with another checksum than that of the file
	OutOfOrder []string `json:"out_of_order"` // pending, but older than the newest that is applied
}

// compare finds out where the database stands.
func compare(files []Migration, history []Applied) Status {
	s := Status{Applied: []string{}, Pending: []string{}, Missing: []string{}, Modified: []string{}, OutOfOrder: []string{}}
	sums := make(map[string]string, len(history))
	newest := ""
	for _, a := range history {
		sums[a.Version] = a.Checksum
		s.Applied = append(s.Applied, a.Version)
		newest = max(newest, a.Version)
	}
	for _, f := range files {
		sum, applied := sums[f.Version]
		switch {
		case !applied && f.Version < newest:
			s.OutOfOrder = append(s.OutOfOrder, f.Version)
			fallthrough
		case !applied:
			s.Pending = append(s.Pending, f.Version)
		case sum != f.Checksum:
			s.Modified = append(s.Modified, f.Version)
		}
		delete(sums, f.Version)
	}
	for version := range sums {
		s.Missing = append(s.Missing, version)
	}
	slices.Sort(s.Applied)
	slices.Sort(s.Missing)
	return s
}

// upwards selects what to apply: all that is pending up to the target, "" for all.
func upwards(files []Migration, history []Applied, target string) ([]Migration, error) {
	s := compare(files, history)
	if len(s.Modified) > 0 {
		return nil, fault("Checksum mismatch for migration %s: its file is not what was applied", strings.Join(s.Modified, ", "))
	}
	if target != "" && !slices.ContainsFunc(files, func(f Migration) bool { return f.Version == target }) {
		return nil, fault("Target %s is not found in migration files", target)
	}
	var todo []Migration
	for _, f := range files {
		if slices.Contains(s.Pending, f.Version) && (target == "" || f.Version <= target) {
			todo = append(todo, f)
		}
	}
	return todo, nil
}

// downwards selects what to revert, the latest first: as many as steps says, or all that came after the target. history
// is in the order in which it was made.
func downwards(files []Migration, history []Applied, steps int, target string) ([]Migration, error) {
	kept := max(len(history)-steps, 0)
	if target != "" {
		kept = 1 + slices.IndexFunc(history, func(a Applied) bool { return a.Version == target })
		if kept == 0 {
			return nil, fault("Target %s is not applied", target)
		}
	}
	var todo []Migration
	for i := len(history) - 1; i >= kept; i-- {
		version := history[i].Version
		file := slices.IndexFunc(files, func(f Migration) bool { return f.Version == version })
		if file < 0 {
			return nil, fault("Migration %s is applied but not found in migration files", version)
		}
		todo = append(todo, files[file])
	}
	return todo, nil
}

func versions(all []Migration) []string {
	names := make([]string, len(all))
	for i, m := range all {
		names[i] = m.Version
	}
	return names
}
