package stream_test

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// secureServer serves echoLines with TLS.
func (p *pair) secureServer(o stream.TLSOptions, log *logbook) (*stream.Server, string) {
	o.Config = serverConfig()
	srv := &stream.Server{Handler: echoLines, TLS: &o, Logger: slog.New(log)}
	return srv, p.serve(srv)
}

// Each connection begins with a handshake. One that fails is a line for debugging, and
// disturbs nobody.
func TestServerTLS(t *testing.T) {
	withRoom(t, func(p *pair) {
		var log logbook
		srv, addr := p.secureServer(stream.TLSOptions{}, &log)
		good := p.call(addr)
		p.does(good.StartTLS(usual().client))
		bad := p.call(addr)
		bad.Write([]byte("GET / HTTP/1.1\r\n\r\n"))
		bad.CloseWrite()
		if _, err := loop.Await(p.co, bad.ReadUntilClose(1<<10)); err != nil {
			p.t.Logf("the bad one has read no alert: %v", err)
		}
		bad.Close()
		p.until("the bad one is out", func() bool { return srv.Stats().Conns == 1 })
		if !log.has("DEBUG zonda: TLS handshake failed", "tls: first record does not look like a TLS handshake") {
			p.t.Errorf("the log says %q", log.all())
		}
		good.Write([]byte("still here\n"))
		p.gets(good.ReadUntil("\n", 100), "still here\n")
		if err := good.SetNoDelay(false); err != nil && !p.memory() {
			p.t.Errorf("options below TLS: %v", err)
		}
		down := p.shutdown(srv)
		p.refuses(good.ReadSome(1), io.EOF)
		good.Close()
		p.does(down)
	})
}

// A client that says nothing is cut off, and is no handler's business.
func TestServerTLSSilentClient(t *testing.T) {
	at(t, func(s site) bool { return s.memory() && s.roomy() }, func(p *pair) {
		var log logbook
		srv, addr := p.secureServer(stream.TLSOptions{Timeout: time.Second}, &log)
		defer srv.Close()
		begin := p.l.Now()
		s := p.call(addr)
		if _, err := loop.Await(p.co, s.ReadSome(1)); err == nil {
			p.t.Error("it said something")
		}
		p.over(srv)
		if d := p.l.Now().Sub(begin); d < time.Second || d > 2*time.Second {
			p.t.Errorf("that took %v", d)
		}
		if !log.has("DEBUG ", os.ErrDeadlineExceeded.Error()) {
			p.t.Errorf("the log says %q", log.all())
		}
	})
}

// Shutdown lets handshakes end that have begun; Close does not.
func TestServerTLSDrain(t *testing.T) {
	withRoom(t, func(p *pair) {
		var log logbook
		drained := 0
		srv := &stream.Server{
			Handler: echoLines,
			TLS:     &stream.TLSOptions{Config: serverConfig()},
			Logger:  slog.New(&log),
			Drain:   func(*stream.Stream) { drained++ },
		}
		addr := p.serve(srv)
		s := p.call(addr)
		p.until("it is in", func() bool { return srv.Stats().Conns == 1 })
		down := p.shutdown(srv)
		p.until("it is draining", srv.Draining)
		p.does(s.StartTLS(usual().client))
		p.refuses(s.ReadSome(1), io.EOF)
		s.Close()
		p.does(down)
		if drained != 1 {
			p.t.Errorf("Drain was called %d times", drained)
		}

		srv, addr = p.secureServer(stream.TLSOptions{}, &log)
		s = p.call(addr)
		p.until("it is in", func() bool { return srv.Stats().Conns == 1 })
		_ = srv.Close()
		if _, err := loop.Await(p.co, s.ReadSome(1)); err == nil || errors.Is(err, loop.ErrPending) {
			p.t.Errorf("after Close: %v", err)
		}
		p.over(srv)
		if text := log.all(); strings.Contains(text, "ERROR") || strings.Contains(text, "WARN") {
			p.t.Errorf("the log says %q", text)
		}
	})
}
