package websocket

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// TestNextReaderAfterTheEnd: when the connection breaks within a message, there is no reader for
// the rest of it, and each attempt says why.
func TestNextReaderAfterTheEnd(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		for _, closes := range []bool{true, false} {
			c, peer := pair(t, co, true, nil)
			peer.send(0x01, "abcdef")
			_, r, err := c.NextReader(co)
			if err != nil {
				return err
			}
			peer.send(0, "ghi")
			settle(co)
			peer.Abort()
			settle(co)
			got := make([]byte, 2)
			if _, err := io.ReadFull(r, got); err != nil || string(got) != "ab" {
				t.Errorf("what had come: %q, %v", got, err)
			}
			if closes {
				r.Close()
			}
			for range 3 {
				_, r, err := c.NextReader(co)
				var ce *CloseError
				if r != nil || !errors.As(err, &ce) || ce.Code != Abnormal {
					t.Errorf("another reader: %v, %v", r, err)
				}
			}
			reads(t, co, c, c.Err().Error())
		}
		return nil
	})
}

// TestCancelledReads: a reader that is cancelled in any of the moments there are loses nothing,
// for whoever reads next, in either way.
func TestCancelledReads(t *testing.T) {
	next := func(co *loop.Co, c *Conn) (string, error) {
		_, r, err := c.NextReader(co)
		if err != nil {
			return "", err
		}
		data, err := io.ReadAll(r)
		return string(data), err
	}
	whole := func(co *loop.Co, c *Conn) (string, error) {
		_, data, err := c.Read(co)
		return string(data), err
	}
	for name, first := range map[string]func(*loop.Co, *Conn) (string, error){
		"Read": whole,
		"NextReader": func(co *loop.Co, c *Conn) (string, error) { // which gives up before it has one
			_, r, err := c.NextReader(co)
			if err == nil {
				data, rerr := io.ReadAll(r)
				return string(data), rerr
			}
			return "", err
		},
	} {
		for moment := range 4 {
			for _, then := range []func(*loop.Co, *Conn) (string, error){whole, next} {
				looptest.Run(t, func(co *loop.Co) error {
					c, peer := pair(t, co, true, nil)
					scope, cancel := co.WithCancel()
					cause := errors.New("enough")
					f := loop.Go(scope, func(co *loop.Co) (string, error) { return first(co, c) })
					settle(co)
					one := append(peer.frame(0x01, "ab"), peer.frame(0x80, "cd")...)
					switch moment {
					case 0: // before anything
						cancel(cause)
						settle(co)
						peer.Write(one)
					case 1: // within the message
						if name == "NextReader" {
							peer.Write(one)
							break // it has its reader then: what it does not read is its own loss
						}
						peer.Write(one[:len(one)-3])
						settle(co)
						cancel(cause)
						settle(co)
						peer.Write(one[len(one)-3:])
					case 2: // behind it, in the same iteration
						c.Consume(bytes.Clone(one))
						cancel(cause)
					case 3: // before it
						cancel(cause)
						peer.Write(one)
					}
					got, err := loop.Await(co, f)
					if err == nil {
						if got != "abcd" {
							t.Errorf("%s, %d: it got %q", name, moment, got)
						}
						peer.Write(one)
					} else if !errors.Is(err, cause) || !errors.Is(err, context.Canceled) {
						t.Errorf("%s, %d: %v", name, moment, err)
					}
					if got, err := then(co, c); err != nil || got != "abcd" {
						t.Errorf("%s, %d, then: %q, %v", name, moment, got, err)
					}
					c.Abort()
					peer.Abort()
					return nil
				})
			}
		}
	}
}

// TestUnsendableCode: OnMessage's function may hand on the end of another connection. What may
// not be in a close frame is an internal error to the peer.
func TestUnsendableCode(t *testing.T) {
	for _, tt := range []struct {
		code Code
		want string
	}{
		{Abnormal, `close 1011 ""`}, {1015, `close 1011 ""`}, {2000, `close 1011 ""`},
		{NoCode, `close 0 ""`}, {0, `close 0 ""`}, {GoingAway, `close 1001 "why"`}, {4000, `close 4000 "why"`},
	} {
		looptest.Run(t, func(co *loop.Co) error {
			c, peer := pair(t, co, true, nil)
			c.OnMessage(func(*loop.Co, Message) error { return &CloseError{Code: tt.code, Reason: "why"} })
			peer.send(texts, "x")
			peer.wants(co, tt.want)
			peer.send(bye, "")
			peer.wants(co, "end")
			peer.Close()
			return nil
		})
	}
}
