package engine

import (
	"context"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/wire"
)

// portal is a statement with its arguments that the server keeps between two batches: a named portal of the extended
// protocol. It runs the statement as it was prepared, whatever that is, with a plan for all of its rows; DECLARE CURSOR
// takes SELECT only, cannot use what is prepared, and plans for the first rows. The driver has no calls for portals, so
// their messages are written here.
type portal struct {
	name  string
	known *prepared
}

// openPortal binds a statement, behind a BEGIN if asked to: one round trip for both. Nothing is computed yet.
func (b *backend) openPortal(ctx context.Context, s Statement, p *plan, begin bool) (portal, error) {
	b.refresh()
	if p.ChangesSession {
		b.dirty = true
	}
	known, binding, err := b.describe(ctx, s, p)
	if err != nil {
		return portal{}, err
	}
	if known.description.Fields == nil {
		return portal{}, pgerr.New(pgerr.Query, "the statement returns no rows that a cursor could read")
	}
	formats, err := (&encoding{shape: s.Shape}).describe(known.description.Fields, known.types)
	if err != nil {
		return portal{}, err
	}
	opened := portal{name: b.nextName(), known: known}
	_, err = b.exchange(ctx, nil, func(f *pgproto3.Frontend) {
		if begin {
			f.SendParse(&pgproto3.Parse{Query: "BEGIN"})
			f.SendBind(&pgproto3.Bind{})
			f.SendExecute(&pgproto3.Execute{})
		}
		if known.name == "" { // finding out the types may have replaced it
			f.SendParse(&pgproto3.Parse{Query: s.SQL, ParameterOIDs: known.description.ParamOIDs})
		}
		f.SendBind(&pgproto3.Bind{
			DestinationPortal: opened.name, PreparedStatement: known.name,
			Parameters: binding.Values, ParameterFormatCodes: binding.Formats, ResultFormatCodes: formats,
		})
	})
	return opened, err
}

// fetchPortal reads the next rows and tells whether they are the last ones.
func (b *backend) fetchPortal(ctx context.Context, p portal, count int, shape wire.Shape) (*wire.Result, bool, error) {
	out := &encoding{shape: shape}
	if _, err := out.describe(p.known.description.Fields, p.known.types); err != nil {
		return nil, false, err
	}
	answer, err := b.exchange(ctx, out, func(f *pgproto3.Frontend) {
		f.SendExecute(&pgproto3.Execute{Portal: p.name, MaxRows: uint32(count)})
	})
	if err != nil {
		return nil, false, err
	}
	b.pool.noticeDDL(b, answer.tag.String())
	if err := out.rest(ctx, b); err != nil {
		return nil, false, err
	}
	return out.result(answer.tag), answer.complete, nil
}

// closePortal takes one away; a name that is unknown is fine.
func (b *backend) closePortal(ctx context.Context, p portal) error {
	_, err := b.exchange(ctx, nil, func(f *pgproto3.Frontend) {
		f.SendClose(&pgproto3.Close{ObjectType: 'P', Name: p.name})
	})
	return err
}

const portalQuery = "SELECT FROM pg_catalog.pg_cursors WHERE name = $1"

// textParameter declares one.
var textParameter = []uint32{25}

// hasPortal asks the server.
func (b *backend) hasPortal(ctx context.Context, p portal) (bool, error) {
	var found texts
	_, err := consume(b.pg.ExecParams(ctx, portalQuery, [][]byte{[]byte(p.name)}, textParameter, nil, nil), &found)
	if err != nil {
		return false, translate(err, Statement{SQL: portalQuery, Read: true})
	}
	return len(found.rows) > 0, nil
}

// nothing is a result without rows.
func (p portal) nothing(shape wire.Shape) (*wire.Result, error) {
	out := &encoding{shape: shape}
	if _, err := out.describe(p.known.description.Fields, p.known.types); err != nil {
		return nil, err
	}
	return out.result(pgconn.CommandTag{}), nil
}

// exchange sends messages and a Sync, and reads all that the server has to say to them. A connection on which that was
// not read to its end is closed.
func (b *backend) exchange(ctx context.Context, out sink, write func(*pgproto3.Frontend)) (answer, error) {
	if err := ctx.Err(); err != nil {
		return answer{}, err
	}
	answered := false
	defer func() {
		if !answered { // a panic included
			b.destroy()
		}
	}()
	stop := b.cancel.watch(ctx)
	defer stop()
	unwatched := context.WithoutCancel(ctx) // by the driver, for which it would be one message at a time
	a := answer{out: out}
	frontend := b.pg.Frontend()
	write(frontend)
	frontend.SendSync(&pgproto3.Sync{})
	err := frontend.Flush()
	for err == nil && !answered {
		var message pgproto3.BackendMessage
		if message, err = b.pg.ReceiveMessage(unwatched); err == nil {
			answered = a.take(message)
		}
	}
	if err != nil {
		if cause := ctx.Err(); cause != nil { // the deadline of the cancellation, not the network's fault
			err = cause
		}
		return a, err
	}
	return a, a.err
}

// answer is what the server says up to ReadyForQuery.
type answer struct {
	out      sink
	tag      pgconn.CommandTag
	complete bool  // the portal has no more rows
	err      error // the server's, else that of the sink
}

// take looks at one message and tells whether it was the last one.
func (a *answer) take(message pgproto3.BackendMessage) (last bool) {
	switch message := message.(type) {
	case *pgproto3.DataRow:
		if a.err == nil {
			a.err = a.out.row(message.Values)
		}
	case *pgproto3.CommandComplete:
		a.tag, a.complete = pgconn.NewCommandTag(string(message.CommandTag)), true
	case *pgproto3.ErrorResponse:
		a.err = pgconn.ErrorResponseToPgError(message)
	case *pgproto3.ReadyForQuery:
		return true
	}
	return false
}
