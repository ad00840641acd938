package migrate

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"ouroboros-postgres/core/pgerr"
)

func TestParse(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, text string
		want       Migration
	}{
		{
			"20240101_120000_add_users.sql", "junk; before\n-- UP\nA; -- x\nB\n-- DOWN\nC;\n",
			Migration{Version: "20240101_120000", Description: "add users", Up: []string{"A", "-- x\nB"}, Down: []string{"C"}},
		},
		{
			"1_2.sql", "-- ouroboros: no-transaction\n-- Description:  d  \n-- migrate:down\n-- none\n\t-- MIGRATE:UP\n$$;$$;;",
			Migration{Version: "1_2", Description: "d", Up: []string{"$$;$$"}, Autocommit: true},
		},
		{
			"1_2_.sql", "-- Description:\n-- up\n-- Description: not here\nA\n-- down\nB",
			Migration{Version: "1_2", Up: []string{"-- Description: not here\nA"}, Down: []string{"B"}},
		},
	}
	for _, c := range cases {
		got, err := Parse(c.name, []byte(c.text))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		c.want.File, c.want.Checksum = c.name, got.Checksum
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n got %#v\nwant %#v", c.name, got, c.want)
		}
	}
}

func TestChecksum(t *testing.T) {
	t.Parallel()
	// printf -- '-- UP\nA\n-- DOWN\nB\n' | sha256sum
	const want = "158e70e1671fda74d7c2894ba7ccd584faa43a2346e704e0ca0eba0a27cfd849"
	for _, text := range []string{
		"-- UP\nA\n-- DOWN\nB\n", "-- UP\r\nA\r\n-- DOWN\r\nB\r\n", "\ufeff-- UP\nA\n-- DOWN\nB\n",
	} {
		m, err := Parse("1_2.sql", []byte(text))
		if err != nil || m.Checksum != want {
			t.Errorf("%q: %s, %v", text, m.Checksum, err)
		}
	}
	if m, err := Parse("1_2.sql", []byte("-- UP\nA \n-- DOWN\nB\n")); err != nil || m.Checksum == want {
		t.Errorf("a blank has no effect on the checksum (%v)", err)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	const sections = "-- UP\nA\n-- DOWN\nB\n"
	cases := []struct{ name, text, message string }{
		{"x.sql", sections, "Invalid migration file name: x.sql"},
		{"_2.sql", sections, "Invalid migration file name: _2.sql"},
		{"1_.sql", sections, "Invalid migration file name: 1_.sql"},
		{"1_2.sql", "", "Migration file missing UP section: 1_2.sql"},
		{"1_2.sql", "-- UPP\nA\n-- DOWN\nB", "Migration file missing UP section: 1_2.sql"},
		{"1_2.sql", "-- UP\nA\n-- DOWN\n \t\n", "Migration file missing DOWN section: 1_2.sql"},
		{"1_2.sql", sections + "-- migrate:down\nC", "Migration file has more than one DOWN section: 1_2.sql"},
		{"1_2.sql", "-- ouroboros: transaction\n" + sections, "Migration file has an unknown option"},
		{"1_2.sql", sections + "-- ouroboros: no-transaction", "Migration file has the option"},
		{"1_2.sql", sections + "\xc3", "Migration file is not UTF-8: 1_2.sql"},
		{"1_2.sql", sections + "\x00", "Migration file contains a NUL character: 1_2.sql"},
	}
	for _, c := range cases {
		_, err := Parse(c.name, []byte(c.text))
		var e *pgerr.Error
		if !errors.As(err, &e) || e.Kind != pgerr.Migration || !strings.HasPrefix(e.Message, c.message) {
			t.Errorf("%s %q: %v", c.name, c.text, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"-- UP\nA;\n-- DOWN\nB", "\ufeff-- up\r\n$$\r\n-- down\r\n", "-- ouroboros: no-transaction\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		m, err := Parse("1_2_x.sql", content)
		if err != nil {
			return
		}
		again, err := Parse("1_2_x.sql", []byte(strings.ReplaceAll(string(content), "\n", "\r\n")))
		if err == nil && !strings.Contains(string(content), "\r") && !reflect.DeepEqual(m, again) {
			t.Fatalf("line ends matter: %#v and %#v", m, again)
		}
	})
}
