package migrate

import (
	"reflect"
	"strings"
	"testing"
)

// files makes one migration per version, whose checksum is the version itself.
func files(names ...string) []Migration {
	var all []Migration
	for _, name := range names {
		all = append(all, Migration{Version: name, Checksum: name, File: name + extension})
	}
	return all
}

func applied(names ...string) []Applied {
	var all []Applied
	for _, name := range names {
		all = append(all, Applied{Version: name, Checksum: name})
	}
	return all
}

func TestCompare(t *testing.T) {
	t.Parallel()
	none := []string{}
	cases := []struct {
		files   []Migration
		history []Applied
		want    Status
	}{
		{nil, nil, Status{none, none, none, none, none}},
		{files("1", "2"), nil, Status{none, []string{"1", "2"}, none, none, none}},
		{nil, applied("2", "1"), Status{[]string{"1", "2"}, none, []string{"1", "2"}, none, none}},
		{files("1", "2", "4"), applied("3", "1"), Status{[]string{"1", "3"}, []string{"2", "4"}, []string{"3"}, none, []string{"2"}}},
		{files("1"), []Applied{{"1", "x"}}, Status{[]string{"1"}, none, none, []string{"1"}, none}},
	}
	for _, c := range cases {
		if got := compare(c.files, c.history); !reflect.DeepEqual(got, c.want) {
			t.Errorf("compare(%v, %v)\n got %v\nwant %v", versions(c.files), c.history, got, c.want)
		}
	}
}

func TestUpwards(t *testing.T) {
	t.Parallel()
	cases := []struct {
		files   []Migration
		history []Applied
		target  string
		want    string
		err     string
	}{
		{files("1", "2", "3"), applied("2"), "", "1 3", ""},
		{files("1", "2", "3"), applied("2"), "2", "1", ""},
		{files("1", "2"), nil, "3", "", "Target 3 is not found in migration files"},
		{files("2"), append(applied("1"), Applied{"2", "x"}), "", "", "Checksum mismatch for migration 2"},
	}
	for _, c := range cases {
		got, err := upwards(c.files, c.history, c.target)
		check(t, got, err, c.want, c.err)
	}
}

func TestDownwards(t *testing.T) {
	t.Parallel()
	cases := []struct {
		files   []Migration
		history []Applied
		steps   int
		target  string
		want    string
		err     string
	}{
		{files("1", "2", "3"), applied("1", "3", "2"), 2, "", "2 3", ""},
		{files("1", "2", "3"), applied("1", "3", "2"), 9, "", "2 3 1", ""},
		{files("1", "2", "3"), applied("1", "3", "2"), 0, "", "", ""},
		{files("1", "2", "3"), applied("1", "3", "2"), 0, "1", "2 3", ""},
		{files("1", "2", "3"), applied("1", "3", "2"), 0, "2", "", ""},
		{files("1", "2"), applied("1"), 0, "2", "", "Target 2 is not applied"},
		{files("2"), applied("1", "2"), 1, "", "2", ""},
		{files("2"), applied("1", "2"), 2, "", "", "Migration 1 is applied but not found in migration files"},
	}
	for _, c := range cases {
		got, err := downwards(c.files, c.history, c.steps, c.target)
		check(t, got, err, c.want, c.err)
	}
}

func check(t *testing.T, got []Migration, err error, want, message string) {
	t.Helper()
	if joined := strings.Join(versions(got), " "); joined != want {
		t.Errorf("got %q, want %q", joined, want)
	}
	if (err == nil) != (message == "") || err != nil && !strings.HasPrefix(err.Error(), message) {
		t.Errorf("got error %v, want %q", err, message)
	}
}

func TestInOrder(t *testing.T) {
	t.Parallel()
	sorted, err := inOrder(files("20240101_9", "20240101_10", "2023_1"))
	check(t, sorted, err, "2023_1 20240101_10 20240101_9", "")
	none, err := inOrder([]Migration{{Version: "1_1", File: "1_1_a.sql"}, {Version: "1_1", File: "1_1_b.sql"}})
	check(t, none, err, "", "Duplicate migration version 1_1: 1_1_a.sql and 1_1_b.sql")
}

func TestLockKeyTellsTablesAndDatabasesApart(t *testing.T) {
	t.Parallel()
	keys := map[int64]bool{}
	for _, h := range []history{{name: `"a"."b"`, database: "x"}, {name: `"a"."b"`, database: "y"}, {name: `"a"."c"`, database: "x"}} {
		keys[h.lockKey()] = true
	}
	same := history{name: `"a"."b"`, database: "x", exists: true}
	if len(keys) != 3 || !keys[same.lockKey()] {
		t.Error("the key must depend on database and table, and on nothing else")
	}
}
