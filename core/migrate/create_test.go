package migrate

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

func TestCreate(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "a", "b")
	now := time.Date(2024, 12, 31, 23, 59, 59, 999, time.FixedZone("", -3600))
	for _, want := range []string{"20250101_005959_a_b.sql", "20250101_010000_a_b.sql"} {
		name, err := Create(folder, " A\n b! ", now)
		if err != nil || name != want {
			t.Fatalf("%q, %v; want %q", name, err, want)
		}
	}
	all, err := Load(folder)
	if err != nil || len(all) != 2 || all[0].Description != "A b!" || len(all[0].Up) > 0 || len(all[0].Down) > 0 {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestCreateTakesVersionsOnce(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	taken := filepath.Join(folder, "20240101_000000.sql")
	if err := os.WriteFile(taken, []byte("-- UP\nA\n-- DOWN\nB\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for _, description := range []string{"a", "b", "c", "d", "e", "f"} {
		all.Go(func() {
			if _, err := Create(folder, description, time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	files, err := Load(folder) // refuses a version that occurs twice
	if err != nil || len(files) != 7 {
		t.Errorf("%v, %v", versions(files), err)
	}
}
