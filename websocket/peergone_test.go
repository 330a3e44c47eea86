package websocket

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// writers are the ways to write that wait, each as a piece of 10 KB.
var writers = map[string]func(co *loop.Co, c *Conn) func() error{
	"Write": func(co *loop.Co, c *Conn) func() error {
		return func() error { return c.Write(co, Binary, make([]byte, 10_000)) }
	},
	"WritePrepared": func(co *loop.Co, c *Conn) func() error {
		p, _ := Prepare(Binary, make([]byte, 10_000)) // only a text can fail
		return func() error { return c.WritePrepared(co, p) }
	},
	"NextWriter": func(co *loop.Co, c *Conn) func() error {
		w, err := c.NextWriter(co, Binary)
		return func() error {
			if err != nil {
				return err
			}
			_, err := w.Write(make([]byte, 10_000))
			return err
		}
	},
}

// TestWriterOfBrokenStream: when the stream breaks while somebody writes on and on, the writer
// hears of it with the next write, even though the connection does only in an iteration that
// such a writer might never let come.
func TestWriterOfBrokenStream(t *testing.T) {
	for name, writer := range writers {
		looptest.Run(t, func(co *loop.Co) error {
			c, peer := pairWindow(t, co, true, 1000, nil)
			began := co.Loop().Now()
			write := writer(co, c)
			for n := 0; ; n++ {
				err := write()
				if n > 1000 {
					t.Fatalf("%s: the stream is broken, and nobody says so", name)
				}
				if err == nil {
					continue
				}
				var ce *CloseError
				if !errors.As(err, &ce) || ce.Code != Abnormal || !errors.Is(err, stream.ErrStalled) || !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("%s: %v", name, err)
				}
				break
			}
			if took := co.Loop().Now().Sub(began); took != time.Minute { // a stream's own limit
				t.Errorf("%s: after %v", name, took)
			}
			settle(co)
			if err := c.Err(); !errors.Is(err, stream.ErrStalled) {
				t.Errorf("%s: the connection says %v", name, err)
			}
			peer.Abort()
			return nil
		})
	}
}

// TestWriteBeforeUnread: messages that came before the peer was gone wait to be read; who writes
// meanwhile learns that it is.
func TestWriteBeforeUnread(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		a, b := looptest.Pipe(0)
		s, err := stream.New(co.Loop(), a)
		if err != nil {
			return err
		}
		c := NewConn(s, true, "", nil)
		peer := &raw{t: t}
		if _, err := b.Write(peer.frame(texts, "a")); err != nil {
			return err
		}
		settle(co)
		if err := b.Close(false); err != nil { // its end, and a reset for what is written
			return err
		}
		settle(co)
		for range 3 {
			err = c.Write(co, Text, []byte("x"))
			settle(co)
		}
		var ce *CloseError
		if !errors.As(err, &ce) || ce.Code != Abnormal || c.Send(Text, nil) == nil || c.Ping(nil) == nil {
			t.Errorf("write gave %v", err)
		}
		if p, err := Prepare(Text, nil); err != nil || c.SendPrepared(p) == nil {
			t.Errorf("a prepared message is taken: %v", err)
		}
		reads(t, co, c, `text "a"`)
		if _, _, err := c.Read(co); !errors.As(err, &ce) || ce.Code != Abnormal {
			t.Errorf("read gave %v", err)
		}
		return nil
	})
}

// TestCloseWakesWriters: those who wait to write when this side closes, or the peer, need not
// wait for all that goes before.
func TestCloseWakesWriters(t *testing.T) {
	for name, writer := range writers {
		for _, own := range []bool{true, false} {
			looptest.Run(t, func(co *loop.Co) error {
				c, peer := pairWindow(t, co, true, 1000, nil)
				f := loop.Go(co, func(co *loop.Co) (struct{}, error) {
					write := writer(co, c)
					for {
						if err := write(); err != nil {
							return struct{}{}, err
						}
					}
				})
				settle(co)
				if f.Done() {
					t.Fatal("nobody waits: the test shows nothing")
				}
				if own {
					c.Close(Normal, "")
				} else {
					peer.send(bye, "\x03\xe9")
				}
				settle(co)
				if !f.Done() {
					t.Fatalf("%s, own %v: the writer waits on", name, own)
				}
				_, err := f.Result()
				var ce *CloseError
				if own && !errors.Is(err, ErrClosed) || !own && (!errors.As(err, &ce) || ce.Code != GoingAway) {
					t.Errorf("%s: %v", name, err)
				}
				c.Abort()
				peer.Abort()
				return nil
			})
		}
	}
}

// TestCloseStalled: a peer that takes nothing does not keep this side from ending, whichever
// side has closed.
func TestCloseStalled(t *testing.T) {
	for _, own := range []bool{true, false} {
		looptest.Run(t, func(co *loop.Co) error {
			c, peer := pairWindow(t, co, true, 1000, nil)
			began := co.Loop().Now()
			for range 30 {
				if err := c.Send(Binary, make([]byte, 10_000)); err != nil {
					return err
				}
			}
			if !own {
				peer.send(bye, "\x03\xe9")
				settle(co)
			}
			_, err := loop.Await(co, c.Close(Normal, ""))
			if took := co.Loop().Now().Sub(began); !errors.Is(err, stream.ErrStalled) || took > 61*time.Second {
				t.Errorf("own %v: after %v: %v", own, took, err)
			}
			peer.Abort()
			return nil
		})
	}
}
