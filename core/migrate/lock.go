package migrate

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"time"

	"ouroboros-postgres/core/engine"
	"ouroboros-postgres/core/pgerr"
)

// lockInterval is the time between two attempts. Waiting inside the server would keep a snapshot, for which a CREATE INDEX
// CONCURRENTLY of the one who has the lock would wait in turn.
const lockInterval = 100 * time.Millisecond

const stateLockNotAvailable = "55P03"

// lockKey is the same for everybody who migrates by the same table.
func (h history) lockKey() int64 {
	sum := sha256.Sum256([]byte("ouroboros_postgres migrations\x00" + h.database + "\x00" + h.name))
	return int64(binary.BigEndian.Uint64(sum[:]))
}

// lock waits until this session is the only one that migrates, for at most the limit, 0 for ever. The lock ends with the
// pin.
func (h history) lock(ctx context.Context, db asker, limit time.Duration) error {
	deadline := time.Now().Add(limit)
	try := engine.Statement{SQL: "SELECT pg_catalog.pg_try_advisory_lock(" + strconv.FormatInt(h.lockKey(), 10) + ")"}
	for {
		rows, err := db.Text(ctx, try)
		if err != nil {
			return err
		}
		if len(rows) == 1 && len(rows[0]) == 1 && rows[0][0] != nil && *rows[0][0] == "t" {
			return nil
		}
		if limit > 0 && !time.Now().Before(deadline) {
			return errLocked(limit)
		}
		if err := pause(ctx, lockInterval); err != nil {
			return err
		}
	}
}

func errLocked(limit time.Duration) error {
	e := pgerr.New(pgerr.Database, "somebody else has been migrating for longer than the lock timeout of %s", limit)
	e.SQLState, e.Retryable = stateLockNotAvailable, true
	return e
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return pgerr.Wrap(ctx.Err(), pgerr.Query, "the operation was cancelled")
	}
}
