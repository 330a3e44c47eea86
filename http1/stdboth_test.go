package http1_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// A behaviour is a piece of net/http's public contract: what a handler and its client see
// of each other. Each is checked with both servers over sockets.
type behaviour struct {
	name string
	// handle is the handler. What it finds out, it writes to the client or notes.
	handle func(w http.ResponseWriter, r *http.Request, note func(...any))
	// send is what the client sends, in the notation of wire. "": a GET. drive is a
	// client of its own instead.
	send  string
	drive func(t *testing.T, c *caller)
	// want is what the client receives, and behind it what was noted; see caller.story.
	want string
	// ours is what http1 does instead, and why says for what reason. "": the same.
	ours, why string
}

const (
	bGet  = "GET / HTTP/1.1|Host: a|Connection: close||"
	bKeep = "GET / HTTP/1.1|Host: a||"
)

// A caller is a client over a socket.
type caller struct {
	*net.TCPConn
	r     *bufio.Reader
	notes chan string
	heard []string
}

// hear waits for a note.
func (c *caller) hear() { c.heard = append(c.heard, <-c.notes) }

func (c *caller) say(text string) { _, _ = c.Write([]byte(strings.ReplaceAll(text, "|", "\r\n"))) }

// line is a line of what came.
func (c *caller) line() string {
	s, err := c.r.ReadString('\n')
	if err != nil {
		return s + "<" + err.Error() + ">"
	}
	return strings.TrimSpace(s)
}

// story reads responses until the connection ends, and tells them: status, fields in
// alphabetic order without Date, and body, "|" between lines; a trailer with a "+".
func (c *caller) story(method string) string {
	var b strings.Builder
	for {
		if _, err := c.r.Peek(1); err != nil {
			b.WriteString(ending(err))
			return b.String()
		}
		resp, err := http.ReadResponse(c.r, &http.Request{Method: method})
		if err != nil {
			rest, _ := io.ReadAll(c.r)
			fmt.Fprintf(&b, "<not http: %v %q>", err, rest)
			return b.String()
		}
		c.tell(&b, resp)
	}
}

func (c *caller) tell(b *strings.Builder, resp *http.Response) {
	fmt.Fprint(b, resp.StatusCode)
	var fields []string
	for name, values := range resp.Header {
		for _, v := range values {
			if name != "Date" {
				fields = append(fields, name+": "+v)
			}
		}
	}
	if resp.Header.Get("Date") == "" && resp.StatusCode >= 200 {
		fields = append(fields, "no Date")
	}
	if len(resp.TransferEncoding) > 0 {
		fields = append(fields, "chunked")
	}
	slices.Sort(fields)
	for _, f := range fields {
		b.WriteString("|" + f)
	}
	b.WriteString("||")
	if resp.StatusCode < 200 {
		return
	}
	body, err := io.ReadAll(resp.Body)
	if len(body) > 200 {
		body = fmt.Appendf(nil, "%s...%d", body[:10], len(body))
	}
	b.WriteString(strings.ReplaceAll(string(body), "\n", "/"))
	if err != nil {
		b.WriteString("<cut>")
	}
	var trailers []string
	for name, values := range resp.Trailer {
		trailers = append(trailers, fmt.Sprintf("|+%s: %s", name, strings.Join(values, ",")))
	}
	slices.Sort(trailers)
	b.WriteString(strings.Join(trailers, ""))
}

// check holds the behaviour with a server, and gives what happened.
func (b behaviour) check(t *testing.T, addr string, notes chan string) string {
	tc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer tc.Close()
	c := &caller{TCPConn: tc.(*net.TCPConn), r: bufio.NewReader(tc), notes: notes}
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	send := b.send
	if b.drive != nil {
		b.drive(t, c)
		send = ""
	} else if send == "" {
		send = bGet
	}
	c.say(send)
	method, _, _ := strings.Cut(send, " ")
	got := c.story(method)
	for len(notes) > 0 {
		c.hear()
	}
	for _, s := range c.heard {
		got += " [" + s + "]"
	}
	return got
}

// onBoth runs the handler on net/http and on http1, and calls check with each server:
// also on the loop, if the handler waits for nothing but its client.
func onBoth(t *testing.T, name string, h http.Handler, loopable bool, check func(t *testing.T, server, addr string)) {
	t.Run("net/http/"+name, func(t *testing.T) {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		srv := &http.Server{Handler: h, ErrorLog: log.New(io.Discard, "", 0)}
		ended := make(chan error, 1)
		go func() { ended <- srv.Serve(ln) }()
		defer func() { srv.Close(); <-ended }()
		check(t, "net/http", ln.Addr().String())
	})
	for _, o := range []struct {
		as string
		http1.StdOptions
	}{{"http1", http1.StdOptions{}}, {"on the loop", http1.StdOptions{OnLoop: true}}} {
		if o.OnLoop && !loopable {
			continue
		}
		t.Run(o.as+"/"+name, func(t *testing.T) {
			srv := &http1.Server{Handler: http1.StdWith(h, o.StdOptions), Logger: slog.New(slog.DiscardHandler)}
			serveSockets(t, srv, func(addr string) { check(t, o.as, addr) })
		})
	}
}

// serveSockets runs srv on a loop and a goroutine of its own while body runs.
func serveSockets(t testing.TB, srv *http1.Server, body func(addr string)) {
	t.Helper()
	l, err := loop.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	addr, err := srv.Listen(l, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- l.Run() }()
	defer func() {
		srv.Close()
		l.Close()
		if err := <-ended; !errors.Is(err, loop.ErrClosed) {
			t.Error(err)
		}
	}()
	body(addr.String())
}

// TestStdBehaviours: at least 150 of them, and none that we only think we share.
func TestStdBehaviours(t *testing.T) {
	calm := slices.Concat(responseBehaviours, requestBehaviours, helperBehaviours)
	all := slices.Concat(calm, connBehaviours, takenBehaviours)
	if len(all) < 150 {
		t.Errorf("only %d behaviours", len(all))
	}
	seen := map[string]bool{}
	for i, b := range all {
		if seen[b.name] || (b.ours == "") != (b.why == "") || b.ours == b.want {
			t.Errorf("%s: named twice, or ours without why, or no difference", b.name)
		}
		seen[b.name] = true
		var to atomic.Value // the notes of the server that is asked
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			notes := to.Load().(chan string)
			b.handle(w, r, func(v ...any) { notes <- fmt.Sprint(v...) })
		})
		onBoth(t, b.name, h, i < len(calm), func(t *testing.T, server, addr string) {
			want := b.want
			notes := make(chan string, 100)
			to.Store(notes)
			if server != "net/http" && b.ours != "" {
				want = b.ours
			}
			got := b.check(t, addr, notes)
			if got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})
	}
}
