package bridge

import "golang.org/x/sys/unix"

// newPollingWaker joins the epoll instance that the reader watches: with a descriptor of its own for wake-ups, and with
// sockets. The descriptor is edge-triggered, so that nobody has to read it.
func newPollingWaker(epoll int64) (*waker, Status) {
	poll, status := duplicate(epoll)
	if status != OK {
		return nil, status
	}
	own, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		_ = unix.Close(poll)
		return nil, NoMemory
	}
	w := &waker{fd: own, poll: poll}
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET}
	if err := unix.EpollCtl(poll, unix.EPOLL_CTL_ADD, own, &event); err != nil { // it is something else
		w.close()
		return nil, BadRequest
	}
	return w, OK
}

// watch wakes the reader once when a socket has something to say; ready then tells the number.
func (w *waker) watch(socket int, number uint64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.poll == noFD {
		return false
	}
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLONESHOT}
	event.Fd, event.Pad = int32(uint32(number)), int32(uint32(number>>32)) //nolint:gosec // two halves of its bits
	err := unix.EpollCtl(w.poll, unix.EPOLL_CTL_MOD, socket, &event)
	if err == unix.ENOENT { //nolint:errorlint // a bare errno of the kernel
		err = unix.EpollCtl(w.poll, unix.EPOLL_CTL_ADD, socket, &event)
	}
	return err == nil
}

// ready takes the wake-up, and tells which sockets it was for: their numbers are put into found.
func (w *waker) ready(found []uint64) []uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.poll == noFD {
		return found
	}
	var events [maxReady]unix.EpollEvent
	n, err := unix.EpollWait(w.poll, events[:], 0)
	if err != nil {
		return found
	}
	for _, event := range events[:n] {
		if number := uint64(uint32(event.Fd)) | uint64(uint32(event.Pad))<<32; number != 0 { //nolint:gosec // as above
			found = append(found, number)
		}
	}
	return found
}
