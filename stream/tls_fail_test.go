package stream_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// isGarbage awaits a handshake that must fail because what came is not TLS.
func (p *pair) isGarbage(f *loop.Future[struct{}]) {
	p.t.Helper()
	_, err := loop.Await(p.co, f)
	var header tls.RecordHeaderError
	if !errors.As(err, &header) || header.Conn != nil {
		p.t.Errorf("got %v, with the connection %v", err, header.Conn)
	}
}

// Something else than TLS ends the stream, and is nobody's fault: the log stays empty
// (Tornado H02, H03).
func TestTLSGarbage(t *testing.T) {
	for name, what := range map[string]string{
		"HTTP":  "GET / HTTP/1.1\r\n\r\n",
		"zeros": string(make([]byte, 40)),
		"SSLv2": "\x80\x2e\x01\x00\x02\x00\x00\x00\x00\x00\x00",
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(p *pair) {
				s := p.far.StartTLS(usual().server)
				p.near.Write([]byte(what))
				p.isGarbage(s)
				p.until("near learns of it", func() bool { return p.near.EOF() || p.near.Closed() })
			})
			everywhere(t, func(p *pair) {
				c := p.near.StartTLS(usual().client)
				p.far.Write([]byte(what))
				p.isGarbage(c)
			})
		})
	}
}

// A record that is garbage later breaks the stream, and no byte of it is let through.
func TestTLSGarbageLater(t *testing.T) {
	secured(t, anywhere, func(p *pair) {
		p.converse()
		if err := stream.StripTLS(p.near); err != nil {
			p.t.Fatal(err)
		}
		p.near.Write(append([]byte{23, 3, 3, 0, 40}, make([]byte, 40)...))
		_, err := loop.Await(p.co, p.far.ReadSome(1))
		var op *net.OpError
		if !errors.As(err, &op) || op.Op != "local error" {
			p.t.Error(err)
		}
		if !p.far.Closed() {
			p.t.Error("it goes on")
		}
		p.fails(p.far.Write([]byte("x")), err)
	})
}

// A peer that says nothing, or stops in the middle, is cut off.
func TestTLSTimeout(t *testing.T) {
	for name, say := range map[string]string{"nothing": "", "half a header": "\x16\x03", "half a hello": "\x16\x03\x01\x02\x00\x01"} {
		for _, offload := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				at(t, func(s site) bool { return s.memory() && wide(s) }, func(p *pair) {
					began := p.l.Now()
					p.near.Write([]byte(say))
					p.fails(p.far.StartTLS(stream.TLSOptions{Config: serverConfig(), Server: true, Offload: offload}), os.ErrDeadlineExceeded)
					if took := p.l.Now().Sub(began); took != stream.HandshakeTimeout {
						p.t.Errorf("after %v", took)
					}
					if !p.far.Closed() {
						p.t.Error("it goes on")
					}
				})
			})
		}
	}
	at(t, func(s site) bool { return s.memory() && wide(s) }, func(p *pair) { // which can be switched off
		s := p.far.StartTLS(stream.TLSOptions{Config: serverConfig(), Server: true, Timeout: -1})
		if err := loop.Sleep(p.co, 100*stream.HandshakeTimeout); err != nil || s.Done() {
			p.t.Error("cut off", err)
		}
		p.does(p.near.StartTLS(usual().client))
		p.does(s)
	})
}

// cutter is a Transport that lets some bytes through and then ends the connection.
type cutter struct {
	stream.Transport
	left  int
	abort bool
	cut   bool
}

func (c *cutter) Write(p []byte) (int, error) {
	if c.cut {
		return 0, syscall.EPIPE
	}
	n, err := c.Transport.Write(p[:min(len(p), c.left)])
	if c.left -= max(n, 0); c.left == 0 && err == nil {
		c.cut = true
		err = c.Transport.Close(c.abort)
	}
	return n, err
}

// Close may come after the cut.
func (c *cutter) Close(abort bool) error {
	if c.cut {
		return nil
	}
	c.cut = true
	return c.Transport.Close(abort)
}

func (c *cutter) Read(p []byte) (int, error) {
	if c.cut {
		return 0, io.EOF
	}
	return c.Transport.Read(p)
}

// A peer that goes away in the middle of the handshake, after each byte of what it
// has to say, leaves nothing behind, and who stays learns of it.
func TestTLSCut(t *testing.T) {
	step := 23
	if deep() {
		step = 1
	}
	for _, server := range []bool{false, true} {
		for _, offload := range []bool{false, true} {
			looptest.NoLeaks(t)
			cuts := 0
			for at := 1; cutAt(t, server, offload, at); at += step {
				cuts++
			}
			if cuts < 1000/step {
				t.Errorf("only %d cuts", cuts)
			}
		}
	}
}

// cutAt cuts what one side says, and reports whether that was before the other side
// was done.
func cutAt(t *testing.T, server, offload bool, at int) (early bool) {
	looptest.Run(t, func(co *loop.Co) error {
		a, b := looptest.Pipe(0)
		leaves, err1 := stream.New(co.Loop(), &cutter{Transport: a, left: at, abort: at%2 == 0})
		stays, err2 := stream.New(co.Loop(), b)
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		defer leaves.Abort()
		defer stays.Abort()
		mine, its := usual().client, usual().server
		if server {
			mine, its = its, mine
		}
		mine.Offload, its.Offload = offload, offload
		if offload {
			mine.Timeout, its.Timeout = -1, -1 // virtual time does not wait for a goroutine
		}
		gone := leaves.StartTLS(mine)
		_, err := loop.Await(co, stays.StartTLS(its))
		if early = err != nil; !early {
			return nil
		}
		if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("after %d bytes: %v", at, err)
		}
		if _, err := loop.Await(co, gone); err == nil && server {
			t.Errorf("after %d bytes, the one who was cut is content", at)
		}
		return nil
	})
	return early
}

// A stream that is given up in the middle of the handshake ends there.
func TestTLSGivenUp(t *testing.T) {
	for name, end := range map[string]struct {
		it   func(p *pair)
		want error
	}{
		"abort":      {func(p *pair) { p.far.Abort() }, net.ErrClosed},
		"close idle": {func(p *pair) { p.far.CloseIdle() }, net.ErrClosed},
		"peer":       {func(p *pair) { p.near.CloseIdle() }, io.ErrUnexpectedEOF},
	} {
		for _, offload := range []bool{false, true} {
			for turns := range 4 {
				t.Run(name, func(t *testing.T) {
					at(t, offloadable(offload), func(p *pair) {
						s := p.far.StartTLS(stream.TLSOptions{Config: serverConfig(), Server: true, Offload: offload})
						if name != "close idle" { // it would not be
							read, written := p.far.ReadSome(1), p.far.Write([]byte("x"))
							defer func() {
								p.refuses(read, end.want)
								p.fails(written, end.want)
							}()
						}
						if turns > 1 {
							p.near.Write([]byte("\x16\x03\x01\x02\x00\x01")) // of a hello
						}
						for range turns {
							if err := p.turn(); err != nil {
								p.t.Fatal(err)
							}
						}
						end.it(p)
						p.fails(s, end.want)
						if !p.far.Closed() {
							p.t.Error("it goes on")
						}
					})
				})
			}
		}
	}
}

// What was asked for before the handshake is done after it, Close too.
func TestTLSUsedAtOnce(t *testing.T) {
	for _, offload := range []bool{false, true} {
		at(t, offloadable(offload), func(p *pair) {
			e := usual()
			e.client.Offload, e.server.Offload = offload, offload
			c := p.near.StartTLS(e.client)
			written, closed := p.near.Write([]byte("early")), p.near.Close()
			if written.Done() || closed.Done() {
				p.t.Error("nobody has answered yet")
			}
			p.far.StartTLS(e.server)
			p.gets(p.far.ReadFull(5), "early")
			p.refuses(p.far.ReadSome(1), io.EOF)
			p.does(p.far.Close())
			p.does(c)
			p.does(written)
			p.does(closed)
		})
	}
}

// A loop that is closed takes its handshakes along.
func TestTLSLoopClosed(t *testing.T) {
	for _, offload := range []bool{false, true} {
		looptest.NoLeaks(t)
		l := looptest.New(t)
		a, _ := looptest.Pipe(0)
		s, err := stream.New(l, a)
		if err != nil {
			t.Fatal(err)
		}
		f := s.StartTLS(stream.TLSOptions{Config: serverConfig(), Server: true, Offload: offload})
		for range 5 {
			l.Call(l.Stop)
			if err := l.Run(); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if _, err := f.Result(); !errors.Is(err, loop.ErrClosed) && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}
