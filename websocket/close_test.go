package websocket

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// TestCloseHandshake: this side closes, the peer answers, the stream ends on both sides.
func TestCloseHandshake(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		for _, server := range []bool{true, false} {
			c, peer := pair(t, co, server, nil)
			if err := c.Write(co, Text, []byte("last")); err != nil {
				return err
			}
			peer.send(texts, "a")
			peer.send(texts, "not read")
			settle(co)
			reads(t, co, c, `text "a"`)
			f := c.Close(GoingAway, "goodbye") // W15
			reads(t, co, c, ErrClosed.Error())
			if err := c.Write(co, Text, nil); err != ErrClosed {
				t.Errorf("write after Close: %v", err)
			}
			peer.wants(co, `text "last"`, `close 1001 "goodbye"`, "open")
			peer.send(texts, "too late")
			peer.send(ping, "too late")
			peer.send(bye, "\x03\xe9")
			peer.wants(co, "end")
			peer.Close()
			if _, err := loop.Await(co, f); err != nil {
				t.Errorf("close: %v", err)
			}
			if c.Close(Normal, "") != f {
				t.Error("another end")
			}
		}
		return nil
	})
}

// TestCloseUnanswered: the peer does not answer, and is cut off after 5 s.
func TestCloseUnanswered(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		c, peer := pair(t, co, true, nil)
		began := co.Loop().Now()
		_, err := loop.Await(co, c.Close(0, "not sent"))
		if took := co.Loop().Now().Sub(began); !errors.Is(err, ErrCloseTimeout) || !errors.Is(err, os.ErrDeadlineExceeded) || took != 5*time.Second {
			t.Errorf("after %v: %v", took, err)
		}
		peer.wants(co, `close 0 ""`, "broken")
		return nil
	})
}

// TestCloseAnswerWithoutEnd: the peer answers, and does not end its side.
func TestCloseAnswerWithoutEnd(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		for _, first := range []bool{true, false} {
			c, peer := pair(t, co, true, nil)
			began := co.Loop().Now()
			peer.send(bye, "\x0b\xb8")
			if !first {
				settle(co)
			}
			loop.Await(co, c.Close(Normal, ""))
			if took := co.Loop().Now().Sub(began); took > 6*time.Second {
				t.Errorf("it took %v", took)
			}
			peer.Abort()
		}
		return nil
	})
}

// TestCloseDelivers all that was written, to a slow peer too; the timeout begins then.
func TestCloseDelivers(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		c, peer := pairWindow(t, co, true, 1000, nil)
		text := []byte(strings.Repeat("x", 50_000))
		for range 20 {
			if err := c.Send(Binary, text); err != nil {
				return err
			}
		}
		f := c.Close(Normal, "bye")
		for i := range 20 {
			if i < 15 { // then the rest is with the peer, which had better answer
				if err := loop.Sleep(co, 10*time.Second); err != nil {
					return err
				}
			}
			peer.wants(co, "binary of 50000")
		}
		peer.wants(co, `close 1000 "bye"`)
		peer.send(bye, "\x03\xe8")
		peer.wants(co, "end")
		peer.Close()
		_, err := loop.Await(co, f)
		return err
	})
}

// TestPeerCloses: its code is echoed, behind what was written before.
func TestPeerCloses(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		c, peer := pairWindow(t, co, true, 1000, nil)
		if err := c.Send(Binary, make([]byte, 90_000)); err != nil {
			return err
		}
		if err := c.Send(Text, []byte("last")); err != nil {
			return err
		}
		peer.send(bye, "\x0f\xa0why")
		reads(t, co, c, `websocket: closed by the peer: 4000 "why"`)
		peer.wants(co, "binary of 90000", `text "last"`, `close 4000 ""`, "end")
		peer.Close()
		var end *CloseError
		if !errors.As(c.Err(), &end) || end.Code != 4000 || end.Reason != "why" || end.Sent || errors.Is(end, io.EOF) {
			t.Errorf("%+v", c.Err())
		}
		return nil
	})
}

// TestBothClose at the same moment.
func TestBothClose(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		s, c := conns(t, co, nil)
		f, g := s.Close(Normal, "a"), c.Close(GoingAway, "b")
		_, err := loop.Await(co, loop.All(co.Loop(), f, g))
		return err
	})
}

// TestCloseWithUnreadInput (W12): nothing is lost, and nothing is logged as an error.
func TestCloseWithUnreadInput(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		s, c := conns(t, co, nil)
		for range 100 {
			if err := c.Write(co, Binary, make([]byte, 10_000)); err != nil {
				return err
			}
			if c.Stats().Unsent > 0 {
				break
			}
		}
		if err := s.Write(co, Text, []byte("bye")); err != nil {
			return err
		}
		f := s.Close(Normal, "")
		reads(t, co, c, `text "bye"`, `websocket: closed by the peer: 1000`)
		_, err := loop.Await(co, f)
		return err
	})
}

func TestCloseCodes(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		for _, code := range []Code{1004, 1006, 1015, 2999, 5000, 999} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("Close takes %d", code)
					}
				}()
				c, peer := pair(t, co, true, nil)
				defer peer.Abort()
				defer c.Abort()
				c.Close(code, "")
			}()
		}
		c, peer := pair(t, co, true, nil)
		c.Close(4999, strings.Repeat("é", 100)+"\xff")
		peer.wants(co, `close 4999 "`+strings.Repeat("é", 61)+`"`)
		c.Abort()
		peer.Abort()
		return nil
	})
}

// TestOnCloseLate is called although it is over already, once.
func TestOnCloseLate(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		c, peer := pair(t, co, true, nil)
		n := 0
		c.OnClose(func(error) { n++ })
		peer.Abort()
		settle(co)
		c.OnClose(func(err error) {
			if n++; err == nil {
				t.Error("no error")
			}
		})
		settle(co)
		if n != 2 {
			t.Errorf("%d calls", n)
		}
		return nil
	})
}
