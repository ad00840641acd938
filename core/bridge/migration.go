package bridge

import (
	"context"
	"math"
	"time"

	"ouroboros-postgres/core/engine"
	"ouroboros-postgres/core/migrate"
	"ouroboros-postgres/core/pgerr"
)

func migrationInit(ctx context.Context, c call) (reply, error) {
	var request struct {
		Op    string  `json:"op"`
		Table *string `json:"table"`
	}
	pool, err := target[*engine.Pool](c, &request)
	switch {
	case err != nil:
		return reply{}, err
	case request.Table == nil:
		return reply{}, missing("table")
	}
	return reply{}, migrate.Init(ctx, pool, *request.Table)
}

// history says which migrations a request is about.
type history struct {
	Op        string  `json:"op"`
	Directory *string `json:"directory"`
	Table     *string `json:"table"`
}

func (h history) check() error {
	switch {
	case h.Directory == nil:
		return missing("directory")
	case h.Table == nil:
		return missing("table")
	}
	return nil
}

func migrationStatus(ctx context.Context, c call) (reply, error) {
	var request history
	pool, err := target[*engine.Pool](c, &request)
	if err == nil {
		err = request.check()
	}
	if err != nil {
		return reply{}, err
	}
	status, err := migrate.Report(ctx, pool, *request.Directory, *request.Table)
	return reply{value: status}, err
}

// migrationRun is a request that changes the database.
type migrationRun struct {
	history
	Target           string   `json:"target"`
	DryRun           bool     `json:"dry_run"`
	LockTimeout      *float64 `json:"lock_timeout"`
	StatementTimeout *float64 `json:"statement_timeout"`
}

func (r migrationRun) options() (migrate.Options, error) {
	if err := r.check(); err != nil {
		return migrate.Options{}, err
	}
	o := migrate.Options{Directory: *r.Directory, Table: *r.Table, Target: r.Target, DryRun: r.DryRun}
	for _, limit := range []struct {
		name  string
		value *float64
		into  *time.Duration
	}{{"lock_timeout", r.LockTimeout, &o.LockTimeout}, {"statement_timeout", r.StatementTimeout, &o.StatementTimeout}} {
		if limit.value == nil {
			continue
		}
		if *limit.value <= 0 {
			return o, pgerr.New(pgerr.Value, "%s must be positive", limit.name)
		}
		*limit.into = max(min(seconds(*limit.value), math.MaxInt32*time.Millisecond), time.Millisecond)
	}
	return o, nil
}

func migrationApply(ctx context.Context, c call) (reply, error) {
	var request migrationRun
	pool, err := target[*engine.Pool](c, &request)
	if err != nil {
		return reply{}, err
	}
	options, err := request.options()
	if err != nil {
		return reply{}, err
	}
	versions, err := migrate.Apply(ctx, pool, options)
	return reply{value: versions}, err
}

func migrationRollback(ctx context.Context, c call) (reply, error) {
	var request struct {
		migrationRun
		Steps *int `json:"steps"`
	}
	pool, err := target[*engine.Pool](c, &request)
	if err != nil {
		return reply{}, err
	}
	options, err := request.options()
	if err != nil {
		return reply{}, err
	}
	switch {
	case request.Steps == nil && request.Target == "":
		return reply{}, missing("steps")
	case request.Steps != nil && request.Target != "":
		return reply{}, pgerr.New(pgerr.Value, "steps and target exclude each other")
	case request.Steps == nil:
		request.Steps = new(int)
	case *request.Steps < 0:
		return reply{}, pgerr.New(pgerr.Value, "steps must not be negative")
	}
	versions, err := migrate.Rollback(ctx, pool, options, *request.Steps)
	return reply{value: versions}, err
}
