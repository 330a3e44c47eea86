//go:build unix

package http1_test

import (
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// An nginxApp is the server behind nginx. It lives on the loop.
type nginxApp struct {
	addr    net.Addr
	told    net.Addr // where it wants the PROXY protocol
	log     logged
	seen    *loop.Promise[struct{}] // by the client, of /app/events
	arrived *loop.Promise[struct{}] // a request for /app/forever
	ended   *loop.Promise[error]    // of its handler
}

func startApp(t *testing.T, l *loop.Loop) *nginxApp {
	t.Helper()
	a := &nginxApp{}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file.txt"), []byte(strings.Repeat("0123456789", 10_000)), 0o644); err != nil {
		t.Fatal(err)
	}
	files := http1.Compress(&http1.Files{Dir: dir, Prefix: "/app/files/"}, nil)
	own := routes{
		"/app/echo":    a.echo,
		"/app/sum":     a.sum,
		"/app/bytes":   a.bytes,
		"/app/whence":  a.whence,
		"/app/port":    a.port,
		"/app/refuse":  a.refuse,
		"/app/events":  a.events,
		"/app/forever": a.forever,
		"/app/std":     http1.Std(http.HandlerFunc(a.std)).Serve,
	}
	handler := http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		if strings.HasPrefix(r.Path(), "/app/files/") {
			return files.Serve(co, w, r)
		}
		return own.Serve(co, w, r)
	})
	a.addr = a.listen(t, l, &http1.Server{Handler: handler, TrustProxies: prefixes("127.0.0.1/32"), MaxBody: -1})
	a.told = a.listen(t, l, &http1.Server{Handler: handler, ProxyFrom: prefixes("127.0.0.1/32")})
	return a
}

// listen has srv serve, and shuts it down with the test.
func (a *nginxApp) listen(t *testing.T, l *loop.Loop, srv *http1.Server) net.Addr {
	t.Helper()
	srv.Logger = newLogger(&a.log)
	addr, err := loop.Do(t.Context(), l, func(*loop.Co) (net.Addr, error) { return srv.Listen(l, "127.0.0.1:0") })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := srv.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return addr
}

func (a *nginxApp) echo(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
	fmt.Fprint(w, r.Method, " ", r.Minor, " ")
	_, err := io.Copy(w, r.Body)
	return err
}

// sum answers with the length and a checksum of the body, and how that was framed.
func (a *nginxApp) sum(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
	sum := crc32.NewIEEE()
	n, err := io.Copy(sum, r.Body)
	fmt.Fprintf(w, "%d %x %d", n, sum.Sum32(), r.ContentLength)
	return err
}

// bytes answers with as many zeros as the query says, with their length or without.
func (a *nginxApp) bytes(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
	n, chunked := strings.CutPrefix(r.Query(), "chunked")
	size, err := strconv.ParseInt(n, 10, 64)
	if err != nil {
		return &http1.HTTPError{Status: 400}
	}
	if !chunked {
		w.Header().Set("Content-Length", n)
	}
	_, err = io.CopyN(w, zeroReader{}, size)
	return err
}

func (a *nginxApp) whence(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
	_, err := fmt.Fprint(w, r.ClientIP(), " ", r.Scheme(), " ", r.Host)
	return err
}

func (a *nginxApp) port(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
	_, err := fmt.Fprint(w, r.RemoteAddr.Port())
	return err
}

// refuse wants no body.
func (a *nginxApp) refuse(*loop.Co, *http1.ResponseWriter, *http1.Request) error {
	return &http1.HTTPError{Status: 413}
}

// events sends one, and another when the client has seen that.
func (a *nginxApp) events(co *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
	w.Header().Set("X-Accel-Buffering", "no")
	es := w.Events()
	if err := es.Send(http1.Event{Data: "first"}); err != nil {
		return err
	}
	if _, err := loop.Await(co, a.seen.Future()); err != nil {
		return err
	}
	return es.Send(http1.Event{Data: "second"})
}

func (a *nginxApp) forever(co *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
	a.arrived.TrySet(struct{}{})
	err := loop.Sleep(co, 1<<62)
	a.ended.TrySet(err)
	return err
}

// std flushes, and sends what has come.
func (a *nginxApp) std(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Trailer", "X-Sum")
	sum := crc32.NewIEEE()
	n, err := io.Copy(sum, r.Body)
	fmt.Fprintln(w, r.Proto, n, err)
	w.(http.Flusher).Flush()
	fmt.Fprintf(w, "%x", sum.Sum32())
}
