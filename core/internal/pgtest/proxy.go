package pgtest

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Proxy forwards TCP connections to the test server until told otherwise. Its commands have taken effect when they
// return.
type Proxy struct {
	// DSN leads through the proxy.
	DSN string

	tb      testing.TB
	address string
	target  string
	running sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener
	links    map[*link]struct{}
	flowing  chan struct{} // closed while data flows
}

// link is one client connection with its connection to the server.
type link struct {
	client, server net.Conn
}

// NewProxy starts a proxy before the server of dsn; it ends with the test.
func NewProxy(tb testing.TB, dsn string) *Proxy {
	tb.Helper()
	u := parse(tb, dsn)
	port := u.Port()
	if port == "" {
		port = "5432"
	}
	p := &Proxy{
		tb: tb, address: "127.0.0.1:0", target: net.JoinHostPort(u.Hostname(), port),
		links: map[*link]struct{}{}, flowing: make(chan struct{}),
	}
	close(p.flowing)
	p.Accept()
	u.Host = p.address
	p.DSN = u.String()
	tb.Cleanup(func() {
		p.Refuse()
		p.Drop()
		p.Resume()
		p.running.Wait()
	})
	return p
}

// Accept listens, after Refuse on the same port again.
func (p *Proxy) Accept() {
	p.tb.Helper()
	listener, err := net.Listen("tcp", p.address)
	if err != nil {
		p.tb.Fatalf("proxy: %v", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listener, p.address = listener, listener.Addr().String()
	p.running.Add(1)
	go p.accept(listener)
}

// Refuse stops listening: new connections are refused, open ones go on.
func (p *Proxy) Refuse() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		closeQuietly(p.listener)
		p.listener = nil
	}
}

// Drop resets every open connection.
func (p *Proxy) Drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.reset()
	}
	clear(p.links)
}

// Stall forwards nothing any more; connections stay open.
func (p *Proxy) Stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.flowing:
		p.flowing = make(chan struct{})
	default:
	}
}

// Resume forwards again, what came in meanwhile included.
func (p *Proxy) Resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.flowing:
	default:
		close(p.flowing)
	}
}

// Open tells how many connections are open.
func (p *Proxy) Open() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.links)
}

func (p *Proxy) accept(listener net.Listener) {
	defer p.running.Done()
	for {
		client, err := listener.Accept()
		if err != nil {
			return // refused from now on
		}
		p.running.Add(1)
		go p.serve(client, listener)
	}
}

func (p *Proxy) serve(client net.Conn, listener net.Listener) {
	defer p.running.Done()
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		closeQuietly(client)
		return
	}
	l := &link{client: client, server: server}
	if !p.add(l, listener) {
		l.reset()
		return
	}
	p.running.Add(2)
	go p.pump(l, server, client)
	go p.pump(l, client, server)
}

// add registers the link, unless its listener was closed meanwhile.
func (p *Proxy) add(l *link, listener net.Listener) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != listener {
		return false
	}
	p.links[l] = struct{}{}
	return true
}

func (p *Proxy) pump(l *link, to io.Writer, from io.Reader) {
	defer p.running.Done()
	defer p.remove(l)
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			<-p.flow()
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (p *Proxy) flow() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.flowing
}

func (p *Proxy) remove(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, l)
	closeQuietly(l.client)
	closeQuietly(l.server)
}

func (l *link) reset() {
	for _, conn := range []net.Conn{l.client, l.server} {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // a reset instead of an orderly end; if it is closed already, that is fine
		}
		closeQuietly(conn)
	}
}

func closeQuietly(c io.Closer) {
	_ = c.Close() // closing twice is part of the game
}
