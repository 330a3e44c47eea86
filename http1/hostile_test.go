package http1_test

import (
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// deep asks for the full counts.
func deep() bool { return os.Getenv("ZONDA_DEEP") != "" }

// hugeResponse is the response that nobody reads, in bytes.
const hugeResponse = 32 << 20

// hostileSite is what hostile clients ask, as each kind of handler has it.
func hostileSite() map[string]http1.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") })
	mux.HandleFunc("/length", func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			panic(http.ErrAbortHandler)
		}
	})
	mux.HandleFunc("/big", func(w http.ResponseWriter, _ *http.Request) {
		for n := 0; n < hugeResponse; n += 64 << 10 {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				return
			}
		}
	})
	return map[string]http1.Handler{
		"native": routes{
			"/": site["/"], "/length": site["/length"],
			"/big": func(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
				piece := make([]byte, 64<<10)
				for range hugeResponse / len(piece) {
					if _, err := w.Write(piece); err != nil {
						return err
					}
				}
				return nil
			},
		},
		"Std": http1.Std(mux),
	}
}

// An attack is what one hostile client sends at first, and then with each second.
type attack struct {
	name  string
	first string
	then  func() string // nil: nothing
	reset bool          // the connection is reset after that
}

func attacks() []attack {
	drip := func() string { return "x" }
	noise := rand.New(rand.NewPCG(1, 2))
	return []attack{
		{name: "says nothing"},
		{name: "drips its head", first: "GET / HTTP/1.1\r\nHost: a\r\nX: ", then: drip},
		{name: "drips its body", first: "POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n", then: drip},
		{name: "drips chunks", first: "POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", then: func() string { return "1\r\nx\r\n" }},
		{name: "drips a body that nobody reads", first: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n", then: drip},
		{name: "drips empty lines", then: func() string { return "\r\n" }},
		{name: "does not read", first: "GET /big HTTP/1.1\r\nHost: a\r\n\r\n"},
		{name: "pipelines and does not read", first: strings.Repeat("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 1000),
			then: func() string { return strings.Repeat("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 1000) }},
		{name: "leaves in its head", first: "GET / HTTP/1.1\r\nHost", reset: true},
		{name: "leaves in its body", first: "POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc", reset: true},
		{name: "leaves during the response", first: "GET /big HTTP/1.1\r\nHost: a\r\n\r\n", reset: true},
		{name: "sends garbage", then: func() string {
			p := make([]byte, 1000)
			for i := range p {
				p[i] = byte(noise.Uint32())
			}
			return string(p)
		}},
	}
}

// TestHostileClients: whatever they do, others are served meanwhile, and with the
// server's defaults they are rid of within minutes.
func TestHostileClients(t *testing.T) {
	each := 5
	if deep() {
		each = 50
	}
	w := timed(&http1.Server{Handler: hostileSite()["native"]})
	w.net = &looptest.Network{Window: 16 << 10}
	serveOn(t, w, func(co *loop.Co, w *world) error {
		began := co.Loop().Now()
		var all []*client
		for _, a := range attacks() {
			for range each {
				c := w.dial(co)
				all = append(all, c)
				c.Write([]byte(a.first))
				loop.Go(co, func(co *loop.Co) (struct{}, error) {
					err := loop.Sleep(co, time.Second)
					if a.reset {
						c.Abort()
					}
					for err == nil && a.then != nil && !c.Closed() {
						if f := c.Writable(); f.Done() {
							c.Write([]byte(a.then()))
						}
						err = loop.Sleep(co, time.Second)
					}
					return struct{}{}, nil
				})
			}
		}
		healthy := w.dial(co)
		for co.Loop().Now().Sub(began) < 3*time.Minute {
			asked := co.Loop().Now()
			healthy.send(co, get)
			if got := dateless(healthy.now(co)); got != hello+"<open>" {
				t.Fatalf("a healthy client gets %s", got)
			}
			if d := co.Loop().Now().Sub(asked); d > time.Second {
				t.Fatalf("a healthy client waits %v", d)
			}
			if err := loop.Sleep(co, 5*time.Second); err != nil {
				return err
			}
		}
		if n := w.srv.Stats().Conns; n != 1 {
			t.Errorf("%d connections after 3 minutes, want that of the healthy client", n)
		}
		for _, c := range all {
			c.Abort()
		}
		healthy.Abort()
		settle(co)
		if n := w.srv.Stats().Conns; n != 0 {
			t.Error(n, "connections are left")
		}
		return nil
	})
}

// TestPipelineIsBounded: of a client that does not read, no more requests begin than
// fill what is kept for it; so the answers that wait have no count of their own.
func TestPipelineIsBounded(t *testing.T) {
	const window, size = 16 << 10, 5000
	begun := 0
	h := http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		begun++
		_, err := w.WriteString(strings.Repeat("x", size))
		return err
	})
	serveOn(t, &world{srv: &http1.Server{Handler: h}, net: &looptest.Network{Window: window}}, func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.send(co, strings.Repeat(get, 2000))
		// What the client's stream reads ahead, the network, what waits in the server's
		// stream, and one batch of answers.
		const kept = (64<<10 + window) + window + 64<<10 + 8<<10
		if most := kept/size + 2; begun == 0 || begun > most {
			t.Errorf("%d requests have begun, at most %d should have", begun, most)
		}
		got := c.recv(co)
		if n := strings.Count(got, "HTTP/1.1 200"); n != 2000 || begun != 2000 {
			t.Errorf("%d answers to %d requests in the end", n, begun)
		}
		return nil
	})
}

// TestManyFields: as many as fit into the head are taken; there is no further limit.
func TestManyFields(t *testing.T) {
	h := http1.HandlerFunc(func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		_, err := io.WriteString(w, strings.Repeat("x", r.Header.Len()-5000))
		return err
	})
	serve(t, h, func(co *loop.Co, w *world) error {
		for fields, want := range map[int]string{
			5001:  "HTTP/1.1 200 OK|DATE|Content-Length: 2||xx<open>", // with Host
			16000: "HTTP/1.1 431 Request Header Fields Too Large|DATE|Content-Length: 0|Connection: close||<end>",
		} {
			c := w.dial(co)
			c.send(co, "GET / HTTP/1.1|Host: a|"+strings.Repeat("A: b|", fields)+"|")
			if got := dateless(c.recv(co)); got != want {
				t.Errorf("%d fields: %s", fields, got)
			}
			c.Abort()
		}
		return nil
	})
}
