package bridge

import (
	"context"
	"maps"
	"math"
	"time"

	"ouroboros-postgres/core/engine"
	"ouroboros-postgres/core/pgerr"
)

func (l *Library) newControls() map[string]control {
	controls := map[string]control{
		"connect": {prefix: "Failed to initialize PostgreSQL", run: l.connect},

		"close": {target: KindPool, durable: true, run: l.closePool},
		"begin": {target: KindPool, run: l.begin, ahead: startBegin},
		"ping":  {target: KindPool, run: ping},

		"commit":      {target: KindTransaction, durable: true, prefix: "Commit failed", run: end((*engine.Tx).Commit), ahead: startCommit},
		"rollback":    {target: KindTransaction, durable: true, prefix: "Rollback failed", run: end((*engine.Tx).Rollback)},
		"savepoint":   savepoint("Savepoint creation failed", (*engine.Tx).Savepoint),
		"rollback_to": savepoint("Rollback to savepoint failed", (*engine.Tx).RollbackTo),
		"release":     savepoint("Release savepoint failed", (*engine.Tx).Release),

		"migration_init":     {target: KindPool, prefix: "Failed to initialize migrations", run: migrationInit},
		"migration_status":   {target: KindPool, prefix: "Failed to get migration status", run: migrationStatus},
		"migration_apply":    {target: KindPool, prefix: "Failed to apply migrations", run: migrationApply},
		"migration_rollback": {target: KindPool, prefix: "Failed to rollback migrations", run: migrationRollback},
	}
	maps.Copy(controls, cursorControls())
	return controls
}

// env is what the engine gets of its host.
func (l *Library) env() engine.Env {
	return engine.Env{
		Spawn: func(fn func()) {
			l.tasks.spawn(fn, func(c crash) { l.logCrash(l.root, "background work", c) })
		},
		Log:      l.Log,
		LogLevel: l.LogLevel,
		Hurry:    l.attendance.hurry,
	}
}

type connectRequest struct {
	Op      string         `json:"op"`
	DSN     *string        `json:"dsn"`
	Options engine.Options `json:"options"`
}

func (l *Library) connect(ctx context.Context, c call) (reply, error) {
	request := connectRequest{Options: engine.DefaultOptions()}
	if err := decode(c.request, &request); err != nil {
		return reply{}, err
	}
	if request.DSN == nil {
		return reply{}, missing("dsn")
	}
	env := l.env()
	pool, err := engine.Open(ctx, *request.DSN, request.Options, env)
	if err != nil {
		return reply{}, err
	}
	grace := seconds(request.Options.CloseTimeout)
	return l.issue(KindPool, resource{value: pool, dispose: func() {
		env.Spawn(func() { _ = pool.Close(l.hard, grace) }) // nobody is there to be told
	}})
}

type beginRequest struct {
	Op         string `json:"op"`
	Isolation  string `json:"isolation"`
	ReadOnly   bool   `json:"read_only"`
	Deferrable bool   `json:"deferrable"`
}

func (r beginRequest) options() engine.TxOptions {
	return engine.TxOptions{Isolation: r.Isolation, ReadOnly: r.ReadOnly, Deferrable: r.Deferrable}
}

func startBegin(ctx context.Context, c call) ahead {
	var request beginRequest
	pool, err := target[*engine.Pool](c, &request)
	if err != nil || !pool.HasIdle() {
		return nil
	}
	if beginning := pool.StartBegin(ctx, request.options()); beginning != nil {
		return beginning
	}
	return nil
}

func startCommit(ctx context.Context, c call) ahead {
	tx, err := target[*engine.Tx](c, &bare{})
	if err != nil {
		return nil
	}
	if committing := tx.StartCommit(ctx); committing != nil {
		return committing
	}
	return nil
}

func (l *Library) begin(ctx context.Context, c call) (reply, error) {
	var request beginRequest
	pool, err := target[*engine.Pool](c, &request)
	if err != nil {
		return reply{}, err
	}
	var tx *engine.Tx
	if beginning, ok := c.ahead.(*engine.Beginning); ok {
		tx, err = beginning.Begin(ctx)
	} else {
		tx, err = pool.Begin(ctx, request.options())
	}
	if err != nil {
		return reply{}, err
	}
	return l.issue(KindTransaction, resource{
		value: tx, dispose: tx.Abandon, enqueue: func() turn { return tx.Enqueue() },
	})
}

// issue turns a new resource into a handle, which the frame's receiver owns.
func (l *Library) issue(kind Kind, r resource) (reply, error) {
	handle, ok := l.handles.add(kind, r)
	if !ok {
		return reply{}, pgerr.New(pgerr.NotConnected, "the library is shut down")
	}
	return reply{handle: handle}, nil
}

func (l *Library) closePool(ctx context.Context, c call) (reply, error) {
	var request struct {
		Op      string   `json:"op"`
		Timeout *float64 `json:"timeout"`
	}
	pool, err := target[*engine.Pool](c, &request)
	switch {
	case err != nil:
		return reply{}, err
	case request.Timeout == nil:
		return reply{}, missing("timeout")
	case *request.Timeout < 0:
		return reply{}, pgerr.New(pgerr.Value, "timeout must not be negative")
	}
	// Whoever releases the handle meanwhile closes the same pool, and the second close has nothing to do.
	l.handles.take(c.target, KindPool)
	return reply{}, pool.Close(ctx, seconds(*request.Timeout))
}

func ping(ctx context.Context, c call) (reply, error) {
	pool, err := target[*engine.Pool](c, &bare{})
	if err != nil {
		return reply{}, err
	}
	return reply{}, pool.Ping(ctx)
}

// bare is a request without fields.
type bare struct {
	Op string `json:"op"`
}

func end(run func(*engine.Tx, context.Context) error) func(context.Context, call) (reply, error) {
	return func(ctx context.Context, c call) (reply, error) {
		tx, err := target[*engine.Tx](c, &bare{})
		if err != nil {
			return reply{}, err
		}
		return reply{}, run(tx, ctx)
	}
}

func savepoint(prefix string, run func(*engine.Tx, context.Context, string) error) control {
	return control{target: KindTransaction, prefix: prefix, run: func(ctx context.Context, c call) (reply, error) {
		var request struct {
			Op   string  `json:"op"`
			Name *string `json:"name"`
		}
		tx, err := target[*engine.Tx](c, &request)
		if err != nil {
			return reply{}, err
		}
		if request.Name == nil {
			return reply{}, missing("name")
		}
		return reply{}, run(tx, ctx, *request.Name)
	}}
}

// target reads the request of a control and gives its target's type back.
func target[T any](c call, request any) (T, error) {
	value, ok := c.value.(T)
	if !ok {
		return value, pgerr.New(pgerr.Internal, "the handle refers to a %T", c.value)
	}
	return value, decode(c.request, request)
}

func missing(field string) error {
	return pgerr.New(pgerr.Value, "Invalid request: %s is required", field)
}

// seconds saturates at the longest Duration.
func seconds(s float64) time.Duration {
	if s >= math.MaxInt64/float64(time.Second) {
		return math.MaxInt64
	}
	return time.Duration(s * float64(time.Second))
}
