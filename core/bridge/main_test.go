package bridge

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// received is a frame as a caller sees it.
type received struct {
	operation uint64
	kind      FrameKind
	payload   string
}

// harness is a library with one queue and operations made for tests.
type harness struct {
	*Library
	t     *testing.T
	queue uint64
}

func newHarness(t *testing.T) *harness {
	t.Helper()
	h := &harness{Library: New(), t: t}
	h.queue = h.open(noFD)
	t.Cleanup(func() { h.Shutdown(10_000) })
	return h
}

func (h *harness) open(fd int64) uint64 {
	h.t.Helper()
	queue, status := h.QueueOpen(fd, 0)
	h.expect(OK, status)
	return queue
}

func (h *harness) expect(want, got Status) {
	h.t.Helper()
	if got != want {
		h.t.Fatalf("status %d, want %d", got, want)
	}
}

// define makes an operation without a target.
func (h *harness) define(name string, run func(ctx context.Context) (reply, error)) {
	h.controls[name] = control{run: func(ctx context.Context, _ call) (reply, error) { return run(ctx) }}
}

func (h *harness) submit(id uint64, name string) {
	h.t.Helper()
	h.expect(OK, h.Submit(h.queue, id, 0, []byte(`{"op":"`+name+`"}`)))
}

// drain takes what is there, in one batch.
func (h *harness) drain(queue uint64, limit uint32) []received {
	h.t.Helper()
	var buffer []byte
	h.expect(OK, h.QueueDrain(queue, limit, func(size int) []byte {
		buffer = make([]byte, size)
		return buffer
	}))
	return parse(h.t, buffer)
}

// next waits for frames and takes them.
func (h *harness) next() []received {
	h.t.Helper()
	h.expect(OK, h.QueueWait(h.queue, 10_000))
	return h.drain(h.queue, 0)
}

// settle waits until no operation runs any more.
func (h *harness) settle() {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := h.tasks.wait(ctx); err != nil {
		h.t.Fatal("operations are still running")
	}
}

func parse(t *testing.T, buffer []byte) []received {
	t.Helper()
	var frames []received
	for len(buffer) > 0 {
		length := binary.LittleEndian.Uint64(buffer[16:])
		if binary.LittleEndian.Uint32(buffer[12:]) != 0 {
			t.Fatal("reserved is not 0")
		}
		end := frameHeader + length
		frames = append(frames, received{
			operation: binary.LittleEndian.Uint64(buffer),
			kind:      FrameKind(binary.LittleEndian.Uint32(buffer[8:])),
			payload:   string(buffer[frameHeader:end]),
		})
		buffer = buffer[end:]
	}
	return frames
}

func errorKind(t *testing.T, f received) string {
	t.Helper()
	var e struct{ Kind string }
	if f.kind != FrameError {
		t.Fatalf("frame kind %d, want an error: %s", f.kind, f.payload)
	}
	if err := json.Unmarshal([]byte(f.payload), &e); err != nil {
		t.Fatal(err)
	}
	return e.Kind
}
