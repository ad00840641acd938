package engine

import (
	"container/list"
	"sync"
	"sync/atomic"

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

// lru is a map that forgets what was used longest ago. It is not safe for concurrent use.
type lru[V any] struct {
	capacity int
	entries  map[string]*list.Element
	order    list.List // front: most recently used
}

type lruEntry[V any] struct {
	key   string
	value V
}

func newLRU[V any](capacity int) *lru[V] {
	return &lru[V]{capacity: capacity, entries: make(map[string]*list.Element)}
}

func (l *lru[V]) get(key string) (V, bool) {
	if element, ok := l.entries[key]; ok {
		l.order.MoveToFront(element)
		if entry, ok := element.Value.(lruEntry[V]); ok {
			return entry.value, true
		}
	}
	var none V
	return none, false
}

// put adds a new key.
func (l *lru[V]) put(key string, value V) {
	l.room()
	l.entries[key] = l.order.PushFront(lruEntry[V]{key, value})
}

// room makes place for one more and returns what had to go.
func (l *lru[V]) room() (evicted []V) {
	for l.order.Len() >= l.capacity {
		if entry, ok := l.order.Remove(l.order.Back()).(lruEntry[V]); ok {
			delete(l.entries, entry.key)
			evicted = append(evicted, entry.value)
		}
	}
	return evicted
}

// clear empties the map and returns what was in it.
func (l *lru[V]) clear() []V {
	all := make([]V, 0, len(l.entries))
	for element := l.order.Front(); element != nil; element = element.Next() {
		if entry, ok := element.Value.(lruEntry[V]); ok {
			all = append(all, entry.value)
		}
	}
	l.entries = make(map[string]*list.Element)
	l.order.Init()
	return all
}

// plans is shared by all connections of a pool.
type plans struct {
	mu   sync.Mutex
	byID *lru[*plan]
}

func newPlans() *plans { return &plans{byID: newLRU[*plan](planCapacity)} }

func (p *plans) of(sql string) *plan {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known, ok := p.byID.get(sql); ok {
		return known
	}
	fresh := &plan{Facts: query.Inspect(sql)}
	p.byID.put(sql, fresh)
	return fresh
}
