package bridge

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

func eventfd(t *testing.T) int {
	t.Helper()
	fd, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	return fd
}

// wakes reads the fd and returns how often it was written to.
func wakes(t *testing.T, fd int) byte {
	t.Helper()
	var count [8]byte
	if _, err := unix.Read(fd, count[:]); errors.Is(err, unix.EAGAIN) {
		return 0
	} else if err != nil {
		t.Fatal(err)
	}
	return count[0] + count[7] // whichever byte order
}

func TestWakesOnceUntilDrained(t *testing.T) {
	h := newHarness(t)
	fd := eventfd(t)
	h.queue = h.open(int64(fd))
	expect := func(want byte, when string) {
		t.Helper()
		if got := wakes(t, fd); got != want {
			t.Fatalf("%s: %d wake-ups, want %d", when, got, want)
		}
	}
	h.fill(5, "")
	expect(1, "first frames")
	h.fill(5, "")
	expect(0, "more before the drain")
	h.drain(h.queue, 4)
	expect(1, "frames left behind")
	h.drain(h.queue, 0)
	expect(0, "drained")
	h.fill(1, "")
	expect(1, "after the drain")
}

func TestFullBlockingPipeBlocksNobody(t *testing.T) {
	h := newHarness(t)
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pipe[0])
	defer unix.Close(pipe[1])
	size, err := unix.FcntlInt(uintptr(pipe[1]), unix.F_SETPIPE_SZ, 4096)
	if err != nil {
		t.Fatal(err)
	}
	h.queue = h.open(int64(pipe[1]))
	for range size/8 + 10 {
		h.fill(1, "")
		h.drain(h.queue, 0)
	}
}

func TestQueueOpenChecksTheFD(t *testing.T) {
	h := newHarness(t)
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pipe[0])
	defer unix.Close(pipe[1])
	for name, fd := range map[string]int64{
		"negative": -2, "not open": 1 << 20, "beyond int32": 1 << 40, "reading end": int64(pipe[0]),
	} {
		if _, status := h.QueueOpen(fd, 0); status != BadRequest {
			t.Errorf("%s: %d", name, status)
		}
	}
	if _, status := h.QueueOpen(noFD, 1); status != BadRequest {
		t.Errorf("flags: %d", status)
	}
}
