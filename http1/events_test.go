package http1_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

func TestEvents(t *testing.T) {
	const head = "HTTP/1.1 200 OK|Content-Type: text/event-stream|Cache-Control: no-cache|DATE|Transfer-Encoding: chunked||"
	for _, tt := range []struct {
		name  string
		event http1.Event
		want  string // "": refused
	}{
		{"data", http1.Event{Data: "x"}, "data: x\n\n"},
		{"all", http1.Event{ID: "7", Name: "tick", Data: "x", Retry: 1500 * time.Millisecond}, "id: 7\nevent: tick\nretry: 1500\ndata: x\n\n"},
		{"lines", http1.Event{Data: "a\nb\rc\r\nd\n\re"}, "data: a\ndata: b\ndata: c\ndata: d\ndata: \ndata: e\n\n"},
		{"ends with a line", http1.Event{Data: "a\n"}, "data: a\ndata: \n\n"},
		{"forged", http1.Event{Data: "a\n\nid: 1\r\revent: x"}, "data: a\ndata: \ndata: id: 1\ndata: \ndata: event: x\n\n"},
		{"blanks", http1.Event{Data: "  a "}, "data:   a \n\n"},
		{"UTF-8", http1.Event{Data: "a\u0085\u2028é"}, "data: a\u0085\u2028é\n\n"},
		{"empty", http1.Event{}, "data: \n\n"},
		{"name only", http1.Event{Name: "ping"}, "event: ping\ndata: \n\n"},
		{"ID only", http1.Event{ID: "1"}, "id: 1\n\n"},
		{"retry only", http1.Event{Retry: time.Second}, "retry: 1000\n\n"},
		{"line in the ID", http1.Event{ID: "1\n", Data: "x"}, ""},
		{"CR in the ID", http1.Event{ID: "1\rdata: y", Data: "x"}, ""},
		{"NUL in the ID", http1.Event{ID: "1\x00", Data: "x"}, ""},
		{"line in the name", http1.Event{Name: "a\ndata: y", Data: "x"}, ""},
		{"CR in the name", http1.Event{Name: "a\r", Data: "x"}, ""},
		{"negative", http1.Event{Retry: -1}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			serve(t, http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
				err := w.Events().Send(tt.event)
				if errors.Is(err, http1.ErrBadEvent) != (tt.want == "") {
					t.Error(err)
				}
				if err == nil {
					err = loop.Sleep(co, time.Hour)
				}
				return err
			}), func(co *loop.Co, w *world) error {
				c := w.dial(co)
				c.send(co, get)
				got := c.raw(co)
				if _, body, _ := strings.Cut(got, "\r\n\r\n"); tt.want != "" {
					size, data, _ := strings.Cut(body, "\r\n")
					if data != tt.want+"\r\n" || !strings.HasPrefix(story([]byte(got)), head) {
						t.Errorf("\n got %q (size %s)\nwant %q", got, size, tt.want)
					}
				} else if strings.Contains(got, "data") {
					t.Errorf("sent all the same: %q", got)
				}
				c.Abort()
				return nil
			})
		})
	}
}

// TestEventsFlow: each event is there at once, a client that does not read holds its
// handler up and nobody else, and one that leaves ends it.
func TestEventsFlow(t *testing.T) {
	sent, ended := 0, false
	h := routes{"/": site["/"], "/events": func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		defer func() { ended = true }()
		w.Header().Set("Cache-Control", "no-store")
		s := w.Events()
		if err := s.Comment("since " + r.LastEventID()); err != nil {
			return err
		}
		for {
			if err := loop.Sleep(co, time.Second); err != nil {
				return err
			}
			if err := s.Send(http1.Event{Data: strings.Repeat("x", 1000)}); err != nil {
				return err
			}
		}
	}, "/flood": func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		for s := w.Events(); ; sent++ {
			if err := s.Send(http1.Event{Data: bigText}); err != nil {
				return err
			}
		}
	}}
	serve(t, h, func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.send(co, "GET /events HTTP/1.1|Host: a|Last-Event-ID: 41||")
		got := c.now(co)
		if !strings.HasSuffix(got, "Cache-Control: no-store|Content-Type: text/event-stream|DATE|Transfer-Encoding: chunked||c|: since 41\n\n|<open>") {
			t.Errorf("%q", got)
		}
		for range 3 {
			if err := loop.Sleep(co, time.Second); err != nil {
				return err
			}
			if got := c.now(co); got != "3f0|data: "+strings.Repeat("x", 1000)+"\n\n|<open>" {
				t.Errorf("%q", got)
			}
		}
		flooded := w.dial(co)
		flooded.send(co, "GET /flood HTTP/1.1|Host: a||")
		before := sent
		if got := request(co, w, get); !strings.HasSuffix(got, "hello<open>") {
			t.Error(got)
		}
		if sent != before || before > 50 || ended {
			t.Errorf("%d events, then %d, ended: %v", before, sent, ended)
		}
		flooded.Abort()
		c.Abort()
		settle(co)
		if err := loop.Sleep(co, time.Second); err != nil {
			return err
		}
		if !ended {
			t.Error("the handler goes on for nobody")
		}
		return nil
	})
}

func ExampleResponseWriter_Events() {
	_ = http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		events := w.Events()
		for {
			if err := loop.Sleep(co, time.Second); err != nil {
				return err // the client has left
			}
			now := co.Loop().Now().Format(time.TimeOnly)
			if err := events.Send(http1.Event{Name: "tick", Data: now}); err != nil {
				return err
			}
		}
	})
}
