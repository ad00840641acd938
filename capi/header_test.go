package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ouroboros-postgres/core/bridge"
)

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func find(pattern, text string) []string {
	var found []string
	for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		found = append(found, match[1])
	}
	slices.Sort(found)
	return found
}

// The C compiler compares the signatures; that each function of the header exists is compared here.
func TestExportsAreTheHeaders(t *testing.T) {
	declared := find(`(?m)^[a-z].*?\b(ob_\w+)\(`, read(t, "ouroboros_postgres.h"))
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			source.WriteString(read(t, file))
		}
	}
	exported := find(`(?m)^//export (ob_\w+)$`, source.String())
	if len(declared) != 15 || !slices.Equal(declared, exported) {
		t.Fatalf("declared %v\nexported %v", declared, exported)
	}
	guarded := find(`(?:guard|answer|Contain)\("(ob_\w+)"`, source.String())
	if !slices.Equal(guarded, exported) {
		t.Fatalf("recover barriers for %v only", guarded)
	}
}

func TestConstantsAreTheHeaders(t *testing.T) {
	header := read(t, "ouroboros_postgres.h")
	for name, value := range map[string]int{
		"OK": int(bridge.OK), "BAD_HANDLE": int(bridge.BadHandle), "WRONG_KIND": int(bridge.WrongKind),
		"BAD_REQUEST": int(bridge.BadRequest), "CLOSED": int(bridge.Closed), "TIMEOUT": int(bridge.Timeout),
		"NO_MEMORY": int(bridge.NoMemory), "PANIC": int(bridge.Panic), "DUPLICATE": int(bridge.Duplicate),
		"TOO_LARGE": int(bridge.TooLarge), "FRAME_VALUE": int(bridge.FrameValue), "FRAME_ROWS": int(bridge.FrameRows),
		"FRAME_ERROR": int(bridge.FrameError), "FRAME_HANDLE": int(bridge.FrameHandle), "FRAME_LOG": int(bridge.FrameLog),
	} {
		found := find(`(?m)^#define OB_`+name+` (\d+)`, header)
		if len(found) != 1 || found[0] != strconv.Itoa(value) {
			t.Errorf("OB_%s is %v in the header, %d in the library", name, found, value)
		}
	}
	if !strings.Contains(header, "OB_MAX_REQUEST (1ULL << 30)") || bridge.MaxRequest != 1<<30 {
		t.Error("OB_MAX_REQUEST differs")
	}
}
