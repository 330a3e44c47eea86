package websocket

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// TestCloseWithinMessage: while a message is written in pieces, and others wait for its end, the
// connection closes without them, and nothing is waited for that will not come.
func TestCloseWithinMessage(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		c, peer := pair(t, co, true, nil)
		w, err := c.NextWriter(co, Text)
		if err != nil {
			return err
		}
		if _, err := w.Write([]byte("part")); err != nil {
			return err
		}
		if err := w.Flush(); err != nil {
			return err
		}
		for range 3 {
			if err := c.Send(Text, []byte("parked")); err != nil {
				return err
			}
		}
		f := c.Close(Normal, "")
		if err := w.Close(); !errors.Is(err, ErrClosed) {
			t.Errorf("the writer: %v", err)
		}
		peer.wants(co, `text piece "part"`, `close 1000 ""`)
		peer.send(bye, "\x03\xe8")
		peer.wants(co, "end")
		peer.Close()
		if _, err := loop.Await(co, f); err != nil {
			t.Errorf("close: %v", err)
		}
		return nil
	})
}

// TestAheadIsBounded: messages that wait for OnMessage's function are few, however small.
func TestAheadIsBounded(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		c, peer := pair(t, co, true, nil)
		go1 := loop.NewPromise[struct{}](co.Loop())
		n := 0
		c.OnMessage(func(co *loop.Co, _ Message) error {
			n++
			_, err := loop.Await(co, go1.Future())
			return err
		})
		const many = 1000
		for range many {
			peer.send(texts, "x")
		}
		settle(co)
		if got := c.rx.waiting(); got > aheadMessages || n != 1 {
			t.Errorf("%d messages wait, and %d were dealt with", got, n)
		}
		go1.Set(struct{}{})
		settle(co)
		if n != many || c.rx != nil {
			t.Errorf("%d of %d messages came, it holds %+v", n, many, c.rx)
		}
		c.Abort()
		peer.Abort()
		return nil
	})
}

// TestReaderClosedWhileHeld: a reader that is closed has the rest of its message thrown away,
// also if the peer had to wait.
func TestReaderClosedWhileHeld(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		c, peer := pair(t, co, true, nil)
		half := strings.Repeat("x", 500_000)
		peer.send(0x02, half)
		_, r, err := c.NextReader(co)
		if err != nil {
			return err
		}
		peer.send(0x80, half)
		peer.send(texts, "next")
		settle(co)
		if !c.held || len(c.rx.buf) > 3*aheadBytes {
			t.Errorf("held: %v, %d bytes are kept", c.held, len(c.rx.buf))
		}
		r.Close()
		settle(co)
		if c.rx != nil && len(c.rx.buf) > 0 {
			t.Errorf("%d bytes of a message that nobody wants are kept", len(c.rx.buf))
		}
		reads(t, co, c, `text "next"`)
		c.Abort()
		peer.Abort()
		return nil
	})
}

// TestWriterCancelled: a message of which a part may be gone cannot be ended when its writer
// gives up; the connection cannot be used any more.
func TestWriterCancelled(t *testing.T) {
	for _, long := range []bool{true, false} {
		looptest.Run(t, func(co *loop.Co) error {
			c, peer := pairWindow(t, co, true, 1000, nil)
			soon, done := co.WithTimeout(time.Second)
			defer done()
			f := loop.Go(soon, func(co *loop.Co) (struct{}, error) {
				if long {
					return struct{}{}, c.Write(co, Binary, make([]byte, 2*longMessage))
				}
				w, err := c.NextWriter(co, Binary)
				for err == nil {
					_, err = w.Write(make([]byte, 10_000))
				}
				return struct{}{}, err
			})
			if _, err := loop.Await(co, f); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("long %v: %v", long, err)
			}
			if err := c.Err(); !errors.Is(err, ErrClosed) {
				t.Errorf("long %v: the connection is %v", long, err)
			}
			peer.Abort()
			return nil
		})
	}
}

// TestCloseSlowDrops: what waits for a peer that is closed for being slow is dropped at once.
func TestCloseSlowDrops(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		c, peer := pairWindow(t, co, true, 1000, func(s *settings) { s.queue, s.slow = 500_000, CloseSlow })
		for c.Err() == nil {
			_ = c.Send(Binary, make([]byte, 10_000)) // in the end it fails
		}
		if s := c.Stats(); s.Unsent > 2*highWater || s.Dropped == 0 {
			t.Errorf("%+v", s)
		}
		c.Abort()
		peer.Abort()
		return nil
	})
}

// TestAcceptNetHTTPFails: a handler that fails breaks its connection off; frames that came with
// the handshake are refused, and a server that does not give its connections away is told so.
func TestAcceptNetHTTPFails(t *testing.T) {
	l := running(t)
	failed := errors.New("failed")
	results := make(chan error, 2)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		results <- AcceptNetHTTP(l, w, r, nil, func(co *loop.Co, c *Conn) error {
			if err := c.Write(co, Text, []byte("hi")); err != nil {
				return err
			}
			if err := loop.Yield(co); err != nil {
				return err
			}
			return failed
		})
	})
	srv := httptest.NewServer(h)
	defer srv.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := loop.Do(ctx, l, func(co *loop.Co) (struct{}, error) {
		c, err := Dial(co, strings.Replace(srv.URL, "http", "ws", 1), nil)
		if err != nil {
			return struct{}{}, err
		}
		_, _, _ = c.Read(co) // what was written may be lost
		if _, _, err = c.Read(co); err == nil {
			t.Error("the connection goes on")
		}
		return struct{}{}, nil
	})
	if err := errors.Join(err, <-results); err != nil {
		t.Error(err)
	}

	conn, err := new(net.Dialer).DialContext(ctx, "tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(hello("", "") + "\x81\x80\x00\x00\x00\x00")); err != nil {
		t.Fatal(err)
	}
	var he *HandshakeError
	if err := <-results; !errors.As(err, &he) || he.Status != 400 {
		t.Errorf("frames ahead: %v", err)
	}

	rec := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(ctx, "GET", "/", http.NoBody)
	for k, v := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-Websocket-Version": "13", "Sec-Websocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="} {
		r.Header.Set(k, v)
	}
	if err := AcceptNetHTTP(l, rec, r, nil, nil); !errors.Is(err, http.ErrNotSupported) || rec.Code != 500 {
		t.Errorf("without a Hijacker: %v, %d", err, rec.Code)
	}
}

// TestLengthIsNoPromise: a frame's length has no memory made for it, before the bytes come.
func TestLengthIsNoPromise(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		c, peer := pair(t, co, true, nil)
		c.OnMessage(func(*loop.Co, Message) error { return nil })
		frame := peer.frame(bins, strings.Repeat("x", 9<<20))
		peer.Write(frame[:100])
		settle(co)
		if n := cap(c.rx.buf); n == 0 || n > 2*sureSize {
			t.Errorf("room for %d bytes after 100", n)
		}
		c.Abort()
		peer.Abort()
		return nil
	})
}

// TestMasksDiffer from frame to frame, and from loop to loop (RFC 6455, 10.3).
func TestMasksDiffer(t *testing.T) {
	seen := map[uint32]bool{}
	for range 2 {
		looptest.Run(t, func(co *loop.Co) error {
			c, peer := pair(t, co, false, nil)
			for range 100 {
				seen[c.local().key()] = true
			}
			if err := c.Send(Text, make([]byte, 8)); err != nil {
				return err
			}
			settle(co)
			if b := peer.Buffered(); len(b) != 14 || string(b[2:6]) != string(b[6:10]) || string(b[2:6]) == "\x00\x00\x00\x00" {
				t.Errorf("sent %q", b)
			}
			c.Abort()
			peer.Abort()
			return nil
		})
	}
	if len(seen) < 199 {
		t.Errorf("%d keys of 200 differ", len(seen))
	}
}
