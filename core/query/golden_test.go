package query

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"ouroboros-postgres/core/pgerr"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// goldenBuilder makes of in.json what its case wants.
type goldenBuilder func(t *testing.T, in []byte) (sql string, args any, err error)

// golden compares each testdata/<group>/<case>/in.json with want.sql and want.args.json beside it, or with
// want.error.json. The Python tests run the same cases.
func golden(t *testing.T, group string, atLeast int, build goldenBuilder) {
	t.Helper()
	cases, err := filepath.Glob(filepath.Join("testdata", group, "*", "in.json"))
	if err != nil || len(cases) < atLeast {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	for _, path := range cases {
		folder := filepath.Dir(path)
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			in, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			sql, args, err := build(t, in)
			if err != nil {
				e := pgerr.From(err)
				agree(t, folder, "want.error.json", line(t, map[string]any{"kind": e.Kind, "message": e.Message}))
				agree(t, folder, "want.sql", nil)
				agree(t, folder, "want.args.json", nil)
				return
			}
			agree(t, folder, "want.sql", []byte(sql+"\n"))
			agree(t, folder, "want.args.json", line(t, args))
			agree(t, folder, "want.error.json", nil)
		})
	}
}

func line(t *testing.T, value any) []byte {
	t.Helper()
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// agree compares a golden file, or makes it so with -update; nil stands for no file.
func agree(t *testing.T, folder, name string, got []byte) {
	t.Helper()
	path := filepath.Join(folder, name)
	if *update {
		var err error
		if got == nil {
			_ = os.Remove(path)
		} else {
			err = os.WriteFile(path, got, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		want, err = nil, nil
	}
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s %v\n got %s\nwant %s", name, err, got, want)
	}
}

// strictly decodes a case without fields that nobody reads.
func strictly(t *testing.T, raw []byte, into any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		t.Fatal(err)
	}
}
