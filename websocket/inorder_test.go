package websocket

import (
	"errors"
	"testing"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// TestRefusalInOrder: messages that came before a broken rule, in the same piece, are dealt with
// and answered first; what comes behind it is not looked at. (Fuzzing suites call it strict.)
func TestRefusalInOrder(t *testing.T) {
	for style, begin := range map[string]func(co *loop.Co, c *Conn){
		"OnMessage": func(_ *loop.Co, c *Conn) {
			c.OnMessage(func(co *loop.Co, m Message) error {
				if err := loop.Yield(co); err != nil {
					return err
				}
				return c.Write(co, m.Type, m.Data)
			})
		},
		"Read": func(co *loop.Co, c *Conn) {
			loop.Go(co, func(co *loop.Co) (struct{}, error) {
				for {
					kind, data, err := c.Read(co)
					if err == nil {
						err = c.Write(co, kind, data)
					}
					if err != nil {
						return struct{}{}, nil
					}
				}
			})
		},
	} {
		for _, wrong := range []string{"\xff\x80\x00\x00\x00\x00", "\x88\x81\x00\x00\x00\x00x", "\x81\x81\x00\x00\x00\x00\xff"} {
			looptest.Run(t, func(co *loop.Co) error {
				c, peer := pair(t, co, true, nil)
				begin(co, c)
				settle(co)
				all := append(peer.frame(texts, "a"), peer.frame(bins, "b")...)
				all = append(all, wrong...)
				all = append(all, peer.frame(texts, "c")...)
				peer.Write(all)
				peer.wants(co, `text "a"`, `binary "b"`)
				if got := peer.next(co); got[:8] != "close 10" {
					t.Errorf("%s, %q: %s", style, wrong, got)
				}
				peer.send(texts, "d")
				peer.wants(co, "end")
				peer.Close()
				settle(co)
				var ce *CloseError
				if c.state != over || !errors.As(c.Err(), &ce) || !ce.Sent {
					t.Errorf("%s, %q: state %d, %v", style, wrong, c.state, c.Err())
				}
				return nil
			})
		}
	}
}

// TestRefusalPutOff, and then the program closes, its function fails, or the peer goes.
func TestRefusalPutOff(t *testing.T) {
	for name, then := range map[string]func(co *loop.Co, c *Conn, peer *raw) (want []string){
		"Close": func(_ *loop.Co, c *Conn, _ *raw) []string {
			c.Close(Normal, "")
			return []string{`close 1000 ""`, "end"}
		},
		"Abort": func(_ *loop.Co, c *Conn, _ *raw) []string { c.Abort(); return []string{"broken"} },
		"end": func(co *loop.Co, _ *Conn, peer *raw) []string {
			if err := peer.CloseWrite(); err != nil {
				t.Error(err)
			}
			return []string{`text "done"`, `close 1002 "reserved bits are set"`, "end"}
		},
		"reset": func(_ *loop.Co, _ *Conn, peer *raw) []string { peer.Abort(); return nil },
	} {
		looptest.Run(t, func(co *loop.Co) error {
			c, peer := pair(t, co, true, nil)
			hold := loop.NewPromise[struct{}](co.Loop())
			c.OnMessage(func(co *loop.Co, m Message) error {
				if _, err := loop.Await(co, hold.Future()); err != nil {
					return err
				}
				return c.Write(co, Text, []byte("done"))
			})
			began := co.Loop().Now()
			peer.Write(append(peer.frame(texts, "a"), "\xff\x80\x00\x00\x00\x00"...))
			settle(co)
			if c.Err() != nil {
				t.Errorf("%s: %v", name, c.Err())
			}
			want := then(co, c, peer)
			settle(co)
			hold.TrySet(struct{}{})
			peer.wants(co, want...)
			peer.Close()
			settle(co)
			if c.state != over || c.rx != nil || co.Loop().Now().Sub(began) > 1e9 {
				t.Errorf("%s: state %d, %+v, after %v", name, c.state, c.rx, co.Loop().Now().Sub(began))
			}
			return nil
		})
	}
}
