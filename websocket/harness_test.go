package websocket

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/zonda-go/zonda/internal/wswire"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// A raw is the other end of a connection under test: it sends what it is told to, and takes
// apart what comes.
type raw struct {
	*stream.Stream
	t      testing.TB
	server bool // this end is
	reader wswire.Reader
	got    []byte // not taken apart yet
	part   []byte // of a frame
}

// pair makes a connection in memory with a Conn at one end and bytes at the other. server
// says what the Conn is. change may change what it keeps to.
func pair(t testing.TB, co *loop.Co, server bool, change func(*settings)) (*Conn, *raw) {
	t.Helper()
	return pairWindow(t, co, server, 0, change)
}

func pairWindow(t testing.TB, co *loop.Co, server bool, window int, change func(*settings)) (*Conn, *raw) {
	t.Helper()
	a, b := looptest.Pipe(window)
	set := (&Options{}).settings(co.Loop(), server)
	if change != nil {
		change(&set)
	}
	s, err := stream.New(co.Loop(), a)
	if err != nil {
		t.Fatal(err)
	}
	p, err := stream.New(co.Loop(), b)
	if err != nil {
		t.Fatal(err)
	}
	return newConn(s, set), &raw{Stream: p, t: t, server: !server}
}

// conns makes a connection with a Conn at both ends.
func conns(t testing.TB, co *loop.Co, o *Options) (server, client *Conn) {
	t.Helper()
	a, b := looptest.Pipe(0)
	s, err := stream.New(co.Loop(), a)
	if err != nil {
		t.Fatal(err)
	}
	p, err := stream.New(co.Loop(), b)
	if err != nil {
		t.Fatal(err)
	}
	return NewConn(s, true, "", o), NewConn(p, false, "", o)
}

// frame is a frame as this end must send it.
func (r *raw) frame(first byte, payload string) []byte {
	h := wswire.Header{Opcode: wswire.Opcode(first & 0x0f), Fin: first&0x80 != 0, RSV1: first&0x40 != 0, Length: int64(len(payload))}
	if !r.server {
		h.Masked, h.Key = true, 0x12345678
	}
	return appendFrame(nil, h, []byte(payload))
}

// send sends whole frames of one payload each: "text abc", "close \x03\xe8".
func (r *raw) send(first byte, payload string) { r.Write(r.frame(first, payload)) }

const (
	whole = 0x80
	ping  = 0x89
	pong  = 0x8a
	bye   = 0x88
	texts = 0x81
	bins  = 0x82
)

// settle returns when nothing is left to do but to wait.
func settle(co *loop.Co) {
	for range 2 {
		_ = loop.Sleep(co, time.Nanosecond) // virtual: it ends when nothing else is ready
	}
}

// next is the next frame that has come, in words; "open", "end" or "broken" if there is none.
func (r *raw) next(co *loop.Co) string {
	for {
		if ev, ok := r.event(); ok {
			return show(ev)
		}
		soon, done := co.WithTimeout(time.Nanosecond)
		p, err := loop.Await(soon, r.ReadSome(1<<20))
		done()
		switch {
		case err == nil:
			r.got = append(r.got, p...)
		case errors.Is(err, io.EOF):
			return "end"
		case soon.Err() != nil && co.Err() == nil && !r.Closed():
			return "open"
		default:
			return "broken"
		}
	}
}

// event takes one frame of what has come.
func (r *raw) event() (wswire.Event, bool) {
	rules := &wswire.Rules{Server: r.server, Deflate: true}
	for {
		ev, n, err := r.reader.Next(rules, r.got)
		if err != nil {
			r.t.Fatalf("the peer sends what it may not: %v: %.100q", err, r.got)
		}
		payload := bytes.Clone(ev.Payload)
		r.got = r.got[n:]
		switch {
		case ev.Kind == wswire.NeedMore:
			return ev, false
		case ev.Kind == wswire.Control:
			ev.Payload = payload
			return ev, true
		}
		if r.part = append(r.part, payload...); !r.reader.Inside() {
			ev.Payload, r.part = r.part, nil
			return ev, true
		}
	}
}

func show(ev wswire.Event) string {
	s := map[wswire.Opcode]string{wswire.Text: "text", wswire.Binary: "binary", wswire.Ping: "ping", wswire.Pong: "pong", wswire.Close: "close"}[ev.Opcode]
	if ev.Compressed {
		s += " compressed"
	}
	if ev.Kind == wswire.Data && !ev.Last {
		s += " piece"
	}
	if ev.Opcode != wswire.Close {
		if len(ev.Payload) > 100 {
			return fmt.Sprintf("%s of %d", s, len(ev.Payload))
		}
		return fmt.Sprintf("%s %q", s, ev.Payload)
	}
	code, reason := wswire.ParseClose(ev.Payload)
	return fmt.Sprintf("%s %d %q", s, code, reason)
}

// wants compares the frames that come with those that should.
func (r *raw) wants(co *loop.Co, frames ...string) {
	r.t.Helper()
	settle(co)
	for _, want := range frames {
		if got := r.next(co); got != want {
			r.t.Errorf("the peer got %s, want %s", got, want)
		}
	}
}

// reads compares the messages that are read, or the error, with those that should be.
func reads(t testing.TB, co *loop.Co, c *Conn, want ...string) {
	t.Helper()
	for _, w := range want {
		kind, data, err := c.Read(co)
		got := fmt.Sprintf("%v %q", kind, data)
		if err != nil {
			got = err.Error()
		}
		if got != w {
			t.Errorf("read %s, want %s", got, w)
		}
	}
}
