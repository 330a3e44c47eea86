package http1_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

const (
	tookTooLong     = "HTTP/1.1 503 Service Unavailable|Content-Type: text/plain; charset=utf-8|DATE|Content-Length: 24||503 Service Unavailable\n"
	tookTooLongLast = "HTTP/1.1 503 Service Unavailable|Content-Type: text/plain; charset=utf-8|DATE|Content-Length: 24|Connection: close||503 Service Unavailable\n<end>"
)

// TestRequestTimeout: whatever a handler waits for ends after its time, and it decides
// what becomes of the request.
func TestRequestTimeout(t *testing.T) {
	var cause error
	h := routes{
		"/": site["/"],
		"/sleep": func(co *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
			err := loop.Sleep(co, time.Hour)
			cause = context.Cause(co)
			return err
		},
		"/answers": func(co *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
			_ = loop.Sleep(co, time.Hour)
			_, err := w.WriteString("late, but here")
			return err
		},
		"/begun": func(co *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
			if err := w.Flush(); err != nil {
				return err
			}
			return loop.Sleep(co, time.Hour)
		},
		"/echo": site["/echo"],
		"/own": func(co *loop.Co, _ *http1.ResponseWriter, _ *http1.Request) error {
			co, cancel := co.WithTimeout(time.Second)
			defer cancel()
			return loop.Sleep(co, time.Hour)
		},
	}
	for _, tt := range []struct {
		name, send, want string
		after            time.Duration
	}{
		{"sleeps", "GET /sleep HTTP/1.1|Host: a||" + getLast, tookTooLong + last, 10 * time.Second},
		{"answers all the same", "GET /answers HTTP/1.1|Host: a||" + getLast, "HTTP/1.1 200 OK|DATE|Content-Length: 14||late, but here" + last, 10 * time.Second},
		{"has begun", "GET /begun HTTP/1.1|Host: a||", "HTTP/1.1 200 OK|DATE|Transfer-Encoding: chunked||<end>", 10 * time.Second},
		{"reads", "POST /echo HTTP/1.1|Host: a|Content-Length: 999999||a", tookTooLongLast, 10 * time.Second},
		{"a timeout of its own", "GET /own HTTP/1.1|Host: a|Connection: close||", failureLast, time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			serveOn(t, &world{srv: &http1.Server{Handler: h, RequestTimeout: 10 * time.Second}}, func(co *loop.Co, w *world) error {
				c := w.dial(co)
				c.send(co, tt.send)
				if got, took := c.outlast(co); got != tt.want || took < tt.after-time.Millisecond || took > tt.after {
					t.Errorf("after %v\n got %s\nwant %s", took, got, tt.want)
				}
				c.Abort()
				return nil
			})
		})
	}
	if cause != http1.ErrRequestTimeout || !errors.Is(cause, context.DeadlineExceeded) {
		t.Error(cause)
	}
}

// TestRequestTimeoutUpgraded: it ends with the request.
func TestRequestTimeoutUpgraded(t *testing.T) {
	h := http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
		s, err := w.Upgrade("Shout")
		if err != nil {
			return err
		}
		defer s.Close()
		if err := loop.Sleep(co, time.Hour); err != nil {
			return err
		}
		s.Write([]byte("HOUR"))
		return nil
	})
	serveOn(t, &world{srv: &http1.Server{Handler: h, RequestTimeout: time.Second}}, func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.send(co, "GET / HTTP/1.1|Host: a|Connection: Upgrade|Upgrade: shout||")
		if got, _ := c.outlast(co); got != switching+"HOUR<end>" {
			t.Error(got)
		}
		return nil
	})
}

// TestRequestTimeoutOfOne: a request that was in time takes its timer with it.
func TestRequestTimeoutOfOne(t *testing.T) {
	serveOn(t, &world{srv: &http1.Server{Handler: site, RequestTimeout: time.Minute}}, func(co *loop.Co, w *world) error {
		c := w.dial(co)
		before := co.Loop().Stats().PendingTimers
		c.send(co, get+get+get)
		if n := co.Loop().Stats().PendingTimers; n != before {
			t.Errorf("%d timers, %d before", n, before)
		}
		c.Abort()
		return nil
	})
}

// TestSetMaxBody is Tornado H46 and H48: a handler chooses another limit, which the next
// request does not inherit. H45: what is beyond a limit is refused.
func TestSetMaxBody(t *testing.T) {
	h := routes{
		"/":       site["/"],
		"/length": site["/length"],
		"/more": func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
			r.SetMaxBody(20)
			return site["/length"](co, w, r)
		},
		"/any": func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
			r.SetMaxBody(-1)
			return site["/length"](co, w, r)
		},
		"/none": func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
			r.SetMaxBody(0)
			return site["/length"](co, w, r)
		},
		"/less": func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
			if _, err := io.ReadFull(r.Body, make([]byte, 3)); err != nil {
				return err
			}
			r.SetMaxBody(3)
			return site["/length"](co, w, r)
		},
	}
	const ten = "Content-Length: 10||0123456789"
	post := func(path, body string) string { return "POST " + path + " HTTP/1.1|Host: a|" + body }
	answer := func(n string) string {
		return "HTTP/1.1 200 OK|DATE|Content-Length: " + string('0'+rune(len(n))) + "||" + n
	}
	chunks := func(n int) string { return "Transfer-Encoding: chunked||" + chunked(n, 7) }
	checkAll(t, func() *world { return &world{srv: &http1.Server{Handler: h, MaxBody: 9}} }, []talk{
		{"at the limit", post("/length", "Content-Length: 9||012345678") + post("/length", chunks(9)) + getLast, answer("9") + answer("9") + last},
		{"beyond", post("/length", ten), tooLarge},
		{"beyond in chunks", post("/length", chunks(10)), tooLarge},
		{"more, and again", post("/more", ten) + post("/more", chunks(20)) + post("/length", ten), answer("10") + answer("20") + tooLarge},
		{"more, and beyond that", post("/more", chunks(21)), tooLarge},
		{"any", post("/any", chunks(300)) + getLast, answer("300") + last},
		{"none", post("/none", "Content-Length: 0||") + post("/none", "Content-Length: 1||x"), answer("0") + tooLarge},
		{"less, too late", post("/less", "Content-Length: 9||012345678"), tooLarge},
		{"less, in time", post("/less", "Content-Length: 3||012") + getLast, answer("0") + last},
		{"nobody reads", post("/", ten) + getLast, hello + last},
	})
}

// TestRequestTimeoutShows: a handler's co has the deadline, and so has the context of a
// net/http handler; a connection that was taken away has none.
func TestRequestTimeoutShows(t *testing.T) {
	ask := func(co *loop.Co, w *world) {
		c := w.dial(co)
		c.Write([]byte(wire(getLast)))
		if got := c.recvAll(co); !strings.HasSuffix(got, "||10s true<end>") {
			t.Error(got)
		}
		c.Abort()
	}
	native := http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		at, ok := co.Deadline()
		if r.Path() == "/taken" {
			s, err := w.Hijack()
			if err != nil {
				return err
			}
			if _, left := co.Deadline(); left {
				t.Error("after Hijack there still is a deadline")
			}
			s.Close()
			return nil
		}
		_, err := fmt.Fprint(w, at.Sub(co.Loop().Now()), " ", ok)
		return err
	})
	serveOn(t, &world{srv: &http1.Server{Handler: native, RequestTimeout: 10 * time.Second}}, func(co *loop.Co, w *world) error {
		ask(co, w)
		c := w.dial(co)
		c.send(co, "GET /taken HTTP/1.1|Host: a||")
		c.Abort()
		return nil
	})
	began := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	std := http1.Std(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at, ok := r.Context().Deadline()
		fmt.Fprint(w, at.Sub(began), " ", ok)
	}))
	serveOn(t, &world{srv: &http1.Server{Handler: std, RequestTimeout: 10 * time.Second}}, func(co *loop.Co, w *world) error {
		ask(co, w)
		return nil
	})
}
