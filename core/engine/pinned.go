package engine

import "context"

// Pinned is one connection of the pool, kept for statements and transactions that share its session. One goroutine at a
// time may use it, and only inside Pool.Pin.
type Pinned struct {
	pool  *Pool
	lease *lease
}

// Pin takes a connection for as long as fn runs. Settings and locks that it leaves behind end with it.
func (p *Pool) Pin(ctx context.Context, fn func(*Pinned) error) error {
	l, err := p.acquire(ctx)
	if err != nil {
		return err
	}
	defer p.release(l)
	return fn(&Pinned{pool: p, lease: l})
}

// Text runs one statement in autocommit and returns its rows as Session.Text does. Nothing is tried again: what the
// session holds is lost with its connection.
func (c *Pinned) Text(ctx context.Context, s Statement) ([][]*string, error) {
	known := c.pool.plans.of(s.SQL)
	if err := known.reject(s.SQL, len(s.Args)); err != nil {
		return nil, err
	}
	if len(known.Control) > 0 {
		return nil, errStrayControl(known.Control[0])
	}
	out := &texts{}
	_, err := c.lease.once(ctx, s, known, out, 1)
	return out.rows, err
}

// Atomic runs fn in a transaction, once.
func (c *Pinned) Atomic(ctx context.Context, fn func(Session) error) error {
	const begin = "BEGIN"
	if err := c.lease.simple(ctx, begin); err != nil {
		return translate(err, Statement{SQL: begin, Read: true})
	}
	tx := &Tx{pool: c.pool, lease: c.lease, turns: turns{spawn: c.pool.env.Spawn}, pinned: true}
	return tx.through(ctx, fn)
}

// Reset takes back the settings, the role and the cursors of the session; advisory locks stay.
func (c *Pinned) Reset(ctx context.Context) error {
	if err := c.lease.simple(ctx, resetSettings); err != nil {
		return translate(err, Statement{SQL: resetSettings, Read: true})
	}
	return nil
}
