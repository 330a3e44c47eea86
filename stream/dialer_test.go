package stream_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// silent is a Resolver that never answers.
type silent struct{}

func (silent) LookUp(co *loop.Co, _, _ string) ([]netip.AddrPort, error) {
	return loop.Await(co, loop.NewPromise[[]netip.AddrPort](co.Loop()).Future())
}

// failed is err as a DialError, which must be of a phase and match each of want.
func failed(t *testing.T, err error, phase string, want ...error) {
	t.Helper()
	var d *stream.DialError
	if !errors.As(err, &d) || d.Phase != phase {
		t.Errorf("got %v, want a failure of %s", err, phase)
		return
	}
	for _, w := range want {
		if !errors.Is(err, w) {
			t.Errorf("%v does not match %v", err, w)
		}
	}
	if !strings.HasPrefix(err.Error(), "stream: dial "+d.Net+" "+d.Address+": "+phase) {
		t.Errorf("it says %q", err)
	}
}

// Tornado T09: a resolver that never answers.
func TestDialerLookupTimeout(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		d := stream.Dialer{Network: &looptest.Network{}, Resolver: silent{}, Timeout: time.Second}
		began := co.Loop().Now()
		_, err := d.Dial(co, "tcp", named)
		failed(t, err, "lookup", os.ErrDeadlineExceeded, context.DeadlineExceeded)
		if took := co.Loop().Now().Sub(began); took != time.Second {
			t.Errorf("it took %v", took)
		}
		return nil
	})
}

func TestDialerMistakes(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		d := stream.Dialer{Network: &looptest.Network{}, Resolver: stream.MapResolver{}}
		for _, c := range []struct{ network, address, phase string }{
			{"tcp", "127.0.0.1", "lookup"},
			{"tcp", ":80", "lookup"},
			{"tcp4", "[::1]:80", "lookup"},
			{"tcp6", "127.0.0.1:80", "lookup"},
			{"tcp6", "[::ffff:127.0.0.1]:80", "lookup"},
			{"tcp", named, "lookup"},
			{"udp", "127.0.0.1:80", "connect"},
		} {
			_, err := d.Dial(co, c.network, c.address)
			failed(t, err, c.phase)
		}
		return nil
	})
}

// A Dialer's timeouts and names hold for networks in memory and real ones.
func TestDialerByName(t *testing.T) {
	listening(t, func(p *pair, ln stream.Listener) {
		addr := ln.Addr().(*net.TCPAddr).AddrPort()
		d := stream.Dialer{Network: p.n, Timeout: time.Hour, ConnectTimeout: time.Minute,
			Resolver: stream.MapResolver{Hosts: map[string][]netip.AddrPort{"name.test": {addr}}}}
		s, err := d.Dial(p.co, "tcp", "Name.Test:1")
		if err != nil {
			p.t.Fatal(err)
		}
		s.Abort()
		_ = ln.Close()
		_, err = d.Dial(p.co, "tcp", named)
		failed(p.t, err, "connect", syscall.ECONNREFUSED)
		var op *net.OpError
		if !errors.As(err, &op) || op.Op != "dial" {
			p.t.Errorf("%v has no *net.OpError", err)
		}
	})
}

// A panic of a Network is the error of its attempt, if another goes on beside it.
func TestDialerNetworkPanics(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		n := &trial{l: co.Loop()}
		n.began = func(a *attempt) {
			if a.name == "A" {
				panic("mine")
			}
		}
		d := stream.Dialer{Network: n, Resolver: names(longs("a A"))}
		_, err := d.Dial(co, "tcp", named)
		var p *loop.PanicError
		if failed(t, err, "connect"); !errors.As(err, &p) {
			t.Errorf("got %v", err)
		}
		return n.check(co, nil)
	})
}

// dialTLS runs a dial with TLS against a peer that serve makes of the accepted end.
func dialTLS(p *pair, d stream.Dialer, address string, serve func(far *stream.Stream)) (*stream.Stream, error) {
	p.t.Helper()
	ln, err := p.n.Listen(p.l, "tcp", "127.0.0.1:0")
	if err != nil {
		p.t.Fatal(err)
	}
	defer ln.Close()
	if err := ln.Accept(func(tr stream.Transport) {
		far, err := stream.New(p.l, tr)
		if err != nil {
			p.t.Error(err)
			return
		}
		serve(far)
	}); err != nil {
		p.t.Fatal(err)
	}
	d.Network = p.n
	host, _, _ := net.SplitHostPort(address)
	d.Resolver = stream.MapResolver{Hosts: map[string][]netip.AddrPort{host: {ln.Addr().(*net.TCPAddr).AddrPort()}}}
	return d.Dial(p.co, "tcp", address)
}

// With TLS, the server proves the name that was dialled, unless another is wanted.
func TestDialerTLS(t *testing.T) {
	trusting := &stream.TLSOptions{Config: &tls.Config{RootCAs: theCA().pool}}
	withRoom(t, func(p *pair) {
		for name, c := range map[string]struct {
			address string
			tls     *stream.TLSOptions
			good    bool
		}{
			"the host":         {"one.test:443", trusting, true},
			"another host":     {"three.test:443", trusting, false},
			"a name of choice": {"three.test:443", &stream.TLSOptions{Config: clientConfig()}, true},
			"no trust":         {"one.test:443", &stream.TLSOptions{}, false},
		} {
			var far *stream.Stream
			s, err := dialTLS(p, stream.Dialer{TLS: c.tls}, c.address, func(f *stream.Stream) {
				far = f
				far.StartTLS(stream.TLSOptions{Config: serverConfig(), Server: true})
			})
			if !c.good {
				var untrusted *tls.CertificateVerificationError
				if failed(p.t, err, "tls"); !errors.As(err, &untrusted) {
					p.t.Errorf("%s: %v", name, err)
				}
				p.until("the server knows", far.Closed)
				continue
			}
			if err != nil {
				p.t.Fatalf("%s: %v", name, err)
			}
			if name == "the host" && p.agreed(s).ServerName != "one.test" {
				p.t.Errorf("it has asked for %q", p.agreed(s).ServerName)
			}
			s.Write([]byte("x"))
			p.gets(far.ReadFull(1), "x")
			s.Abort()
			far.Abort()
		}
		if trusting.Config.ServerName != "" {
			p.t.Error("the caller's Config was changed")
		}
	})
}

// A server that does not answer: each timeout, and cancellation, ends the stream too.
func TestDialerTLSSilence(t *testing.T) {
	at(t, func(s site) bool { return s.memory() && s.roomy() }, func(p *pair) {
		for name, c := range map[string]struct {
			d     stream.Dialer
			after time.Duration
			want  error
		}{
			"whole":     {stream.Dialer{Timeout: time.Second, TLS: &stream.TLSOptions{}}, time.Second, os.ErrDeadlineExceeded},
			"handshake": {stream.Dialer{TLS: &stream.TLSOptions{Timeout: time.Second}}, time.Second, os.ErrDeadlineExceeded},
			"default":   {stream.Dialer{TLS: &stream.TLSOptions{}}, 10 * time.Second, os.ErrDeadlineExceeded},
			"not connect": {stream.Dialer{ConnectTimeout: time.Second, TLS: &stream.TLSOptions{}},
				10 * time.Second, os.ErrDeadlineExceeded},
			"cancelled": {stream.Dialer{TLS: &stream.TLSOptions{}}, time.Second, context.Canceled},
			"offloaded": {stream.Dialer{TLS: &stream.TLSOptions{Offload: true}}, time.Second, context.Canceled},
		} {
			began := p.l.Now()
			var far *stream.Stream
			co, cancel := p.co.WithCancel()
			if c.want == context.Canceled {
				p.l.After(c.after, func() { cancel(nil) })
			}
			q := *p
			q.co = co
			_, err := dialTLS(&q, c.d, "one.test:443", func(f *stream.Stream) { far = f })
			failed(p.t, err, "tls", c.want)
			if took := p.l.Now().Sub(began).Round(time.Millisecond); took != c.after && name != "offloaded" {
				p.t.Errorf("%s: it took %v", name, took)
			}
			if hello, err := loop.Await(p.co, far.ReadUntilClose(1<<20)); len(hello) == 0 && err == nil {
				p.t.Errorf("%s: the server has read nothing", name)
			}
			far.Abort() // it has ended
		}
	})
}
