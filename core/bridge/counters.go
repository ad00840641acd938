package bridge

import "runtime"

type counters struct {
	Queues       int   `json:"queues"`
	Pools        int   `json:"pools"`
	Transactions int   `json:"transactions"`
	Cursors      int   `json:"cursors"`
	Operations   int64 `json:"operations"`
	Buffers      int64 `json:"buffers"`
	Goroutines   int   `json:"goroutines"`
}

// Counters tells what is open or running, as a JSON object without a frame. It works after Shutdown as well. The
// buffer of the answer itself is not counted in it.
func (l *Library) Counters(alloc func(size int) []byte) Status {
	live := l.handles.count()
	payload, err := encode(counters{
		Queues:       live[KindQueue],
		Pools:        live[KindPool],
		Transactions: live[KindTransaction],
		Cursors:      live[KindCursor],
		Operations:   l.operations.Load(),
		Buffers:      l.buffers.Load(),
		Goroutines:   runtime.NumGoroutine(),
	})
	if err != nil {
		return Panic
	}
	dst := alloc(len(payload))
	if dst == nil {
		return NoMemory
	}
	copy(dst, payload)
	return OK
}

// BufferAllocated counts a buffer that the caller has to free.
func (l *Library) BufferAllocated() {
	l.buffers.Add(1)
}

// BufferFreed is the counterpart of BufferAllocated.
func (l *Library) BufferFreed() {
	l.buffers.Add(-1)
}

// MemoryDenied tells the allocator to fail; only libraries with fault injection ever say so.
func (l *Library) MemoryDenied() bool {
	return l.faults.memory()
}
