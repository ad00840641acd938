package engine

import "context"

// Env is what the engine needs of its host: goroutines with a panic barrier and a place for log records.
type Env struct {
	Spawn func(func())
	// Log delivers a record to the caller whose operation runs under ctx, or to any subscriber.
	Log func(ctx context.Context, r LogRecord)
	// LogLevel is the lowest level that anybody listens to; records below it are not built.
	LogLevel func() int
	// Hurry, where there is one, asks those who have not come for an answer yet to let a goroutine read it (Ahead.Receive):
	// their connections are needed.
	Hurry func()
}

// LogRecord becomes a record of the Python logger "ouroboros_postgres.<Logger>".
type LogRecord struct {
	Logger  string         `json:"logger"`
	Level   int            `json:"level"`
	Message string         `json:"message"`
	Fields  map[string]any `json:"fields"`
	// Operation is the caller's number of the operation; only records of LevelTrace have it.
	Operation uint64 `json:"operation,omitempty"`
}

// Levels are those of Python's logging.
const (
	// LevelTrace is for records that only the tracing of the operation itself receives.
	LevelTrace   = 5
	LevelDebug   = 10
	LevelInfo    = 20
	LevelWarning = 30
)

// traceLogger marks the records of LevelTrace; no Python logger gets them.
const traceLogger = "trace"

func (e Env) hurry() {
	if e.Hurry != nil {
		e.Hurry()
	}
}

func (e Env) enabled(level int) bool {
	lowest := e.LogLevel()
	return lowest > 0 && level >= lowest
}

func (e Env) log(ctx context.Context, logger string, level int, message string, fields map[string]any) {
	if e.enabled(level) {
		e.Log(ctx, LogRecord{Logger: logger, Level: level, Message: message, Fields: fields})
	}
}
