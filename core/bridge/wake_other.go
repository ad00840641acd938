//go:build !linux

package bridge

func newPollingWaker(int64) (*waker, Status) { return nil, BadRequest }

func (*waker) watch(int, uint64) bool { return false }

func (*waker) ready(found []uint64) []uint64 { return found }
