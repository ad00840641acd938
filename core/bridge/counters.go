package bridge

import (
	"runtime"

	"github.com/goccy/go-json"
)

type counters struct {
	Queues       int   `json:"queues"`
	Pools        int   `json:"pools"`
	Transactions int   `json:"transactions"`
	Operations   int64 `json:"operations"`
	Buffers      int64 `json:"buffers"`
	Goroutines   int   `json:"goroutines"`
}

// Counters tells what is open or running, as a JSON object. It works after Shutdown as well.
func (l *Library) Counters() []byte {
	live := l.handles.count()
	payload, _ := json.Marshal(counters{ // numbers cannot fail
		Queues:       live[KindQueue],
		Pools:        live[KindPool],
		Transactions: live[KindTransaction],
		Operations:   l.operations.Load(),
		Buffers:      l.buffers.Load(),
		Goroutines:   runtime.NumGoroutine(),
	})
	return payload
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
