package http1_test

import (
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// TestRaw holds every case with the server in memory, where what waits can be
// told from what is slow: in one piece and in many.
func TestRaw(t *testing.T) {
	pieces := 16
	if os.Getenv("ZONDA_DEEP") != "" {
		pieces = 256 // byte by byte, but for the long ones
	}
	w := &world{}
	tell := func(err error) { fmt.Fprintln(&w.log, err) }
	w.srv = &http1.Server{Handler: rawHandler(tell), MaxHead: rawHead, MaxBody: rawBody}
	broken := regexp.MustCompile(`httpwire: (\S+) at byte`)
	serveOn(t, w, func(co *loop.Co, w *world) error {
		for _, c := range rawCases() {
			send := wire(c.send)
			for _, piece := range []int{len(send), 1 + len(send)/pieces} {
				client, send := w.dial(co), send
				for ; len(send) > piece; send = send[piece:] {
					client.Write([]byte(send[:piece]))
					settle(co)
				}
				conn := stream.NetConn(co, client.Stream)
				_ = conn.SetDeadline(co.Loop().Now().Add(time.Hour))
				got := c.talk(conn, send, c.rawVerdict, false)
				c.check(t, "in memory", got, c.rawVerdict)
				rule := ""
				if m := broken.FindStringSubmatch(w.log.take()); m != nil {
					rule = m[1]
				}
				if rule != c.rule {
					t.Errorf("%s: refused by rule %q, want %q", c.name, rule, c.rule)
				}
				client.Abort()
			}
		}
		return nil
	})
}

// rawOnSockets holds every case with a server at addr, each on a connection of
// its own.
func rawOnSockets(t *testing.T, server string, addr net.Addr, verdict func(rawCase) rawVerdict, rough bool) {
	for _, c := range rawCases() {
		conn, err := net.Dial(addr.Network(), addr.String())
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(patience))
		want := verdict(c)
		c.check(t, server, c.talk(conn, wire(c.send), want, rough), want)
		conn.Close()
	}
}

func TestRawSockets(t *testing.T) {
	rawServed(t, "on sockets", rawHandler(func(error) {}), func(c rawCase) rawVerdict { return c.rawVerdict }, false)
}

// rawByStd is what differs through Std. A target must be a URL there, as with net/http;
// and the handler of these cases answers 400 whatever is wrong with a body.
var rawByStd = map[string]rawVerdict{
	"a bad escape":                {"400 kept", ""},
	"size of 63 bits":             {"400 closed", ""},
	"size -1 as hexadecimal":      {"400 closed", ""},
	"size that wraps to 5":        {"400 closed", ""},
	"size of 17 digits":           {"400 closed", ""},
	"chunks beyond the limit":     {"400 closed", ""},
	"a chunk beyond the limit":    {"400 closed", ""},
	"trailers beyond their limit": {"400 closed", ""},
	"a trailer without end":       {"400 closed", ""},
}

// TestRawStd: the same cases for an unmodified net/http handler.
func TestRawStd(t *testing.T) {
	rawServed(t, "through Std", http1.Std(http.HandlerFunc(rawStdHandler)), func(c rawCase) rawVerdict {
		if v, ok := rawByStd[c.name]; ok {
			return v
		}
		return c.rawVerdict
	}, true)
}

// rawServed has a server of this package answer the cases with h.
func rawServed(t *testing.T, name string, h http1.Handler, verdict func(rawCase) rawVerdict, rough bool) {
	t.Helper()
	addr := make(chan net.Addr, 1)
	srv := &http1.Server{
		Handler:  h,
		MaxHead:  rawHead,
		MaxBody:  rawBody,
		Logger:   slog.New(slog.DiscardHandler),
		OnListen: func(a net.Addr) { addr <- a },
	}
	served := make(chan error, 1)
	go func() { served <- srv.ListenAndServe("127.0.0.1:0") }()
	select {
	case err := <-served:
		t.Fatal(err)
	case a := <-addr:
		rawOnSockets(t, name, a, verdict, rough)
	}
	srv.Close()
	if err := <-served; err != http1.ErrServerClosed {
		t.Error(err)
	}
}

// TestRawNetHTTP holds that the table is right about net/http: where it differs,
// the case says why.
func TestRawNetHTTP(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var conns sync.WaitGroup
	srv := &http.Server{
		Handler:        http.HandlerFunc(rawStdHandler),
		MaxHeaderBytes: rawHead,
		ErrorLog:       log.New(&logged{}, "", 0),
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				conns.Add(1)
			case http.StateClosed:
				conns.Done()
			}
		},
	}
	served := make(chan error)
	go func() { served <- srv.Serve(ln) }()
	rawOnSockets(t, "net/http", ln.Addr(), rawCase.byNetHTTP, true)
	srv.Close()
	<-served
	conns.Wait() // its goroutines linger for half a second
}

// TestRawTable: the table has the cases that it must have, each with its law, and
// a case for each rule of the grammar that a request can break.
func TestRawTable(t *testing.T) {
	cases := rawCases()
	if len(cases) < 200 {
		t.Errorf("%d cases", len(cases))
	}
	names, rules := map[string]bool{}, map[string]bool{}
	section := regexp.MustCompile(`^(911[0-2]|3986|5234), [0-9A-Z]+(\.[0-9]+)*$`)
	for _, c := range cases {
		if names[c.name] {
			t.Errorf("%s: the name of two cases", c.name)
		}
		if !section.MatchString(c.rfc) {
			t.Errorf("%s: %q is no section", c.name, c.rfc)
		}
		if c.why != "" && c.std == c.rawVerdict {
			t.Errorf("%s: net/http does not differ", c.name)
		}
		names[c.name], rules[c.rule] = true, true
	}
	requests, _ := grammarRules(t)
	for _, rule := range requests {
		if !rules[rule] {
			t.Errorf("%s: no case for this rule", rule)
		}
	}
}
