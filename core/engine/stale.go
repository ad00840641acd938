package engine

import (
	"context"
	"net"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// pingAfter is the idle time after which a silent connection is proven with a round trip: long enough to cost nothing on
// a busy pool, short enough to find what a firewall dropped.
const pingAfter = 5 * time.Second

// pingTimeout bounds that round trip. A connection that is silent for longer is given up.
const pingTimeout = 5 * time.Second

// shouldPing asks for a round trip before a connection is handed out when its socket has something to say (a server that
// went away has left a message or an end of file there), or after a longer silence. Who only takes a glance is told.
func shouldPing(ctx context.Context, p pgxpool.ShouldPingParams) bool {
	needed := p.IdleDuration > pingAfter || readable(p.Conn.PgConn().Conn())
	if look, ok := ctx.(*glance); ok {
		look.doubtful = needed
		return false
	}
	return needed
}

// answers proves a connection with a round trip; one that fails is closed.
func answers(ctx context.Context, pg *pgconn.PgConn) bool {
	bounded, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	if pg.Ping(bounded) == nil {
		return true
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), cancelGrace)
	defer cancel()
	_ = pg.Close(closing)
	return false
}

// readable peeks at the socket below TLS, without blocking and without consuming.
func readable(conn net.Conn) bool {
	if layered, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = layered.NetConn()
	}
	pending := true
	var one [1]byte
	looked := socketOf(conn, func(fd uintptr) {
		_, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		pending = err != syscall.EAGAIN //nolint:errorlint // a bare errno of the kernel
	})
	return !looked || pending
}

// socketOf gives the descriptor of a connection that is nothing but a socket to look.
func socketOf(conn net.Conn, look func(fd uintptr)) bool {
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return false
	}
	// Not raw.Read: it waits for the driver's background reader, which a slow write may have left waiting for the server.
	return raw.Control(look) == nil
}
