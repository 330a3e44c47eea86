package http1_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

const (
	late     = "HTTP/1.1 408 Request Timeout|DATE|Content-Length: 0|Connection: close||<end>"
	lateBody = "HTTP/1.1 408 Request Timeout|Content-Type: text/plain; charset=utf-8|DATE|Content-Length: 20|Connection: close||408 Request Timeout\n<end>"
)

// timed is a world with the timeouts of its server.
func timed(srv *http1.Server) *world { return &world{srv: srv, timed: true} }

// outlast returns what comes until the connection ends, and how long that took.
func (c *client) outlast(co *loop.Co) (got string, took time.Duration) {
	began := co.Loop().Now()
	got = c.recvWithin(co, 10*time.Hour)
	return dateless(got), co.Loop().Now().Sub(began)
}

// dateless has DATE for every field Date.
func dateless(s string) string {
	before, rest, found := strings.Cut(s, "Date: ")
	if !found {
		return s
	}
	_, after, _ := strings.Cut(rest, "GMT")
	return before + "DATE" + dateless(after)
}

// TestTimeouts: each is kept, and noticed at most two sweeps late. Tornado H44, H47.
func TestTimeouts(t *testing.T) {
	const post = "POST /length HTTP/1.1|Host: a|Content-Length: 9||"
	for _, tt := range []struct {
		name, send, want string
		after            time.Duration
		srv              *http1.Server
	}{
		{"nothing comes", "", "<end>", 60 * time.Second, &http1.Server{}},
		{"only empty lines", "||", "<end>", 60 * time.Second, &http1.Server{}},
		{"half a head", "GET / HTTP/1.1|Host: a|", late, 60 * time.Second, &http1.Server{}},
		{"one byte", "G", late, 8 * time.Second, &http1.Server{HeadTimeout: 8 * time.Second}},
		{"half a second head", get + "GET", hello + late, 60 * time.Second, &http1.Server{}},
		{"idle", get, hello + "<end>", time.Hour, &http1.Server{}},
		{"idle, and an empty line", get + "|", hello + "<end>", time.Hour, &http1.Server{}},
		{"idle for less", get, hello + "<end>", 2 * time.Second, &http1.Server{IdleTimeout: 2 * time.Second}},
		{"idle with a head's timeout for ever", get, hello + "<end>", time.Hour, &http1.Server{HeadTimeout: -1}},
		{"half a body", post + "1234", lateBody, 60 * time.Second, &http1.Server{MinRate: -1}},
		{"half a body, for less", post + "1234", lateBody, 3 * time.Second, &http1.Server{BodyTimeout: 3 * time.Second}},
		{"half a body that nobody reads", "POST / HTTP/1.1|Host: a|Content-Length: 9||1234", hello + "<end>", 60 * time.Second, &http1.Server{MinRate: -1}},
		{"a slow body", post + "1234", lateBody, 5 * time.Second, &http1.Server{}},
		{"a body behind 100 (Continue)", "POST /length HTTP/1.1|Host: a|Content-Length: 9|Expect: 100-continue||",
			"HTTP/1.1 100 Continue||" + lateBody, 60 * time.Second, &http1.Server{MinRate: -1}},
		{"everything for ever", "GET", "<open>", 10 * time.Hour, &http1.Server{HeadTimeout: -1, IdleTimeout: -1, BodyTimeout: -1, MinRate: -1}},
		{"idle for ever", get, hello + "<open>", 10 * time.Hour, &http1.Server{IdleTimeout: -1}},
		{"a body for ever", post, "<open>", 10 * time.Hour, &http1.Server{BodyTimeout: -1, MinRate: -1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.srv.Handler = site
			serveOn(t, timed(tt.srv), func(co *loop.Co, w *world) error {
				c := w.dial(co)
				c.send(co, tt.send)
				got, took := c.outlast(co)
				if got != tt.want {
					t.Errorf("\n got %s\nwant %s", got, tt.want)
				}
				// The first sweep that sees the connection may be one late, and the last another.
				if most := tt.after + max(tt.after/4, 15*time.Second); took < tt.after-time.Millisecond || took > most {
					t.Errorf("after %v, want %v to %v", took, tt.after, most)
				}
				c.Abort()
				return nil
			})
		})
	}
}

// TestTimeoutsStartAfresh: what a client is late with counts from its own beginning.
func TestTimeoutsStartAfresh(t *testing.T) {
	serveOn(t, timed(&http1.Server{Handler: site}), func(co *loop.Co, w *world) error {
		c := w.dial(co)
		for range 5 {
			for _, piece := range []string{"GET / HT", "TP/1.1|Ho", "st: a||"} {
				if err := loop.Sleep(co, 25*time.Second); err != nil {
					return err
				}
				c.Write([]byte(wire(piece)))
			}
			if got := dateless(c.recvWithin(co, 30*time.Minute)); got != hello+"<open>" {
				t.Error(got)
			}
		}
		return nil
	})
}

// TestHandlerTakesItsTime: whatever is the handler's and not the client's time is not
// counted, and neither is an upgraded connection's.
func TestHandlerTakesItsTime(t *testing.T) {
	h := routes{
		"/slow": func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
			p := make([]byte, 1)
			for n := 0; ; n++ {
				if err := loop.Sleep(co, 2*time.Hour); err != nil {
					return err
				}
				if _, err := r.Body.Read(p); err == io.EOF {
					_, err := io.WriteString(w, strings.Repeat("x", n))
					return err
				} else if err != nil {
					return err
				}
			}
		},
		"/hijack": func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
			s, err := w.Hijack()
			if err != nil {
				return err
			}
			if _, err := loop.Await(co, s.ReadSome(1)); err != nil {
				return err
			}
			s.Write([]byte("at last"))
			s.Close()
			return nil
		},
	}
	serveOn(t, timed(&http1.Server{Handler: h}), func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.send(co, "POST /slow HTTP/1.1|Host: a|Content-Length: 3|Connection: close||abc")
		if got, _ := c.outlast(co); got != "HTTP/1.1 200 OK|DATE|Content-Length: 3|Connection: close||xxx<end>" {
			t.Error(got)
		}
		c = w.dial(co)
		c.send(co, "GET /hijack HTTP/1.1|Host: a||")
		if err := loop.Sleep(co, 10*time.Hour); err != nil {
			return err
		}
		c.send(co, "x")
		if got, _ := c.outlast(co); got != "at last<end>" {
			t.Error(got)
		}
		return nil
	})
}

// TestMinRate: a body that drips fast enough is read to its end, however long it takes.
func TestMinRate(t *testing.T) {
	for _, tt := range []struct {
		name  string
		bytes int // with each second
		kept  bool
	}{{"above", 250, true}, {"below", 230, false}} {
		t.Run(tt.name, func(t *testing.T) {
			serveOn(t, timed(&http1.Server{Handler: site}), func(co *loop.Co, w *world) error {
				c := w.dial(co)
				const seconds = 300
				c.Write([]byte(wire("POST /length HTTP/1.1|Host: a|Connection: close|Transfer-Encoding: chunked||")))
				for range seconds {
					c.Write([]byte(wire(chunk(strings.Repeat("x", tt.bytes)))))
					if err := loop.Sleep(co, time.Second); err != nil {
						return err
					}
				}
				c.Write([]byte("0\r\n\r\n"))
				got, _ := c.outlast(co)
				if want := "HTTP/1.1 200 OK|DATE|Content-Length: 5|Connection: close||75000<end>"; tt.kept && got != want {
					t.Error(got)
				} else if !tt.kept && got != lateBody {
					t.Error(got)
				}
				return nil
			})
		})
	}
}

func chunk(p string) string { return strings.TrimSuffix(chunked(len(p), len(p)), "0||") }

// TestBodyTimeoutError: what the handler sees, and that it may answer as it likes.
func TestBodyTimeoutError(t *testing.T) {
	h := http1.HandlerFunc(func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		for range 2 {
			_, err := r.Body.Read(make([]byte, 10))
			if !errors.Is(err, http1.ErrBodyTimeout) || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error(err)
			}
		}
		_, err := w.WriteString("so what")
		return err
	})
	serveOn(t, timed(&http1.Server{Handler: h}), func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.send(co, "POST / HTTP/1.1|Host: a|Content-Length: 3||")
		if got, _ := c.outlast(co); got != "HTTP/1.1 200 OK|DATE|Content-Length: 7|Connection: close||so what<end>" {
			t.Error(got)
		}
		return nil
	})
}

// TestWriteTimeout: a client that takes nothing of its response is given up.
func TestWriteTimeout(t *testing.T) {
	for _, tt := range []struct{ timeout, after time.Duration }{{0, time.Minute}, {5 * time.Second, 5 * time.Second}} {
		var err error
		var took time.Duration
		h := http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
			began := co.Loop().Now()
			_, err = w.Write(make([]byte, 1<<20))
			took = co.Loop().Now().Sub(began)
			return err
		})
		w := timed(&http1.Server{Handler: h, WriteTimeout: tt.timeout})
		w.net = &looptest.Network{Window: 1000}
		serveOn(t, w, func(co *loop.Co, w *world) error {
			c := w.dial(co)
			c.SetReadAhead(0)
			c.send(co, get)
			if err := loop.Sleep(co, time.Hour); err != nil {
				return err
			}
			if !errors.Is(err, stream.ErrStalled) && !errors.Is(err, http1.ErrClientGone) || took != tt.after {
				t.Errorf("%v after %v, want ErrStalled after %v", err, took, tt.after)
			}
			if n := w.srv.Stats().Conns; n != 0 {
				t.Error(n, "connections are left")
			}
			return nil
		})
	}
}

// TestNoSweepsWithoutConnections: the last connection takes the timer with it, and the
// next one brings it back.
func TestNoSweepsWithoutConnections(t *testing.T) {
	serveOn(t, timed(&http1.Server{Handler: site}), func(co *loop.Co, w *world) error {
		for range 3 {
			began := co.Loop().Stats().PendingTimers
			c := w.dial(co)
			c.send(co, get)
			if n := co.Loop().Stats().PendingTimers - began; n == 0 {
				t.Error("nothing sweeps")
			}
			c.Abort()
			if err := loop.Sleep(co, time.Minute); err != nil {
				return err
			}
			if n := co.Loop().Stats().PendingTimers; n != began {
				t.Errorf("%d timers are left, %d before", n, began)
			}
		}
		return nil
	})
}

// TestTimeoutsStd: a net/http handler is held to them as well, and hears of them as it
// expects to.
func TestTimeoutsStd(t *testing.T) {
	var read, cause error
	mux := http.NewServeMux()
	mux.HandleFunc("/read", func(w http.ResponseWriter, r *http.Request) {
		_, read = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusRequestTimeout)
	})
	mux.HandleFunc("/wait", func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		cause = context.Cause(r.Context())
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	serveOn(t, timed(&http1.Server{Handler: http1.Std(mux), RequestTimeout: time.Hour}), func(co *loop.Co, w *world) error {
		for _, tt := range []struct{ send, want string }{
			{"POST /read HTTP/1.1|Host: a|Content-Length: 9||1234", "HTTP/1.1 408 "},
			{"GET /wait HTTP/1.1|Host: a||", "HTTP/1.1 503 "},
		} {
			c := w.dial(co)
			c.send(co, tt.send)
			if got, _ := c.outlast(co); !strings.HasPrefix(got, tt.want) {
				t.Errorf("%s: %s", tt.send, got)
			}
			c.Abort()
		}
		return nil
	})
	if !errors.Is(read, os.ErrDeadlineExceeded) || cause != http1.ErrRequestTimeout {
		t.Error(read, cause)
	}
}
