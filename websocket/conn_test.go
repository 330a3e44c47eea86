package websocket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

func echo(c *Conn) {
	c.OnMessage(func(co *loop.Co, m Message) error { return c.Write(co, m.Type, m.Data) })
}

// TestEcho is Tornado's W04: both styles, both types, both roles.
func TestEcho(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		for _, server := range []bool{true, false} {
			c, peer := pair(t, co, server, nil)
			echo(c)
			peer.send(texts, "grüß")
			peer.send(bins, "\xff\x00")
			peer.wants(co, `text "grüß"`, `binary "\xff\x00"`, "open")
			c.Close(Normal, "")
			peer.wants(co, `close 1000 ""`)
			peer.Abort()
		}
		s, c := conns(t, co, nil)
		echo(s)
		if err := c.Write(co, Text, []byte("hello")); err != nil {
			return err
		}
		reads(t, co, c, `text "hello"`)
		c.Close(Normal, "")
		reads(t, co, c, ErrClosed.Error())
		return nil
	})
}

// TestReadOne: messages that come together are read one by one, and one reads at a time.
func TestReadOne(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		c, peer := pair(t, co, true, nil)
		peer.send(texts, "a")
		peer.send(bins, "b")
		reads(t, co, c, `text "a"`, `binary "b"`)
		f := loop.Go(co, func(co *loop.Co) (struct{}, error) {
			reads(t, co, c, `text "c"`)
			return struct{}{}, nil
		})
		reads(t, co, c, ErrReading.Error())
		peer.send(texts, "c")
		if _, err := loop.Await(co, f); err != nil {
			return err
		}
		c.OnMessage(func(*loop.Co, Message) error { return nil })
		reads(t, co, c, ErrReading.Error())
		c.Abort()
		peer.Abort()
		return nil
	})
}

// TestReadGivenUp: who stops waiting loses nothing, also in the middle of a message.
func TestReadGivenUp(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		c, peer := pair(t, co, true, nil)
		giveUp := func() {
			soon, done := co.WithTimeout(time.Second)
			defer done()
			if _, _, err := c.Read(soon); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("read gave %v", err)
			}
		}
		peer.send(0x01, "ab")
		giveUp()
		peer.send(0x80, "cd")
		reads(t, co, c, `text "abcd"`)
		peer.send(0x01, "ab")
		giveUp()
		_, r, err := c.NextReader(co)
		if err != nil {
			return err
		}
		peer.send(0x80, "cd")
		if b, err := io.ReadAll(r); err != nil || string(b) != "abcd" {
			t.Errorf("%q, %v", b, err)
		}
		c.Abort()
		peer.Abort()
		return nil
	})
}

// TestMessages ends by itself when the connection does so in good order.
func TestMessages(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(peer *raw)
		want string
	}{
		{"close", func(p *raw) { p.send(bye, "\x03\xe8") }, `text "a" text "b" `},
		{"going away", func(p *raw) { p.send(bye, "\x03\xe9") }, `text "a" text "b" `},
		{"without a code", func(p *raw) { p.send(bye, "") }, `text "a" text "b" `},
		{"in anger", func(p *raw) { p.send(bye, "\x03\xf3no") }, `text "a" text "b" websocket: closed by the peer: 1011 "no"`},
		{"without a word", func(p *raw) { p.CloseWrite() }, `text "a" text "b" websocket: ended without a close frame: unexpected EOF`},
		{"reset", func(p *raw) { p.Abort() }, `websocket: ended without a close frame: connection reset by peer`},
		{"nonsense", func(p *raw) { p.Write([]byte("\xff")) }, `text "a" text "b" websocket: refused: 1002 "reserved bits are set": wswire: reserved-bits: reserved bits are set (close: 1002)`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			looptest.Run(t, func(co *loop.Co) error {
				c, peer := pair(t, co, true, nil)
				peer.send(texts, "a")
				peer.send(texts, "b")
				tt.end(peer)
				got := ""
				for m, err := range c.Messages(co) {
					if err != nil {
						got += err.Error()
						break
					}
					got += fmt.Sprintf("%v %q ", m.Type, m.Data)
				}
				if got != tt.want {
					t.Errorf("got  %s\nwant %s", got, tt.want)
				}
				if c.Err() == nil || c.Write(co, Text, nil) == nil || c.Ping(nil) == nil {
					t.Error("it can be written to")
				}
				peer.Close()
				return nil
			})
		})
	}
}

// TestBytesBeforeTheEnd: what came before the peer's end can be read after it, by whoever
// begins only then.
func TestBytesBeforeTheEnd(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		c, peer := pair(t, co, true, nil)
		peer.send(texts, "a")
		peer.send(texts, "b")
		peer.send(bye, "\x03\xe8bye")
		peer.CloseWrite()
		settle(co)
		reads(t, co, c, `text "a"`, `text "b"`, `websocket: closed by the peer: 1000 "bye"`)
		peer.wants(co, `close 1000 ""`, "end")
		return nil
	})
}

// TestOnMessageInTurn: the next message waits for the last (W19), each coroutine deals with
// those that have come, and in time the peer must wait.
func TestOnMessageInTurn(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		c, peer := pairWindow(t, co, true, 1000, nil)
		var got []byte
		running := false
		c.OnMessage(func(co *loop.Co, m Message) error {
			if running {
				t.Error("two messages at once")
			}
			running = true
			err := loop.Sleep(co, time.Second)
			running = false
			got = append(got, m.Data[0])
			return err
		})
		want := make([]byte, 200)
		for i := range want {
			want[i] = byte(i)
			peer.send(bins, string(append([]byte{byte(i)}, make([]byte, 2000)...)))
		}
		settle(co)
		if n := peer.Unsent(); n < 200_000 {
			t.Errorf("only %d bytes wait at the peer: the connection reads ahead of its messages", n)
		}
		if err := loop.Sleep(co, time.Hour); err != nil {
			return err
		}
		if !bytes.Equal(got, want) {
			t.Errorf("dealt with %v", got)
		}
		c.Abort()
		peer.Abort()
		return nil
	})
}

// TestOnMessageFails (W07): what becomes of the connection.
func TestOnMessageFails(t *testing.T) {
	for _, tt := range []struct {
		name string
		fn   func(co *loop.Co, m Message) error
		want string
	}{
		{"error", func(*loop.Co, Message) error { return errors.New("boom") }, `close 1011 ""`},
		{"panic", func(*loop.Co, Message) error { panic("boom") }, `close 1011 ""`},
		{"code", func(*loop.Co, Message) error { return &CloseError{Code: PolicyViolation, Reason: "no"} }, `close 1008 "no"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			looptest.Run(t, func(co *loop.Co) error {
				c, peer := pair(t, co, true, nil)
				c.OnMessage(tt.fn)
				var end error
				c.OnClose(func(err error) { end = err })
				peer.send(texts, "a")
				peer.send(texts, "b")
				peer.wants(co, tt.want)
				peer.send(bye, "\x03\xf3")
				peer.wants(co, "end")
				peer.Close()
				settle(co)
				if !errors.Is(end, net.ErrClosed) {
					t.Errorf("OnClose was told %v", end)
				}
				return nil
			})
		})
	}
}

// TestOnMessageCancelled: what is dealt with when the connection ends, and under which Co.
func TestOnMessageCancelled(t *testing.T) {
	for _, tt := range []struct {
		name      string
		end       func(c *Conn, peer *raw)
		cancelled bool
	}{
		{"peer closes", func(_ *Conn, p *raw) { p.send(bye, "\x03\xe8"); p.Close() }, false},
		{"peer ends", func(_ *Conn, p *raw) { p.Close() }, false},
		{"reset", func(_ *Conn, p *raw) { p.Abort() }, true},
		{"abort", func(c *Conn, p *raw) { c.Abort(); p.Abort() }, true},
		{"close", func(c *Conn, p *raw) { c.Close(Normal, ""); p.send(bye, ""); p.Close() }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			looptest.Run(t, func(co *loop.Co) error {
				c, peer := pair(t, co, true, nil)
				var story []string
				c.OnMessage(func(co *loop.Co, m Message) error {
					err := loop.Sleep(co, time.Hour)
					story = append(story, fmt.Sprintf("%s %v", m.Data, err != nil))
					return err
				})
				c.OnClose(func(error) { story = append(story, "closed") })
				peer.send(texts, "a")
				peer.send(texts, "b")
				settle(co)
				tt.end(c, peer)
				if err := loop.Sleep(co, 5*time.Hour); err != nil {
					return err
				}
				want := "[a false b false closed]"
				if tt.cancelled {
					want = "[a true closed]"
				}
				if got := fmt.Sprint(story); got != want {
					t.Errorf("%s, want %s", got, want)
				}
				return nil
			})
		})
	}
}

// TestNextReader reads a message of which no more than a part is kept.
func TestNextReader(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		c, peer := pairWindow(t, co, true, 10_000, nil)
		text := strings.Repeat("0123456789", 100_000)
		peer.send(texts, text)
		peer.send(texts, "next")
		peer.send(texts, "last")
		kind, r, err := c.NextReader(co)
		if err != nil || kind != Text {
			return err
		}
		if _, _, err := c.Read(co); err != ErrReading {
			t.Errorf("a second reader: %v", err)
		}
		settle(co)
		if n := peer.Unsent(); n < 500_000 {
			t.Errorf("%d bytes wait at the peer: too much is kept here", n)
		}
		got, err := io.ReadAll(r)
		if err != nil || string(got) != text {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		_, r, err = c.NextReader(co)
		if err != nil {
			return err
		}
		b := make([]byte, 2)
		if _, err := r.Read(b); err != nil || string(b) != "ne" {
			t.Errorf("%q, %v", b, err)
		}
		r.Close()
		reads(t, co, c, `text "last"`)
		c.Abort()
		peer.Abort()
		return nil
	})
}

// TestNextReaderClosed throws the rest of a long message away, and tells of a cut one.
func TestNextReaderClosed(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		c, peer := pairWindow(t, co, true, 10_000, nil)
		peer.send(bins, strings.Repeat("x", 500_000))
		peer.send(texts, "next")
		_, r, err := c.NextReader(co)
		if err != nil {
			return err
		}
		if err := r.Close(); err != nil {
			return err
		}
		reads(t, co, c, `text "next"`)
		peer.send(0x02, "beginning")
		if _, r, err = c.NextReader(co); err != nil {
			return err
		}
		r.Close()
		peer.send(0x00, strings.Repeat("x", 300_000))
		settle(co)
		if n := len(c.rx.buf); n != 0 {
			t.Errorf("%d bytes are kept of what nobody reads", n)
		}
		peer.send(0x80, "")
		peer.send(0x01, "beginning")
		peer.CloseWrite()
		_, r, err = c.NextReader(co)
		if err != nil {
			return err
		}
		b, err := io.ReadAll(r)
		if string(b) != "beginning" || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%q, %v", b, err)
		}
		peer.Abort()
		return nil
	})
}

// TestIdleHoldsNothing: after messages both ways, whole and in pieces, compressed and not.
func TestIdleHoldsNothing(t *testing.T) {
	if size := unsafe.Sizeof(Conn{}); size > 64 {
		t.Errorf("a Conn has %d bytes", size)
	}
	looptest.Run(t, func(co *loop.Co) error {
		a, b := looptest.Pipe(0)
		s, err := stream.New(co.Loop(), a)
		if err != nil {
			return err
		}
		p, err := stream.New(co.Loop(), b)
		if err != nil {
			return err
		}
		o := &Options{Compression: &Compression{Threshold: 10}}
		agreed := *o.want(true)
		server := newConn(s, o.settings(co.Loop(), true).deflated(agreed, o.Compression))
		client := newConn(p, o.settings(co.Loop(), false).deflated(agreed, o.Compression))
		echo(server)
		for _, text := range []string{"short", strings.Repeat("long enough to be compressed ", 20), strings.Repeat("x", 300_000)} {
			if err := client.Write(co, Text, []byte(text)); err != nil {
				return err
			}
			if _, got, err := client.Read(co); err != nil || string(got) != text {
				t.Errorf("%.20q, %v", got, err)
			}
			settle(co)
			for name, c := range map[string]*Conn{"server": server, "client": client} {
				if c.rx != nil || c.tx != nil || c.rare != nil {
					t.Errorf("after %.10q the %s holds %+v %+v %+v", text, name, c.rx, c.tx, c.rare)
				}
			}
		}
		if server.set == client.set {
			t.Error("both roles keep to the same")
		}
		client.Abort()
		server.Abort()
		return nil
	})
}

// TestSettingsAreShared by all that keep to the same.
func TestSettingsAreShared(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		a, b := conns(t, co, nil)
		c, d := conns(t, co, &Options{})
		if a.set != c.set || b.set != d.set {
			t.Error("two connections have settings of their own")
		}
		for _, c := range []*Conn{a, b, c, d} {
			c.Abort()
		}
		return nil
	})
}

func TestReset(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		c, peer := pair(t, co, true, nil)
		f := loop.Go(co, func(co *loop.Co) (struct{}, error) {
			_, _, err := c.Read(co)
			return struct{}{}, err
		})
		peer.Abort()
		_, err := loop.Await(co, f)
		var ce *CloseError
		if !errors.As(err, &ce) || ce.Code != Abnormal || !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("read gave %v", err)
		}
		if _, err := loop.Await(co, c.Close(Normal, "")); err == nil {
			t.Error("all is well, says Close")
		}
		return nil
	})
}
