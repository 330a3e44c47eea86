//go:build linux

package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/zonda-go/zonda/bench/internal/answer"
)

// short is a run against s.
func short(s *httptest.Server, kind string) options {
	return options{
		addr: s.Listener.Addr().String(), kind: kind, conns: 3, inflight: 2, watch: os.Getpid(),
		warmup: 5 * time.Millisecond, window: 30 * time.Millisecond,
	}
}

func TestDriveHTTPKinds(t *testing.T) {
	for _, kind := range []string{"hello", "post", "download"} {
		h, err := answer.Of(kind)
		if err != nil {
			t.Fatal(err)
		}
		s := httptest.NewServer(h)
		if run, err := drive(short(s, kind)); err != nil || run.Requests == 0 || run.Errors != 0 {
			t.Errorf("%s: %+v, %v", kind, run, err)
		}
		s.Close()
		other := httptest.NewServer(http.NotFoundHandler())
		if run, err := drive(short(other, kind)); err == nil {
			t.Errorf("%s, not found: no error, %+v", kind, run)
		}
		other.Close()
	}
}

func TestDriveRefusesUnknownKind(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	if _, err := drive(short(s, "upload")); err == nil || !strings.Contains(err.Error(), "upload") {
		t.Errorf("%v", err)
	}
}

// room is a WebSocket server that hands each message to send, with everybody there.
type room struct {
	send func(nth int, from *websocket.Conn, all []*websocket.Conn, message []byte)

	mu  sync.Mutex // guards the rest, and writing
	all []*websocket.Conn
	nth int
}

func (r *room) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	c, err := (&websocket.Upgrader{}).Upgrade(w, req, nil)
	if err != nil {
		return
	}
	defer c.Close()
	r.mu.Lock()
	r.all = append(r.all, c)
	r.mu.Unlock()
	for {
		_, message, err := c.ReadMessage()
		if err != nil {
			return
		}
		r.mu.Lock()
		r.nth++
		r.send(r.nth, c, r.all, message)
		r.mu.Unlock()
	}
}

func back(_ int, from *websocket.Conn, _ []*websocket.Conn, message []byte) {
	from.WriteMessage(websocket.BinaryMessage, message)
}

func toAll(_ int, _ *websocket.Conn, all []*websocket.Conn, message []byte) {
	for _, c := range all {
		c.WriteMessage(websocket.BinaryMessage, message)
	}
}

func TestDriveWebSocket(t *testing.T) {
	s := httptest.NewServer(&room{send: back})
	defer s.Close()
	if run, err := drive(short(s, "ws")); err != nil || run.Requests == 0 || run.Errors != 0 || run.P50 <= 0 {
		t.Errorf("%+v, %v", run, err)
	}
}

// TestDriveBroadcast counts deliveries: each message is one on every connection.
func TestDriveBroadcast(t *testing.T) {
	r := &room{send: toAll}
	s := httptest.NewServer(r)
	defer s.Close()
	o := short(s, "broadcast")
	o.warmup = 0
	run, err := drive(o)
	if err != nil || run.Requests == 0 || run.Errors != 0 || run.P50 <= 0 {
		t.Fatalf("%+v, %v", run, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if most := int64(r.nth * o.conns); run.Requests > most {
		t.Errorf("%d deliveries of %d messages to %d connections", run.Requests, r.nth, o.conns)
	}
}

// TestDriveBroadcastRefuses has servers that leave somebody out, or send twice. The
// first four messages are the probe's and those of the connections that join.
func TestDriveBroadcastRefuses(t *testing.T) {
	twice := func(nth int, from *websocket.Conn, all []*websocket.Conn, message []byte) {
		toAll(nth, from, all, message)
		if nth > 4 {
			toAll(nth, from, all, message)
		}
	}
	s := httptest.NewServer(&room{send: twice})
	defer s.Close()
	if run, err := drive(short(s, "broadcast")); err == nil && run.Errors == 0 {
		t.Errorf("messages come twice: no error, %+v", run)
	}
	wrong := func(nth int, from *websocket.Conn, all []*websocket.Conn, message []byte) {
		if nth > 1 {
			message[0]++
		}
		toAll(nth, from, all, message)
	}
	s2 := httptest.NewServer(&room{send: wrong})
	defer s2.Close()
	if run, err := drive(short(s2, "broadcast")); err == nil {
		t.Errorf("messages come wrong: no error, %+v", run)
	}
}
