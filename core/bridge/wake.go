package bridge

import (
	"encoding/binary"
	"sync"

	"golang.org/x/sys/unix"
)

// waker owns the duplicate of a wake fd. Writes and the close exclude each other: a late write must never reach
// another file that has got the same number.
type waker struct {
	mu       sync.Mutex
	fd       int
	blocking bool
	// poll is an epoll instance that the reader watches instead of fd, which is part of it; else noFD.
	poll int
}

const noFD = -1

// maxReady is how many sockets one call of ready tells of; the reader is woken again for the others.
const maxReady = 64

// newWaker duplicates fd; -1 stands for none.
func newWaker(fd int64) (*waker, Status) {
	if fd == noFD {
		return &waker{fd: noFD, poll: noFD}, OK
	}
	own, status := duplicate(fd)
	if status != OK {
		return nil, status
	}
	flags, err := unix.FcntlInt(uintptr(own), unix.F_GETFL, 0)
	if err != nil || flags&unix.O_ACCMODE == unix.O_RDONLY {
		_ = unix.Close(own)
		return nil, BadRequest
	}
	return &waker{fd: own, blocking: flags&unix.O_NONBLOCK == 0, poll: noFD}, OK
}

func duplicate(fd int64) (int, Status) {
	if fd < 0 || fd > 1<<31-1 {
		return noFD, BadRequest
	}
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return noFD, BadRequest
	}
	return own, OK
}

// wake makes the fd readable for its reader. A full pipe or a gone reader needs no wake-up, so errors are of no
// interest; a signal in between is.
func (w *waker) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fd == noFD || w.full() {
		return
	}
	var one [8]byte
	binary.NativeEndian.PutUint64(one[:], 1)
	for {
		if _, err := unix.Write(w.fd, one[:]); err != unix.EINTR {
			return
		}
	}
}

// full protects against a write that blocks for ever, where the caller's fd is in blocking mode.
func (w *waker) full() bool {
	if !w.blocking {
		return false
	}
	poll := []unix.PollFd{{Fd: int32(w.fd), Events: unix.POLLOUT}} //nolint:gosec // an fd fits into an int32
	n, err := unix.Poll(poll, 0)
	return err == nil && n == 0
}

func (w *waker) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, fd := range [...]*int{&w.fd, &w.poll} {
		if *fd != noFD {
			_ = unix.Close(*fd) // nothing can be done about it, and the number is free either way
			*fd = noFD
		}
	}
}
