package bridge

import (
	"encoding/json"
	"testing"
)

// FuzzRequest: a request is refused, or ends in exactly one frame whose payload is JSON.
func FuzzRequest(f *testing.F) {
	for _, seed := range []string{
		`{"op":"connect","dsn":"","options":{}}`, `{"op":"begin"}`, `{"op":"x"`, `[]`, `{}`, "\xff", `{"op":"\ud800"}`,
		`{"dsn":"postgres://","op":"connect"}`, `{"op":"connect","options":null,"dsn":""}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, request []byte) {
		h := newHarness(t)
		// No fuzzed text may make this process connect anywhere.
		h.controls["connect"] = h.controls["begin"]
		status := h.Submit(h.queue, 1, 0, request)
		if status != OK {
			if status == BadRequest == validObject(request) {
				t.Fatalf("%q: status %d", request, status)
			}
			return
		}
		frames := h.next()
		if len(frames) != 1 || frames[0].operation != 1 || !json.Valid([]byte(frames[0].payload)) {
			t.Fatalf("%q: %v", request, frames)
		}
	})
}

func validObject(request []byte) bool {
	var object map[string]json.RawMessage
	return json.Unmarshal(request, &object) == nil && object != nil
}
