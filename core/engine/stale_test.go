package engine

import (
	"net"
	"testing"
	"time"
)

// The driver may leave a read pending on an idle connection, after a write that took long: looking at the socket must
// not wait for it.
func TestReadableDoesNotWaitForAPendingRead(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // the test is over
	client, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	received := make(chan error, 1)
	go func() { //nolint:forbidigo // the test's own
		_, err := client.Read(make([]byte, 1))
		received <- err
	}()
	looked := make(chan bool, 1)
	go func() { //nolint:forbidigo // the test's own
		quiet := true
		for range 100 {
			quiet = quiet && !readable(client)
			time.Sleep(time.Millisecond) // lets the read take its lock; without it the test is weaker, not wrong
		}
		looked <- quiet
	}()
	select {
	case quiet := <-looked:
		if !quiet {
			t.Error("a silent connection counts as readable")
		}
	case <-time.After(10 * time.Second):
		t.Error("readable waits for the pending read")
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	if err := <-received; err == nil {
		t.Error("the pending read got data from nowhere")
	}
	if !readable(client) {
		t.Error("a connection that the server has closed counts as silent")
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
}
