//go:build unix

package http1_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// unixNetwork takes an address for the name of a Unix socket.
type unixNetwork struct{ stream.System }

func (n unixNetwork) Listen(l *loop.Loop, _, name string) (stream.Listener, error) {
	return n.System.Listen(l, "unix", name)
}

// Tornado H30: HTTP over a Unix socket, with a path or an abstract name.
func TestUnixSocket(t *testing.T) {
	dir, err := os.MkdirTemp("", "z")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	names := []string{filepath.Join(dir, "s")}
	if runtime.GOOS == "linux" {
		names = append(names, "@zonda-"+filepath.Base(dir))
	}
	for _, name := range names {
		t.Run(name[:1], func(t *testing.T) { serveUnix(t, name) })
	}
}

func serveUnix(t *testing.T, name string) {
	bound := make(chan net.Addr, 1)
	srv := &http1.Server{
		Network:  unixNetwork{},
		OnListen: func(a net.Addr) { bound <- a },
		Handler: http1.HandlerFunc(func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
			_, err := w.WriteString("Hello, " + r.Path())
			if r.Header.Has("X-Real-IP") {
				_, err = w.WriteString(" from " + r.ClientIP().String())
			}
			return err
		}),
		TrustProxies: prefixes("127.0.0.1/32"),
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.ListenAndServe(name) }()
	defer func() {
		if err := srv.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, http1.ErrServerClosed) {
			t.Error(err)
		}
	}()
	if a := <-bound; a.Network() != "unix" || a.String() != name {
		t.Errorf("it listens at %v %v", a.Network(), a)
	}
	for request, want := range map[string]string{
		"GET /you HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n":                       "Hello, /you",
		"GET /you HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Real-IP: 4.4.4.4\r\n\r\n": "Hello, /you from 4.4.4.4",
		"garbage\r\n\r\n": "\r\n\r\n", // a response without a body
	} {
		got := ask(t, name, request)
		if !strings.HasSuffix(got, want) || strings.HasPrefix(request, "garbage") != strings.HasPrefix(got, "HTTP/1.1 400 ") {
			t.Errorf("%q is answered %q", request, got)
		}
	}
}

func ask(t *testing.T, name, request string) string {
	t.Helper()
	c, err := net.Dial("unix", name)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, request); err != nil {
		t.Error(err)
	}
	answer, err := io.ReadAll(c)
	if err != nil {
		t.Error(err)
	}
	return string(answer)
}
