package bridge

import (
	"ouroboros-postgres/core/engine"
)

// Call answers a pure request with one frame, in a buffer from alloc.
func (l *Library) Call(target uint64, request []byte, alloc func(size int) []byte) Status {
	if l.closed.Load() {
		return Closed
	}
	name, ok := operationName(request)
	if !ok {
		return BadRequest
	}
	f, status := l.answer(name, target, request)
	if status != OK {
		return status
	}
	dst := alloc(f.size())
	if dst == nil {
		return NoMemory
	}
	f.put(dst)
	return OK
}

func (l *Library) answer(name string, target uint64, request []byte) (frame, Status) {
	switch name {
	case "metrics", "reset_metrics":
		pool, status := typed[*engine.Pool](l.handles, target, KindPool)
		if status != OK {
			return frame{}, status
		}
		return l.frame(measure(pool, name, request)), OK
	}
	if status := l.noTarget(target); status != OK {
		return frame{}, status
	}
	value, known, err := l.known.Pure(name, request)
	if !known {
		err = unknown(name)
	}
	return l.frame(reply{value: value}, err), OK
}

func measure(pool *engine.Pool, name string, request []byte) (reply, error) {
	if err := decode(request, &bare{}); err != nil {
		return reply{}, err
	}
	if name == "reset_metrics" {
		pool.ResetMetrics()
		return reply{}, nil
	}
	return reply{value: pool.Metrics()}, nil
}
