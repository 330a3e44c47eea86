package looptest

import (
	"io"
	"net/netip"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// The transports of this package keep the contract.
func TestTransports(t *testing.T) {
	network := func(n *Network, network, address string) Transports {
		return Transports{Pair: func(co *loop.Co) (a, b stream.Transport, err error) {
			return dialPair(co, n, network, address)
		}}
	}
	span := Span{Max: 50 * time.Millisecond}
	for name, tr := range map[string]Transports{
		"pipe":         {Pair: pipePair},
		"network":      network(&Network{}, "tcp", "10.0.0.1:1"),
		"unix":         network(&Network{Window: 1000}, "unix", "x"),
		"delay":        network(&Network{Faults: Faults{Delay: span}}, "tcp", "10.0.0.1:1"),
		"short":        network(&Network{Faults: Faults{ShortReads: 0.5, ShortWrites: 0.5}}, "tcp", "10.0.0.1:1"),
		"all of these": network(&Network{Window: 3000, Faults: Faults{Delay: span, ShortReads: 0.5, ShortWrites: 0.5}}, "tcp", "10.0.0.1:1"),
	} {
		t.Run(name, func(t *testing.T) { TestTransport(t, tr) })
	}
}

func pipePair(*loop.Co) (a, b stream.Transport, err error) {
	a, b = Pipe(100)
	return a, b, nil
}

func dialPair(co *loop.Co, n *Network, network, address string) (a, b stream.Transport, err error) {
	ln, err := n.Listen(co.Loop(), network, address)
	if err != nil {
		return nil, nil, err
	}
	defer ln.Close()
	got := loop.NewPromise[stream.Transport](co.Loop())
	if err := ln.Accept(got.Set); err != nil {
		return nil, nil, err
	}
	if a, err = n.Dial(co, network, address); err != nil {
		return nil, nil, err
	}
	b, err = loop.Await(co, got.Future())
	return a, b, err
}

// bent is a transport with a fault: what is not nil takes the place of a method.
type bent struct {
	stream.Transport
	l      *loop.Loop
	h      loop.Handler // what Start was given last
	starts int
	kept   []byte

	start      func(b *bent, h loop.Handler) loop.Handler // what is started instead
	want       func(b *bent, e loop.Events) loop.Events
	read       func(b *bent, p []byte) (int, error)
	write      func(b *bent, p []byte) (int, error)
	closeWrite func(b *bent) error
	close      func(b *bent, abort bool) error
	remote     func(b *bent) netip.AddrPort
}

func (b *bent) Start(l *loop.Loop, h loop.Handler) error {
	b.l, b.h = l, h
	b.starts++
	if b.start != nil {
		h = b.start(b, h)
	}
	return b.Transport.Start(l, h)
}

func (b *bent) Want(e loop.Events) error {
	if b.want != nil {
		e = b.want(b, e)
	}
	return b.Transport.Want(e)
}

func (b *bent) Read(p []byte) (int, error) {
	if b.read != nil {
		return b.read(b, p)
	}
	return b.Transport.Read(p)
}

func (b *bent) Write(p []byte) (int, error) {
	if b.write != nil {
		return b.write(b, p)
	}
	return b.Transport.Write(p)
}

func (b *bent) CloseWrite() error {
	if b.closeWrite != nil {
		return b.closeWrite(b)
	}
	return b.Transport.CloseWrite()
}

func (b *bent) Close(abort bool) error {
	if b.close != nil {
		return b.close(b, abort)
	}
	return b.Transport.Close(abort)
}

func (b *bent) RemoteAddr() netip.AddrPort {
	if b.remote != nil {
		return b.remote(b)
	}
	return b.Transport.RemoteAddr()
}

// bends has for each rule a transport that breaks it.
var bends = []struct {
	name, rule string
	bent       bent
}{
	{"nothing is no error", "nothing to read", bent{read: func(b *bent, p []byte) (int, error) {
		n, err := b.Transport.Read(p)
		if err == stream.ErrAgain {
			err = nil
		}
		return n, err
	}}},
	{"cries wolf", "nothing to read", bent{want: func(b *bent, e loop.Events) loop.Events {
		b.l.Every(time.Millisecond, func() { b.h.Ready(e) })
		return e
	}}},
	{"swaps bytes", "order", bent{write: func(b *bent, p []byte) (int, error) {
		p = append([]byte(nil), p...)
		if len(p) > 1 {
			p[0], p[1] = p[1], p[0]
		}
		return b.Transport.Write(p)
	}}},
	{"takes more than it sends", "order", bent{write: func(b *bent, p []byte) (int, error) {
		if n, err := b.Transport.Write(p); err != nil {
			return n, err
		}
		return len(p), nil
	}}},
	{"loses input while it writes", "both directions", bent{want: func(b *bent, e loop.Events) loop.Events {
		if e&loop.Writable != 0 {
			e &^= loop.Readable
		}
		return e
	}, write: func(b *bent, p []byte) (int, error) { // and so waits for its peer, who does the same
		return b.Transport.Write(p)
	}}},
	{"tells only once", "level", bent{start: func(b *bent, h loop.Handler) loop.Handler {
		return loop.HandlerFunc(func(e loop.Events) {
			_ = b.Transport.Want(0)
			h.Ready(e)
		})
	}}},
	{"cannot be silenced", "wants nothing", bent{want: func(b *bent, e loop.Events) loop.Events {
		return e | loop.Readable
	}}},
	{"hears a wish once only", "wants nothing", bent{want: func(b *bent, e loop.Events) loop.Events {
		if e&loop.Readable != 0 {
			if len(b.kept) > 0 {
				return 0
			}
			b.kept = []byte{1}
		}
		return e
	}}},
	{"does not tell of room", "room", bent{want: func(b *bent, e loop.Events) loop.Events {
		return e &^ loop.Writable
	}}},
	{"takes everything", "room", bent{write: func(b *bent, p []byte) (int, error) {
		if n, err := b.Transport.Write(p); n > 0 {
			return n, err
		}
		return len(p), nil
	}}},
	{"no end", "end", bent{read: func(b *bent, p []byte) (int, error) {
		n, err := b.Transport.Read(p)
		if err == io.EOF {
			err = stream.ErrAgain
		}
		return n, err
	}}},
	{"ends once", "end", bent{read: func(b *bent, p []byte) (int, error) {
		n, err := b.Transport.Read(p)
		if err == io.EOF && len(b.kept) > 0 {
			return 0, stream.ErrAgain
		}
		if err == io.EOF {
			b.kept = []byte{1}
		}
		return n, err
	}}},
	{"closes both sides", "half-close", bent{closeWrite: func(b *bent) error {
		b.read = func(*bent, []byte) (int, error) { return 0, io.EOF }
		return b.Transport.CloseWrite()
	}}},
	{"drops the tail", "close loses nothing in silence", hasty()},
	{"aborts politely", "abort", bent{close: func(b *bent, abort bool) error { return b.Transport.Close(false) }}},
	{"speaks after the end", "silent after close", bent{close: func(b *bent, abort bool) error {
		b.l.Call(func() { b.h.Ready(loop.Readable) })
		return b.Transport.Close(abort)
	}}},
	{"stays with the first", "start again", bent{start: func(b *bent, h loop.Handler) loop.Handler {
		if b.starts > 1 {
			return loop.HandlerFunc(func(loop.Events) {})
		}
		return h
	}}},
	{"tells at once", "level", bent{want: func(b *bent, e loop.Events) loop.Events {
		if e != 0 {
			b.h.Ready(e)
		}
		return e
	}}},
	{"is elsewhere", "addresses", bent{remote: func(b *bent) netip.AddrPort { return b.Transport.LocalAddr() }}},
}

// hasty keeps the last bytes back, to send them with the next, and forgets them at the
// end.
func hasty() bent {
	return bent{write: func(b *bent, p []byte) (int, error) {
		for len(b.kept) > 0 {
			n, err := b.Transport.Write(b.kept)
			if err != nil {
				return 0, err
			}
			b.kept = b.kept[n:]
		}
		keep := min(len(p), 3)
		n, err := b.Transport.Write(p[:len(p)-keep])
		if n == len(p)-keep {
			b.kept = append(b.kept, p[n:]...)
			n = len(p)
		}
		return n, err
	}}
}

// Each rule bites.
func TestTransportRulesBite(t *testing.T) {
	bitten := map[string]bool{}
	for _, c := range bends {
		t.Run(c.name, func(t *testing.T) {
			for _, r := range transportRules {
				if r.name != c.rule {
					continue
				}
				bitten[r.name] = true
				err := r.holds(t, Transports{Pair: func(co *loop.Co) (stream.Transport, stream.Transport, error) {
					x, y, err := dialPair(co, &Network{Window: 1000}, "tcp", "10.0.0.1:1")
					a, b := c.bent, c.bent
					a.Transport, b.Transport = x, y
					return &a, &b, err
				}})
				if err == nil {
					t.Error("it passes")
				}
				t.Log(err)
			}
		})
	}
	for _, r := range transportRules {
		if !bitten[r.name] {
			t.Errorf("nothing shows that %q bites", r.name)
		}
	}
}
