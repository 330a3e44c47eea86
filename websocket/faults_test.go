package websocket

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/internal/wswire"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

func seeds() int {
	if deep() {
		return 3000
	}
	return 40
}

// meet makes a connection over net with a Conn at both ends, which have agreed on something.
func meet(co *loop.Co, net *looptest.Network) (server, client *Conn, err error) {
	r := co.Loop().Rand()
	accepted := loop.NewQueue[stream.Transport](co.Loop(), 0)
	ln, err := net.Listen(co.Loop(), "tcp", address)
	if err != nil {
		return nil, nil, err
	}
	defer ln.Close()
	if err := ln.Accept(func(t stream.Transport) { _ = accepted.TryPut(t) }); err != nil {
		return nil, nil, err
	}
	p, err := stream.Dial(co, net, "tcp", address)
	if err != nil {
		return nil, nil, err
	}
	t, err := accepted.Take(co)
	if err != nil {
		return nil, nil, err
	}
	s, err := stream.New(co.Loop(), t)
	if err != nil {
		return nil, nil, err
	}
	o := &Options{Compression: &Compression{Threshold: 20}, CloseTimeout: time.Hour} // who deals with what came before may take long
	ss, cs := o.settings(co.Loop(), true), o.settings(co.Loop(), false)
	if r.IntN(3) > 0 {
		d := wswire.Deflate{ServerNoTakeover: r.IntN(2) == 0, ClientNoTakeover: r.IntN(2) == 0, ServerBits: uint8(8 * r.IntN(2)), ClientBits: uint8(10 * r.IntN(2))}
		ss, cs = ss.deflated(d, o.Compression), cs.deflated(d, o.Compression)
	}
	return newConn(s, ss), newConn(p, cs), nil
}

// say writes a message in one of the ways there are.
func say(co *loop.Co, c *Conn, r *rand.Rand, m Message) error {
	switch r.IntN(5) {
	case 0:
		return c.Send(m.Type, m.Data)
	case 1:
		p, err := Prepare(m.Type, m.Data)
		if err != nil {
			return err
		}
		return c.WritePrepared(co, p)
	case 2:
		w, err := c.NextWriter(co, m.Type)
		for rest := m.Data; err == nil && len(rest) > 0; {
			n := 1 + r.IntN(len(rest))
			if _, err = w.Write(rest[:n]); err == nil && r.IntN(2) == 0 {
				err = w.Flush()
			}
			rest = rest[n:]
		}
		if err != nil {
			return err
		}
		return w.Close()
	}
	return c.Write(co, m.Type, m.Data)
}

// monologue writes numbered messages of all sizes, and then closes.
func monologue(co *loop.Co, c *Conn, n int, sent *int) (struct{}, error) {
	r := co.Loop().Rand()
	for i := range n {
		text := fmt.Sprintf("%d:%s", i, strings.Repeat(fmt.Sprintf("word%d ", r.IntN(50)), 1<<r.IntN(12)))
		if err := say(co, c, r, Message{Type(1 + r.IntN(2)), []byte(text)}); err != nil {
			return struct{}{}, err
		}
		if *sent++; r.IntN(10) == 0 {
			if err := c.Ping([]byte("p")); err != nil {
				return struct{}{}, err
			}
		}
		if r.IntN(4) == 0 {
			if err := loop.Sleep(co, time.Duration(r.IntN(int(time.Second)))); err != nil {
				return struct{}{}, err
			}
		}
	}
	_, err := loop.Await(co, c.Close(Normal, "all said"))
	return struct{}{}, err
}

// listen takes messages in one of the ways there are, and checks that each is whole and in its
// turn. It returns how many there were, and why there are no more.
func listen(co *loop.Co, c *Conn) (n int, err error) {
	r := co.Loop().Rand()
	check := func(data []byte) error {
		number, text, _ := strings.Cut(string(data), ":")
		word, _, _ := strings.Cut(text, " ")
		if number != fmt.Sprint(n) || strings.Count(text, word+" ")*(len(word)+1) != len(text) {
			return fmt.Errorf("message %d is %.30q", n, data)
		}
		n++
		return nil
	}
	if r.IntN(3) == 0 {
		over := loop.NewPromise[error](co.Loop())
		c.OnClose(func(err error) { over.Set(err) })
		c.OnMessage(func(co *loop.Co, m Message) error {
			if r.IntN(4) == 0 {
				if err := loop.Sleep(co, time.Duration(r.IntN(int(time.Second)))); err != nil {
					return err
				}
			}
			return check(m.Data)
		})
		end, err := loop.Await(co, over.Future())
		if err != nil {
			return n, err
		}
		return n, end
	}
	for {
		var data []byte
		if r.IntN(3) == 0 {
			var m *MessageReader
			if _, m, err = c.NextReader(co); err == nil {
				data, err = io.ReadAll(m)
			}
		} else {
			_, data, err = c.Read(co)
		}
		if err == nil {
			err = check(data)
		}
		if err != nil {
			return n, err
		}
	}
}

// TestAllArrives: on a network that is slow and takes and gives in small pieces, every message
// arrives whole and in order, and both sides hear the end.
func TestAllArrives(t *testing.T) {
	looptest.Explore(t, seeds(), func(co *loop.Co) error {
		r := co.Loop().Rand()
		net := &looptest.Network{
			Window: 1 + r.IntN(20_000),
			Faults: looptest.Faults{Delay: looptest.Span{Max: 100 * time.Millisecond}, ShortReads: 0.3, ShortWrites: 0.3},
		}
		server, client, err := meet(co, net)
		if err != nil {
			return err
		}
		if r.IntN(2) == 0 {
			server, client = client, server
		}
		n, sent := 1+r.IntN(30), 0
		told := loop.Go(co, func(co *loop.Co) (struct{}, error) { return monologue(co, server, n, &sent) })
		got, err := listen(co, client)
		if !errors.Is(err, io.EOF) || got != n {
			return fmt.Errorf("%d of %d messages, then %w", got, n, err)
		}
		_, err = loop.Await(co, told)
		return err
	})
}

// TestBroken: on a network that breaks connections, what arrives is whole and in order, none
// arrives that was not sent, and who closes learns if something may be missing.
func TestBroken(t *testing.T) {
	broken := 0
	looptest.Explore(t, seeds(), func(co *loop.Co) error {
		r := co.Loop().Rand()
		net := &looptest.Network{
			Window: 1 + r.IntN(20_000),
			Faults: looptest.Faults{Delay: looptest.Span{Max: 100 * time.Millisecond}, ShortReads: 0.3, Reset: 0.01, HalfOpen: 0.1},
		}
		server, client, err := meet(co, net)
		if err != nil {
			return nil
		}
		n, sent := 1+r.IntN(30), 0
		told := loop.Go(co, func(co *loop.Co) (struct{}, error) { return monologue(co, server, n, &sent) })
		got, err := listen(co, client)
		var ce *CloseError
		if !errors.As(err, &ce) || ce.Sent {
			return fmt.Errorf("after %d messages: %w", got, err)
		}
		_, terr := loop.Await(co, told)
		switch {
		case got > sent, errors.Is(err, io.EOF) && got < n:
			return fmt.Errorf("%d of %d messages, then %w", got, sent, err)
		case terr == nil && got < n:
			return fmt.Errorf("%d of %d messages arrived, and nobody was told: %w", got, n, err)
		case terr != nil:
			broken++
		}
		client.Abort()
		server.Abort()
		return nil
	})
	if broken == 0 {
		t.Error("no connection was broken")
	}
}
