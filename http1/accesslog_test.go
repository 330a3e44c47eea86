package http1_test

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// record is the log's lines without what differs from run to run.
func records(log *logged) (all []string) {
	for line := range strings.Lines(log.take()) {
		_, line, _ = strings.Cut(strings.TrimSpace(line), " msg=request ")
		all = append(all, line)
	}
	return all
}

// TestAccessLog: one record for each request, however it ends.
func TestAccessLog(t *testing.T) {
	h := routes{
		"/": site["/"], "/length": site["/length"], "/sleep": site["/sleep"], "/shout": shout,
		"/fail": func(*loop.Co, *http1.ResponseWriter, *http1.Request) error { return errors.New("boom") },
	}
	fields := func(request, status, bytes, received, duration, proto string) string {
		return "method=" + strings.Replace(request, " ", " target=", 1) + " proto=" + proto + " status=" + status +
			" bytes=" + bytes + " received=" + received + " duration=" + duration +
			` remote=10.0.0.1:PORT client=10.0.0.1 host=a agent="x y"`
	}
	for _, tt := range []struct{ name, send, want string }{
		{"GET", "GET /?q=1 HTTP/1.1", fields(`GET "/?q=1"`, "200", "5", "0", "0s", "HTTP/1.1")},
		{"HEAD", "HEAD / HTTP/1.1", fields("HEAD /", "200", "0", "0", "0s", "HTTP/1.1")},
		{"a body", "POST /length HTTP/1.0|Content-Length: 3", fields("POST /length", "200", "1", "3", "0s", "HTTP/1.0")},
		{"none there", "GET /none HTTP/1.1", fields("GET /none", "404", "14", "0", "0s", "HTTP/1.1")},
		{"slow", "GET /sleep HTTP/1.1", fields("GET /sleep", "200", "5", "0", "1m0s", "HTTP/1.1")},
		{"failed", "GET /fail HTTP/1.1", fields("GET /fail", "500", "26", "0", "0s", "HTTP/1.1")},
		{"upgraded", "GET /shout HTTP/1.1|Connection: upgrade|Upgrade: shout", fields("GET /shout", "101", "0", "0", "1s", "HTTP/1.1")},
		{"left", "GET /sleep HTTP/1.1|X: leave", fields("GET /sleep", "0", "0", "0", "1s", "HTTP/1.1")},
		{"refused", "GET / HTTP/1.1|X", `status=400 remote=10.0.0.1:PORT error=`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var log logged
			srv := &http1.Server{Handler: h, AccessLog: slog.New(slog.NewTextHandler(&log, nil))}
			serveOn(t, &world{srv: srv}, func(co *loop.Co, w *world) error {
				c := w.dialFrom(co, "10.0.0.1")
				port := c.LocalAddr().String()
				c.send(co, tt.send+"|Host: a|User-Agent: x y||abc")
				if strings.Contains(tt.want, "duration=1s") {
					if err := loop.Sleep(co, time.Second-2); err != nil {
						return err
					}
					c.Abort()
				}
				if err := loop.Sleep(co, time.Hour); err != nil {
					return err
				}
				got := records(&log)
				want := strings.Replace(tt.want, "10.0.0.1:PORT", port, 1)
				if len(got) == 0 || !strings.HasPrefix(got[0], want) {
					t.Errorf("\n got %q\nwant %s", got, want)
				}
				c.Abort()
				return nil
			})
		})
	}
}

// TestAccessLogStd: the same for a net/http handler.
func TestAccessLogStd(t *testing.T) {
	var log logged
	srv := &http1.Server{
		Handler:   http1.Std(http.NotFoundHandler()),
		AccessLog: slog.New(slog.NewTextHandler(&log, nil)),
	}
	serveOn(t, &world{srv: srv}, func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.send(co, get+getLast)
		c.recvAll(co)
		if got := records(&log); len(got) != 2 || !strings.Contains(got[1], "status=404 bytes=19") {
			t.Errorf("%q", got)
		}
		return nil
	})
}
