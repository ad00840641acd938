package bridge

import (
	"context"
	"math"
	"slices"

	"ouroboros-postgres/core/engine"
)

// levelError is Python's number.
const levelError = 40

// logOff is above every level.
const logOff = math.MaxInt32

// origin is where an operation came from.
type origin struct {
	queue  *Queue
	number uint64
}

type originKey struct{}

func withOrigin(ctx context.Context, q *Queue, number uint64) context.Context {
	return context.WithValue(ctx, originKey{}, origin{q, number})
}

func originOf(ctx context.Context) origin {
	o, _ := ctx.Value(originKey{}).(origin)
	return o
}

func encodeRecord(r engine.LogRecord) []byte {
	if r.Fields == nil {
		r.Fields = map[string]any{}
	}
	payload, err := encode(r)
	if err == nil {
		return payload
	}
	r.Fields = map[string]any{"unencodable": err.Error()}
	payload, _ = encode(r) // strings and an int cannot fail
	return payload
}

func droppedRecord(n int) engine.LogRecord {
	return engine.LogRecord{
		Logger: "connection", Level: engine.LevelWarning, Message: "Log records dropped",
		Fields: map[string]any{"dropped": n},
	}
}

// unreported is the message of the record that makes up for those of statements that had no room.
const unreported = "Unreported"

func unreportedRecord(operation uint64, statements int) engine.LogRecord {
	return engine.LogRecord{
		Logger: "trace", Level: engine.LevelTrace, Message: unreported,
		Fields: map[string]any{"statements": statements}, Operation: operation,
	}
}

// subscribe sets the lowest level that a queue receives; 0 ends it.
func (l *Library) subscribe(q *Queue, level int) {
	l.logMu.Lock()
	defer l.logMu.Unlock()
	l.subscribers = slices.DeleteFunc(l.subscribers, func(s subscriber) bool { return s.queue == q })
	if level > 0 {
		l.subscribers = append(l.subscribers, subscriber{q, level})
	}
	lowest := logOff
	for _, s := range l.subscribers {
		lowest = min(lowest, s.level)
	}
	l.lowestLevel.Store(int64(lowest))
}

type subscriber struct {
	queue *Queue
	level int
}

// LogLevel is the lowest level that any queue wants; records below it need not be built.
func (l *Library) LogLevel() int {
	return int(l.lowestLevel.Load())
}

// Log delivers a record to the queue of the operation in ctx, else to the queue that subscribed first. Records for the
// tracing of an operation go nowhere else.
func (l *Library) Log(ctx context.Context, r engine.LogRecord) {
	if r.Level < l.LogLevel() {
		return
	}
	from := originOf(ctx)
	q, ok := l.logReader(from.queue, r.Level)
	if !ok {
		return
	}
	if r.Level > engine.LevelTrace {
		q.log(encodeRecord(r))
	} else if q == from.queue {
		r.Operation = from.number
		q.trace(r.Operation, encodeRecord(r), r.Message == engine.TracedStatement)
	}
}

func (l *Library) logReader(own *Queue, level int) (*Queue, bool) {
	l.logMu.Lock()
	defer l.logMu.Unlock()
	var first *Queue
	for _, s := range l.subscribers {
		if s.level > level {
			continue
		}
		if s.queue == own {
			return own, true
		}
		if first == nil {
			first = s.queue
		}
	}
	return first, first != nil
}

// logCrash reports a panic that was stopped.
func (l *Library) logCrash(ctx context.Context, where string, c crash) {
	l.Log(ctx, engine.LogRecord{
		Logger: "connection", Level: levelError, Message: "Internal error",
		Fields: map[string]any{"operation": where, "error": c.reason, "stack": c.stack},
	})
}
