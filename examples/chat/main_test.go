package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
	"github.com/zonda-go/zonda/websocket"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A town is a chat on a network in memory. Its numbers begin with first, which tests take
// for 1.
type town struct {
	t     *testing.T
	net   *looptest.Network
	first int64
}

func visit(t *testing.T, body func(co *loop.Co, w *town) error) {
	t.Helper()
	looptest.Run(t, func(co *loop.Co) error {
		c := newChat(co.Loop())
		w := &town{t, &looptest.Network{}, c.next}
		srv := &http1.Server{Handler: c, Network: w.net}
		if _, err := srv.Listen(co.Loop(), "10.0.0.1:80"); err != nil {
			return err
		}
		defer srv.Close()
		return body(co, w)
	})
}

func (w *town) enter(co *loop.Co, name string, since int64) *websocket.Conn {
	w.t.Helper()
	o := &websocket.DialOptions{Dialer: &stream.Dialer{Network: w.net}}
	o.Header.Add("Origin", "http://10.0.0.1")
	c, err := websocket.Dial(co, fmt.Sprintf("ws://10.0.0.1/ws?name=%s&since=%d", url.QueryEscape(name), w.number(since)), o)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// number is the n-th message's.
func (w *town) number(n int64) int64 { return w.first - 1 + n }

// story is an update in one line.
func (w *town) story(b []byte) string {
	var u update
	if err := json.Unmarshal(b, &u); err != nil {
		return err.Error()
	}
	var s []string
	for _, m := range u.Messages {
		s = append(s, strings.TrimSpace(fmt.Sprintf("%d %s %s %s", m.ID-w.first+1, m.Kind, m.Name, m.Text)))
	}
	return strings.Join(s, "; ") + " " + fmt.Sprint(u.People)
}

func (w *town) hears(co *loop.Co, c *websocket.Conn, want ...string) {
	w.t.Helper()
	for _, want := range want {
		_, b, err := c.Read(co)
		if err != nil {
			w.t.Fatal(err)
		}
		if got := w.story(b); got != want {
			w.t.Errorf("heard %s, want %s", got, want)
		}
	}
}

// ask sends one request and gives status and body.
func (w *town) ask(co *loop.Co, method, target, body string) string {
	w.t.Helper()
	s, err := stream.Dial(co, w.net, "tcp", "10.0.0.1:80")
	if err != nil {
		w.t.Fatal(err)
	}
	defer s.Close()
	s.Write(fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: 10.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", method, target, len(body), body))
	b, err := loop.Await(co, s.ReadUntilClose(1<<20))
	if err != nil {
		w.t.Fatal(err)
	}
	head, rest, _ := strings.Cut(string(b), "\r\n\r\n")
	if strings.HasPrefix(rest, "{") {
		rest = w.story([]byte(rest))
	}
	return strings.TrimSpace(head[len("HTTP/1.1 "):len("HTTP/1.1 200")] + " " + rest)
}

// poll is a poll of Bob's.
func (w *town) poll(co *loop.Co, since int64) string {
	return w.ask(co, "GET", fmt.Sprintf("/poll?name=Bob&since=%d&session=s", w.number(since)), "")
}

// TestTwoPages see each other's messages, who came, and who left.
func TestTwoPages(t *testing.T) {
	visit(t, func(co *loop.Co, w *town) error {
		ann := w.enter(co, "Ann", 0)
		w.hears(co, ann, " []", "1 join Ann [Ann]")
		bob := w.enter(co, "Bob é", 0)
		w.hears(co, bob, "1 join Ann [Ann]", "2 join Bob é [Ann Bob é]")
		w.hears(co, ann, "2 join Bob é [Ann Bob é]")
		if err := ann.Write(co, websocket.Text, []byte(" hello <b>\n")); err != nil {
			return err
		}
		w.hears(co, bob, "3 say Ann hello <b> [Ann Bob é]")
		w.hears(co, ann, "3 say Ann hello <b> [Ann Bob é]")
		ann.Close(websocket.GoingAway, "")
		w.hears(co, bob, "4 leave Ann [Bob é]")
		again := w.enter(co, "Ann", 2)
		w.hears(co, again, "3 say Ann hello <b>; 4 leave Ann [Bob é]")
		again.Close(websocket.Normal, "")
		bob.Close(websocket.Normal, "")
		return nil
	})
}

// TestPolling: one with a WebSocket and one without talk; who stops polling has left.
func TestPolling(t *testing.T) {
	visit(t, func(co *loop.Co, w *town) error {
		ann := w.enter(co, "Ann", 0)
		w.hears(co, ann, " []", "1 join Ann [Ann]")
		if got := w.poll(co, 0); got != "200 1 join Ann; 2 join Bob [Ann Bob]" {
			t.Error(got)
		}
		waits := loop.Go(co, func(co *loop.Co) (string, error) {
			return w.poll(co, 2), nil
		})
		w.hears(co, ann, "2 join Bob [Ann Bob]")
		if err := loop.Sleep(co, 10*time.Second); err != nil {
			return err
		}
		if err := ann.Write(co, websocket.Text, []byte("hi")); err != nil {
			return err
		}
		if got, err := loop.Await(co, waits); err != nil || got != "200 3 say Ann hi [Ann Bob]" {
			t.Error(got, err)
		}
		if got := w.ask(co, "POST", "/say?session=s", `{"text":"ho"}`); got != "204" {
			t.Error(got)
		}
		w.hears(co, ann, "3 say Ann hi [Ann Bob]", "4 say Bob ho [Ann Bob]")
		began := co.Loop().Now()
		if got := w.poll(co, 4); got != "200  [Ann Bob]" || co.Loop().Now().Sub(began) != patience {
			t.Errorf("after %v: %s", co.Loop().Now().Sub(began), got)
		}
		w.hears(co, ann, "5 leave Bob [Ann]")
		ann.Close(websocket.Normal, "")
		return nil
	})
}

// TestKept: a newcomer sees the last 200 messages.
func TestKept(t *testing.T) {
	visit(t, func(co *loop.Co, w *town) error {
		ann := w.enter(co, "Ann", 0)
		for i := range 300 {
			if err := ann.Write(co, websocket.Text, fmt.Append(nil, "n", i)); err != nil {
				return err
			}
		}
		for range 302 {
			if _, _, err := ann.Read(co); err != nil {
				return err
			}
		}
		bob := w.enter(co, "Bob", 0)
		_, b, err := bob.Read(co)
		if got := w.story(b); err != nil || strings.Count(got, "say") != kept || !strings.HasPrefix(got, "102 say Ann n100; ") {
			t.Errorf("%.60s, %v", got, err)
		}
		bob.Close(websocket.Normal, "")
		ann.Close(websocket.Normal, "")
		return nil
	})
}

// TestAnew: pages that were open when the server started anew miss nothing, also if its clock
// went back in between.
func TestAnew(t *testing.T) {
	visit(t, func(co *loop.Co, w *town) error {
		for i, since := range []int64{-1000, 1000} {
			ann := w.enter(co, "Ann", since)
			if _, b, err := ann.Read(co); err != nil || strings.Count(w.story(b), "join") != i {
				t.Errorf("since %d: %s, %v", since, w.story(b), err)
			}
			defer ann.Close(websocket.Normal, "")
		}
		began := co.Loop().Now()
		if got := w.poll(co, 1000); strings.Count(got, "join") != 3 || co.Loop().Now() != began {
			t.Errorf("a poll, after %v: %s", co.Loop().Now().Sub(began), got)
		}
		return nil
	})
	looptest.Run(t, func(co *loop.Co) error {
		before := newRoom(co.Loop())
		for range 100 {
			before.add("say", "Ann", "hello")
		}
		if err := loop.Sleep(co, time.Second); err != nil {
			return err
		}
		if after := newRoom(co.Loop()); after.next <= before.next {
			t.Errorf("the first number is %d, but %d was there before", after.next, before.next)
		}
		return nil
	})
}

// TestPolicy: nothing runs in the page but what is in it.
func TestPolicy(t *testing.T) {
	visit(t, func(co *loop.Co, w *town) error {
		s, err := stream.Dial(co, w.net, "tcp", "10.0.0.1:80")
		if err != nil {
			return err
		}
		defer s.Close()
		s.Write([]byte("GET / HTTP/1.0\r\n\r\n"))
		b, err := loop.Await(co, s.ReadUntilClose(1<<20))
		head, _, _ := strings.Cut(string(b), "\r\n\r\n")
		_, policy, _ := strings.Cut(head, "Content-Security-Policy: ")
		if strings.Contains(policy, "unsafe") || strings.Count(policy, "'sha256-") != 2 || !strings.HasPrefix(policy, "default-src 'none'; ") {
			t.Errorf("the policy is %q", policy)
		}
		return err
	})
	const empty = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
	if style, script := hash(page, "style"), hash(page, "script"); style == script || style == empty || script == empty {
		t.Errorf("the hashes are %s and %s", style, script)
	}
}

// TestRefused: what is no message, no name, or no page of ours.
func TestRefused(t *testing.T) {
	visit(t, func(co *loop.Co, w *town) error {
		for _, tt := range []struct{ method, target, body, want string }{
			{"GET", "/nothing", "", "404"}, {"GET", "/ws?name=&since=0", "", "400"}, {"GET", "/ws?name=a&since=x", "", "400"},
			{"GET", "/ws?name=a&since=0", "", "426"}, {"GET", "/poll?name=a&since=0", "", "400"}, {"POST", "/say?session=none", `{"text":"x"}`, "403"},
		} {
			if got := w.ask(co, tt.method, tt.target, tt.body); !strings.HasPrefix(got, tt.want) {
				t.Errorf("%s %s: %s, want %s", tt.method, tt.target, got, tt.want)
			}
		}
		if got := w.ask(co, "GET", "/", ""); !strings.Contains(got, "<title>chat</title>") {
			t.Errorf("the page is %.80s", got)
		}
		long := w.enter(co, strings.Repeat("é", maxName), 0)
		if err := long.Write(co, websocket.Text, []byte(strings.Repeat("💨", maxText))); err != nil {
			return err
		}
		for range 3 {
			if _, _, err := long.Read(co); err != nil {
				t.Errorf("as long as may be: %v", err)
			}
		}
		long.Close(websocket.Normal, "")
		for _, bad := range []string{" ", strings.Repeat("x", maxText+1)} {
			c := w.enter(co, "Ann", 0)
			if err := c.Write(co, websocket.Text, []byte(bad)); err != nil {
				return err
			}
			var err error
			for err == nil {
				_, _, err = c.Read(co)
			}
			if !strings.Contains(err.Error(), "1008") {
				t.Errorf("%.10q: %v", bad, err)
			}
		}
		return nil
	})
}
