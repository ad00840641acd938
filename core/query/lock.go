package query

import "strings"

func (n *selectNode) locking(b *builder) {
	b.locks = true
	switch strength := strings.ToUpper(n.lock.strength); strength {
	case "UPDATE", "NO KEY UPDATE", "SHARE", "KEY SHARE":
		b.write(" FOR ", strength)
	default:
		b.fail("Unknown lock strength: %s", n.lock.strength)
	}
	for i, key := range n.lock.of {
		if i == 0 {
			b.write(" OF ")
		} else {
			b.write(", ")
		}
		name, found := b.scope.find(key)
		if !found {
			b.fail("the lock is of a source that the query does not have: %s", key)
		}
		b.part(name)
	}
	switch {
	case len(n.sets) > 0:
		b.fail("a lock and set operations exclude each other")
	case n.lock.nowait && n.lock.skipLocked:
		b.fail("nowait and skip_locked exclude each other")
	case n.lock.nowait:
		b.write(" NOWAIT")
	case n.lock.skipLocked:
		b.write(" SKIP LOCKED")
	}
}
