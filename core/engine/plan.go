package engine

import (
	"sync/atomic"

	lru "github.com/hashicorp/golang-lru/v2"

	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/query"
)

// planCapacity bounds the texts whose facts are remembered per pool.
const planCapacity = 2048

// plan is what the pool has learnt about one statement text.
type plan struct {
	query.Facts
	// inferable: the server has inferred the parameter types of this text before, so trying again cannot abort a
	// transaction. undeclared: it could not, the natural types are declared at once.
	inferable, undeclared atomic.Bool
	// long: the latest answer was.
	long atomic.Bool
}

// reject refuses what must not be sent at all.
func (p *plan) reject(sql string, args int) error {
	switch {
	case p.Statements == 0:
		return pgerr.New(pgerr.Query, "the statement is empty")
	case p.CopyStdio:
		return pgerr.New(pgerr.Query, "COPY FROM STDIN and COPY TO STDOUT cannot run as a statement")
	case p.Statements > 1 && args > 0:
		e := pgerr.New(pgerr.Query, "cannot insert multiple commands into a prepared statement")
		e.Query = excerpt(sql, sqlExcerpt)
		return e
	}
	return nil
}

// plans is shared by all connections of a pool.
type plans struct {
	known *lru.Cache[string, *plan]
}

func newPlans() *plans {
	known, _ := lru.New[string, *plan](planCapacity) // fails for sizes below 1 only
	return &plans{known}
}

func (p *plans) of(sql string) *plan {
	if known, ok := p.known.Get(sql); ok {
		return known
	}
	fresh := &plan{Facts: query.Inspect(sql)}
	if earlier, ok, _ := p.known.PeekOrAdd(sql, fresh); ok {
		return earlier
	}
	return fresh
}
