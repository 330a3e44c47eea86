//go:build linux

package main

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/zonda-go/zonda/bench/internal/hello"
)

// echoServer answers on each connection until the test ends. after gets each one
// when its first message has been answered.
func echoServer(t *testing.T, answer func([]byte), after func(net.Conn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				b := make([]byte, 64)
				if _, err := io.ReadFull(c, b); err == nil {
					answer(b)
					c.Write(b)
					after(c)
				}
			}()
		}
	}()
	return ln.Addr().String()
}

func hold(t *testing.T, addr, kind string) *holder {
	t.Helper()
	h, err := newHolder(addr, kind)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.close)
	return h
}

func waitForEnd(c net.Conn) { io.Copy(io.Discard, c) }

func TestHoldEcho(t *testing.T) {
	h := hold(t, echoServer(t, func([]byte) {}, waitForEnd), "echo")
	for _, n := range []int{2, 5, 5} {
		if err := h.open(n); err != nil {
			t.Fatal(err)
		}
		if got := h.silent(); got != n {
			t.Errorf("%d are silent, want %d", got, n)
		}
	}
}

func TestHoldRefusesAWrongEcho(t *testing.T) {
	h := hold(t, echoServer(t, func(b []byte) { b[63]++ }, waitForEnd), "echo")
	if err := h.open(1); err == nil {
		t.Error("no error for an echo that differs")
	}
}

// TestSilentLeavesOutWhatIsNotIdle has servers that end the connection or say more.
func TestSilentLeavesOutWhatIsNotIdle(t *testing.T) {
	done := make(chan struct{})
	for name, after := range map[string]func(net.Conn){
		"ended":  func(c net.Conn) { c.Close(); done <- struct{}{} },
		"spoken": func(c net.Conn) { c.Write([]byte("x")); done <- struct{}{}; waitForEnd(c) },
	} {
		h := hold(t, echoServer(t, func([]byte) {}, after), "echo")
		if err := h.open(1); err != nil {
			t.Fatal(err)
		}
		<-done
		if got := h.silent(); got != 0 {
			t.Errorf("%s: counted as silent", name)
		}
	}
}

func TestHoldHTTP(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, hello.Body) }))
	defer s.Close()
	h := hold(t, s.Listener.Addr().String(), "http")
	if err := h.open(3); err != nil {
		t.Fatal(err)
	}
	if got := h.silent(); got != 3 {
		t.Errorf("%d are silent, want 3", got)
	}
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	if err := hold(t, other.Listener.Addr().String(), "http").open(1); err == nil {
		t.Error("no error for another answer")
	}
}

func TestHoldTLS(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, hello.Body) }))
	defer s.Close()
	h := hold(t, s.Listener.Addr().String(), "tls")
	h.exchange = askOnce
	if err := h.open(2); err != nil {
		t.Fatal(err)
	}
	if got := h.silent(); got != 2 {
		t.Errorf("%d are silent, want 2", got)
	}
}

// wsServer echoes over WebSocket, on gorilla's.
func wsServer(t *testing.T, compress bool, start func(http.Handler) *httptest.Server) string {
	t.Helper()
	up := websocket.Upgrader{EnableCompression: compress}
	s := start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		for {
			kind, message, err := c.ReadMessage()
			if err != nil {
				return
			}
			c.WriteMessage(kind, message)
		}
	}))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

func TestHoldWebSocket(t *testing.T) {
	for kind, addr := range map[string]string{
		"ws":      wsServer(t, false, httptest.NewServer),
		"wss":     wsServer(t, false, httptest.NewTLSServer),
		"deflate": wsServer(t, true, httptest.NewServer),
	} {
		h := hold(t, addr, kind)
		if err := h.open(2); err != nil {
			t.Fatal(kind, ": ", err)
		}
		if got := h.silent(); got != 2 {
			t.Errorf("%s: %d are silent, want 2", kind, got)
		}
	}
	if err := hold(t, wsServer(t, false, httptest.NewServer), "deflate").open(1); err == nil {
		t.Error("no error for a server that does not compress")
	}
}

func TestNewHolderRefuses(t *testing.T) {
	if _, err := newHolder("127.0.0.1:1", "quic"); err == nil {
		t.Error("no error for an unknown kind")
	}
}
