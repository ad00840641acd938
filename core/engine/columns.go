package engine

import (
	"context"
	"strconv"
	"sync"

	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/wire"
)

// columnCache remembers the columns of tables until DDL is seen.
type columnCache struct {
	mu      sync.RWMutex
	byTable map[[2]string][]Column
	age     uint64 // how often all was forgotten
}

func newColumnCache() *columnCache { return &columnCache{byTable: map[[2]string][]Column{}} }

// get also answers with the age that put wants to know.
func (c *columnCache) get(table [2]string) (columns []Column, age uint64) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.byTable[table], c.age
}

// put keeps columns that were asked for at this age, unless DDL may have changed them meanwhile.
func (c *columnCache) put(table [2]string, columns []Column, age uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.age == age && columns != nil {
		c.byTable[table] = columns
	}
}

func (c *columnCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.byTable)
	c.age++
}

const columnQuery = `SELECT a.attname, a.atttypid, a.attgenerated <> '' OR a.attidentity = 'a',
  a.atttypmod = -1 AND c.relkind = 'r' AND NOT c.relhasrules AND NOT (c.relhastriggers AND EXISTS (
    SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND t.tgtype & 7 = 7 AND t.tgenabled <> 'D'))
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
WHERE a.attrelid = pg_catalog.to_regclass(CASE WHEN $1::text = '' THEN '' ELSE pg_catalog.quote_ident($1) || '.' END || pg_catalog.quote_ident($2::text))
  AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum`

// Columns implements Session.
func (p *Pool) Columns(ctx context.Context, schema, table string) ([]Column, error) {
	key := [2]string{schema, table}
	known, age := p.columns.get(key)
	if known != nil {
		return known, nil
	}
	l, err := p.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer p.release(l)
	columns, err := l.readColumns(ctx, key)
	if err == nil {
		for i := range columns {
			columns[i].Verbatim = false // who makes a trigger elsewhere does not tell this cache
		}
		p.columns.put(key, columns, age)
	}
	return columns, err
}

func (b *backend) readColumns(ctx context.Context, table [2]string) ([]Column, error) {
	var rows texts
	names := []wire.Arg{{Kind: wire.Text, Text: table[0]}, {Kind: wire.Text, Text: table[1]}}
	ask := Statement{SQL: columnQuery, Args: names, Read: true}
	if _, err := b.run(ctx, ask, b.pool.plans.of(columnQuery), &rows); err != nil {
		return nil, translate(err, ask)
	}
	oids := make([]uint32, len(rows.rows))
	for i, row := range rows.rows {
		oid, err := strconv.ParseUint(*row[1], 10, 32)
		if err != nil {
			return nil, pgerr.Wrap(err, pgerr.Internal, "the column catalogue answered in an unknown form")
		}
		oids[i] = uint32(oid)
	}
	types, err := b.pool.types.ensure(ctx, b.pg, oids)
	if err != nil {
		return nil, translate(err, Statement{SQL: typeQuery, Read: true})
	}
	var columns []Column
	for i, row := range rows.rows {
		t, _ := types.Type(oids[i])
		columns = append(columns, Column{Name: *row[0], Type: t, Generated: *row[2] == "t", Verbatim: *row[3] == "t"})
	}
	return columns, nil
}
