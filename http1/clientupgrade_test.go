package http1_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

const switched = "HTTP/1.1 101 Switching Protocols|Connection: Upgrade|Upgrade: "

// What follows a response 101 is the caller's, and the client knows nothing of it.
func TestClientUpgrade(t *testing.T) {
	withClient(t, &http1.Client{Timeouts: http1.Timeouts{Whole: time.Minute}}, func(co *loop.Co, w *clientWorld) error {
		var head string
		w.script(co, hostA, func(co *loop.Co, p peer, _ int) (err error) {
			if head, err = p.head(co); err != nil {
				return err
			}
			p.say(switched + "echo|X-A: b||first ")
			line, err := loop.Await(co, p.ReadUntil("\n", 100))
			p.Write(line)
			p.Close()
			return err
		})
		for name, ask := range map[string]func(*loop.Co, *http1.ClientRequest) (*http1.Response, error){"Do": w.client.Do, "Open": w.client.Open} {
			res, err := ask(co, &http1.ClientRequest{URL: urlOf("/x"), Upgrade: "other, ECHO"})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if !strings.Contains(head, "|Connection: Upgrade|Upgrade: other, ECHO||") {
				t.Error(head)
			}
			if res.Status != 101 || res.Header.Get("X-A") != "b" || res.Stream != nil || res.Body != nil {
				t.Errorf("%s: %+v", name, res)
			}
			if s := w.client.Stats(); s.Open != 0 || s.Hosts != 0 {
				t.Errorf("%s: the client goes on to count it: %+v", name, s)
			}
			if err := loop.Sleep(co, time.Hour); err != nil { // no timeout holds
				return err
			}
			res.Upgraded.Write([]byte("second\n"))
			got, err := loop.Await(co, res.Upgraded.ReadUntilClose(100))
			if string(got) != "first second\n" || err != nil {
				t.Errorf("%s: %q, %v", name, got, err)
			}
			res.Upgraded.Close()
		}
		return nil
	})
}

// Nor is it the client's to close.
func TestClientUpgradeClose(t *testing.T) {
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		w.script(co, hostA, answers(switched+"echo||"))
		res, err := w.client.Do(co, &http1.ClientRequest{URL: urlOf("/"), Upgrade: "echo"})
		if err != nil {
			return err
		}
		w.client.Close()
		if err := loop.Sleep(co, time.Minute); err != nil || res.Upgraded.Closed() {
			t.Error("it is closed with the client", err)
		}
		res.Upgraded.Close()
		return nil
	})
}

// A server that does not know the protocol answers as usual.
func TestClientUpgradeDeclined(t *testing.T) {
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		w.script(co, hostA, answers("HTTP/1.1 200 OK|Content-Length: 2||ok", "HTTP/1.1 426 Upgrade Required|Upgrade: x|Content-Length: 0||"))
		res, err := w.client.Do(co, &http1.ClientRequest{URL: urlOf("/"), Upgrade: "echo"})
		if got := brief(res, err); got != `200 "ok"` || res.Upgraded != nil {
			t.Error(got)
		}
		_, err = w.client.Do(co, &http1.ClientRequest{URL: urlOf("/"), Upgrade: "echo"})
		var se *http1.StatusError
		if !errors.As(err, &se) || se.Response.Status != 426 || !se.Response.Reused {
			t.Error(err)
		}
		return nil
	})
}

func TestClientUpgradeRefused(t *testing.T) {
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		answer := ""
		w.script(co, hostA, func(co *loop.Co, p peer, _ int) error {
			_, err := p.head(co)
			p.say(answer)
			return err
		})
		for _, tt := range []struct{ name, offer, answer, want string }{
			{"another", "echo", switched + "other||", "not asked for"},
			{"another beside it", "echo", switched + "echo, other||", "not asked for"},
			{"none", "echo", "HTTP/1.1 101 Switching Protocols|Connection: Upgrade||", "not asked for"},
			{"not asked", "", switched + "echo||", "not asked for"},
			{"a line break", "echo\r\nX: y", switched + "echo||", "Upgrade"},
		} {
			answer = tt.answer
			res, err := w.client.Do(co, &http1.ClientRequest{URL: urlOf("/"), Upgrade: tt.offer, AnyStatus: true})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: %s", tt.name, brief(res, err))
			}
			if s := w.client.Stats(); s.Open != 0 {
				t.Errorf("%s: %+v", tt.name, s)
			}
		}
		r := &http1.ClientRequest{URL: urlOf("/"), Upgrade: "echo"}
		if _, err := loop.Await(co, w.client.Fetch(co, r)); !errors.Is(err, http1.ErrBadRequest) {
			t.Error(err)
		}
		if _, err := w.client.Download(co, r, filepath.Join(t.TempDir(), "x")); !errors.Is(err, http1.ErrBadRequest) {
			t.Error(err)
		}
		if _, err := loop.Await(co, (&http1.StdClient{}).Fetch(co, r)); !errors.Is(err, errors.ErrUnsupported) {
			t.Error(err)
		}
		return nil
	})
}

// A server that switches before it has the whole body is not believed.
func TestClientUpgradeEarly(t *testing.T) {
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		w.script(co, hostA, func(co *loop.Co, p peer, _ int) error {
			_, err := p.head(co)
			p.say(switched + "echo||")
			return err
		})
		r := &http1.ClientRequest{Method: "POST", URL: urlOf("/"), Upgrade: "echo", Producer: func(co *loop.Co, w *http1.BodyWriter) error {
			return loop.Sleep(co, time.Hour)
		}}
		if res, err := w.client.Do(co, r); err == nil || !strings.Contains(err.Error(), "not asked for") {
			t.Error(brief(res, err))
		}
		return nil
	})
}

// The body of 101 is a connection for goroutines, as with net/http's own transport.
func TestTransportUpgrade(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		io.WriteString(c, wire(switched+r.Header.Get("Upgrade")+"||hello "))
		line, _ := rw.ReadString('\n')
		io.WriteString(c, line)
	}))
	defer srv.Close()
	for name, tr := range map[string]http.RoundTripper{"net/http": &http.Transport{DisableKeepAlives: true}, "http1": &http1.Transport{Client: &http1.Client{}, Loop: onLoop(t)}} {
		r, err := http.NewRequest("GET", srv.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Connection", "Upgrade")
		r.Header.Set("Upgrade", "echo")
		res, err := tr.RoundTrip(r)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		c, ok := res.Body.(io.ReadWriteCloser)
		if !ok || res.StatusCode != 101 || res.Header.Get("Upgrade") != "echo" || res.Header.Get("Connection") != "Upgrade" || res.ContentLength != 0 {
			t.Errorf("%s: %+v", name, res)
			continue
		}
		io.WriteString(c, "world\n")
		if got, err := io.ReadAll(c); string(got) != "hello world\n" || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		c.Close()
	}
}

// A server that speaks another protocol over a connection that begins as HTTP.
func ExampleClientRequest_upgrade() {
	_ = func(co *loop.Co, client *http1.Client) (*stream.Stream, error) {
		res, err := client.Do(co, &http1.ClientRequest{URL: "http://127.0.0.1:8888/", Upgrade: "echo"})
		if err != nil {
			return nil, err
		}
		if res.Upgraded == nil {
			return nil, errors.New("the server does not speak it")
		}
		return res.Upgraded, nil
	}
}
