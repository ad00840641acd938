package bridge

import (
	"context"
	"testing"
)

// BenchmarkOperation is the way of one operation without the engine: submit, run, drain, 16 at a time.
func BenchmarkOperation(b *testing.B) {
	const concurrency = 16
	l := New()
	defer l.Shutdown(10_000)
	l.controls["nothing"] = control{run: func(context.Context, call) (reply, error) { return reply{}, nil }}
	queue, _ := l.QueueOpen(noFD, 0)
	request := []byte(`{"op":"nothing","sql":"SELECT id, name, email FROM users WHERE id = $1","args":[42]}`)
	buffer := make([]byte, maxBatchBytes)
	b.ReportAllocs()
	for submitted := 0; submitted < b.N; submitted += concurrency {
		for i := range concurrency {
			l.Submit(queue, uint64(submitted+i+1), 0, request)
		}
		for received := 0; received < concurrency; {
			l.QueueWait(queue, -1)
			l.QueueDrain(queue, 0, func(size int) []byte {
				received += size / (frameHeader + len("null"))
				return buffer[:size]
			})
		}
	}
}
