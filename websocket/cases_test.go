package websocket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/zonda-go/zonda/internal/wswire"
	"github.com/zonda-go/zonda/internal/wswire/wscases"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

func deep() bool { return os.Getenv("ZONDA_DEEP") == "1" }

// caseSettings are those a case asks for.
func caseSettings(l *loop.Loop, c *wscases.Case) settings {
	set := (&Options{MaxFrame: c.MaxFrame, MaxMessage: c.MaxMessage}).settings(l, c.Server)
	if c.Deflate {
		set = set.deflated(wswire.Deflate{ServerNoTakeover: true, ClientNoTakeover: true}, &Compression{})
	}
	return set
}

// styles are the two ways to take messages.
var styles = map[string]func(co *loop.Co, c *Conn, got func(Message)){
	"Read": func(co *loop.Co, c *Conn, got func(Message)) {
		loop.Go(co, func(co *loop.Co) (struct{}, error) {
			for m, err := range c.Messages(co) {
				if err == nil {
					got(m)
				}
			}
			return struct{}{}, nil
		})
	},
	"OnMessage": func(_ *loop.Co, c *Conn, got func(Message)) {
		c.OnMessage(func(co *loop.Co, m Message) error {
			got(m)
			return loop.Yield(co)
		})
	},
	"NextReader": func(co *loop.Co, c *Conn, got func(Message)) {
		loop.Go(co, func(co *loop.Co) (struct{}, error) {
			for {
				t, r, err := c.NextReader(co)
				if err != nil {
					return struct{}{}, nil
				}
				if data, err := io.ReadAll(r); err == nil {
					got(Message{t, data})
				}
			}
		})
	},
}

// hear tells a Conn on s the case, so many bytes at a time (0: all at once), and gives what it
// made of it. next waits until all that the Conn does about a piece is done; quiet says that
// nothing more comes from it.
func hear(co *loop.Co, t testing.TB, c *wscases.Case, s, p *stream.Stream, style string, step int, wait func() error) wscases.Story {
	var story wscases.Story
	conn := newConn(s, caseSettings(co.Loop(), c))
	styles[style](co, conn, func(m Message) { story.Messages = append(story.Messages, wscases.Show(m.Type.String(), m.Data)) })
	peer := &raw{Stream: p, t: t, server: !c.Server}
	for rest := c.Input; len(rest) > 0; {
		n := len(rest)
		if step > 0 {
			n = min(n, step)
		}
		p.Write(rest[:n])
		rest = rest[n:]
		if step > 0 && wait() != nil {
			break
		}
	}
	if c.Want.Close == "" {
		p.CloseWrite() // an open connection would say nothing more
	}
	for {
		ev, ok := peer.event()
		if !ok {
			b, err := loop.Await(co, p.ReadSome(1<<20))
			if err != nil {
				break
			}
			peer.got = append(peer.got, b...)
			continue
		}
		switch ev.Opcode {
		case wswire.Pong:
			story.Pongs = append(story.Pongs, wscases.Show("pong", ev.Payload))
		case wswire.Close:
			story.Close = "none"
			if code, _ := wswire.ParseClose(ev.Payload); code != 0 {
				story.Close = fmt.Sprint(code)
			}
		default:
			t.Errorf("%s: it sends a message: %v", c.Name, ev)
		}
	}
	p.Close()
	ended := loop.NewPromise[struct{}](co.Loop())
	conn.OnClose(func(error) { ended.Set(struct{}{}) })
	if _, err := loop.Await(co, ended.Future()); err != nil {
		t.Errorf("%s: the connection does not end: %v", c.Name, err)
	}
	return story
}

func TestCasesInMemory(t *testing.T) {
	all := wscases.All()
	for style := range styles {
		for _, step := range []int{0, 1, 7} {
			if !deep() && (step == 7 || step == 1 && style != "OnMessage") {
				continue
			}
			t.Run(fmt.Sprintf("%s, step %d", style, step), func(t *testing.T) {
				looptest.Run(t, func(co *loop.Co) error {
					for i := range all {
						c := &all[i]
						if most := 60; step > 0 && (len(c.Input) > most && !deep() || len(c.Input) > 5000) {
							continue
						}
						a, b := looptest.Pipe(0)
						s, err := stream.New(co.Loop(), a)
						if err != nil {
							return err
						}
						p, err := stream.New(co.Loop(), b)
						if err != nil {
							return err
						}
						got := hear(co, t, c, s, p, style, step, func() error { return loop.Yield(co) })
						if got.String() != c.Want.String() {
							t.Errorf("%s:\n got %v\nwant %v", c.Name, got, c.Want)
						}
					}
					return nil
				})
			})
		}
	}
}

func TestCasesOverSockets(t *testing.T) {
	all := wscases.All()
	l, err := loop.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ln, err := stream.System{}.Listen(l, "tcp", "127.0.0.1:0")
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("no sockets here: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	accepted := loop.NewQueue[stream.Transport](l, 0)
	if err := ln.Accept(func(tr stream.Transport) { _ = accepted.TryPut(tr) }); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err = loop.RunSyncTimeout(l, time.Minute, func(co *loop.Co) (struct{}, error) {
		for i := range all {
			c := &all[i]
			s, p, err := overSockets(co, ln.Addr(), accepted)
			if err != nil {
				return struct{}{}, err
			}
			if got := hear(co, t, c, s, p, "OnMessage", 0, nil); got.String() != c.Want.String() {
				t.Errorf("%s:\n got %v\nwant %v", c.Name, got, c.Want)
			}
		}
		return struct{}{}, ctx.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
}

func overSockets(co *loop.Co, to net.Addr, accepted *loop.Queue[stream.Transport]) (s, p *stream.Stream, err error) {
	p, err = stream.Dial(co, nil, "tcp", to.String())
	if err != nil {
		return nil, nil, err
	}
	tr, err := accepted.Take(co)
	if err != nil {
		return nil, nil, err
	}
	s, err = stream.New(co.Loop(), tr)
	return s, p, err
}
