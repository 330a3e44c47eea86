package http1_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

const (
	notExpected = "HTTP/1.1 200 OK|DATE|Content-Length: 5|Connection: close||hello<end>"
	tooLarge    = "HTTP/1.1 413 Content Too Large|Content-Type: text/plain; charset=utf-8|DATE|Content-Length: 22|Connection: close||413 Content Too Large\n<end>"
	badRequest  = "HTTP/1.1 400 Bad Request|Content-Type: text/plain; charset=utf-8|DATE|Content-Length: 16|Connection: close||400 Bad Request\n<end>"
)

// chunked is a body of n bytes in chunks of size bytes.
func chunked(n, size int) string {
	var b strings.Builder
	for n > 0 {
		k := min(n, size)
		fmt.Fprintf(&b, "%x|%s|", k, strings.Repeat(":", k))
		n -= k
	}
	return b.String() + "0||"
}

// TestUnreadBodies: a small rest is thrown away, behind a large one the connection
// closes.
func TestUnreadBodies(t *testing.T) {
	const limit = 256 << 10
	for _, tt := range []struct {
		name, head, body, want string
	}{
		{"length at the limit", "Content-Length: 262144", strings.Repeat("x", limit), hello + last},
		{"length beyond", "Content-Length: 262145", strings.Repeat("x", limit+1), last},
		{"chunks at the limit", "Transfer-Encoding: chunked", chunked(limit, 1000), hello + last},
		{"chunks beyond", "Transfer-Encoding: chunked", chunked(limit+1, 1000), hello + "<end>"},
		{"not chunks", "Transfer-Encoding: chunked", "2|xyz", hello + "<end>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, apart := range []bool{false, true} {
				serveOn(t, &world{srv: siteWorld().srv, net: &looptest.Network{Window: 5000}}, func(co *loop.Co, w *world) error {
					c := w.dial(co)
					c.Write([]byte(wire("POST / HTTP/1.1|Host: a|" + tt.head + "||")))
					if apart {
						settle(co)
					}
					c.Write([]byte(wire(tt.body + getLast)))
					if got := c.recv(co); got != tt.want {
						t.Errorf("apart %v\n got %s\nwant %s", apart, got, tt.want)
					}
					return nil
				})
			}
		})
	}
}

// TestUnreadBodyOfAStream: here the response has not said that the connection ends.
func TestUnreadBodyOfAStream(t *testing.T) {
	h := http1.HandlerFunc(func(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error { return w.Flush() })
	serve(t, h, func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.send(co, "POST / HTTP/1.1|Host: a|Content-Length: 9||123456789"+"POST / HTTP/1.1|Host: a|Content-Length: 9999999||")
		const empty = "HTTP/1.1 200 OK|DATE|Transfer-Encoding: chunked||0||"
		if got := c.recv(co); got != empty+empty+"<end>" {
			t.Error(got)
		}
		return nil
	})
}

// TestPartlyReadBody: what the handler left is skipped, and no more counts.
func TestPartlyReadBody(t *testing.T) {
	h := http1.HandlerFunc(func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		n, err := io.CopyN(io.Discard, r.Body, 300<<10)
		fmt.Fprint(w, n)
		if n == 0 {
			err = nil
		}
		return err
	})
	for _, body := range []string{
		"Content-Length: 310000||" + strings.Repeat(":", 310_000),
		"Transfer-Encoding: chunked||" + chunked(310_000, 4096),
	} {
		serve(t, h, func(co *loop.Co, w *world) error {
			c := w.dial(co)
			c.Write([]byte(wire("POST / HTTP/1.1|Host: a|" + body + getLast)))
			want := "HTTP/1.1 200 OK|DATE|Content-Length: 6||307200HTTP/1.1 200 OK|DATE|Content-Length: 1|Connection: close||0<end>"
			if got := c.recv(co); got != want {
				t.Errorf("%.30s: %s", body, got)
			}
			return nil
		})
	}
}

// TestContinue is H07: 100 is sent when the handler wants the body, and only then.
func TestContinue(t *testing.T) {
	const expect = "HTTP/1.1|Host: a|Content-Length: 3|Expect: 100-continue||"
	for _, tt := range []struct {
		name, head, before, after string
	}{
		{"wanted", "POST /echo " + expect, "HTTP/1.1 100 Continue||<open>", "HTTP/1.1 200 OK|DATE|Content-Length: 3||abc" + last},
		{"not wanted", "POST / " + expect, notExpected, "<end>"},
		{"behind another", get + "POST /echo " + expect, hello + "HTTP/1.1 100 Continue||<open>", "HTTP/1.1 200 OK|DATE|Content-Length: 3||abc" + last},
		{"1.0", "POST /echo HTTP/1.0|Content-Length: 3|Expect: 100-continue||", "<open>", "HTTP/1.1 200 OK|DATE|Content-Length: 3|Connection: close||abc<end>"},
		{"too large", "POST /echo HTTP/1.1|Host: a|Content-Length: 9999999|Expect: 100-continue||", tooLarge, "<end>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			serveOn(t, &world{srv: &http1.Server{Handler: site, MaxBody: 1000}}, func(co *loop.Co, w *world) error {
				c := w.dial(co)
				c.send(co, tt.head)
				if got := c.now(co); got != tt.before {
					t.Errorf("before the body\n got %s\nwant %s", got, tt.before)
				}
				c.send(co, "abc"+getLast)
				if got := c.recv(co); got != tt.after {
					t.Errorf("after the body\n got %s\nwant %s", got, tt.after)
				}
				return nil
			})
		})
	}
}

// TestContinueUnneeded: a client that sends its body all the same is not told to.
func TestContinueUnneeded(t *testing.T) {
	serve(t, site, func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.send(co, "POST /echo HTTP/1.1|Host: a|Content-Length: 3|Expect: 100-continue||a")
		c.send(co, "bc"+getLast)
		if got, want := c.recv(co), "HTTP/1.1 200 OK|DATE|Content-Length: 3||abc"+last; got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
		return nil
	})
}

// TestContinueTooLate: no 100 in the middle of the response.
func TestContinueTooLate(t *testing.T) {
	h := http1.HandlerFunc(func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		if err := w.Flush(); err != nil {
			return err
		}
		_, err := io.Copy(w, r.Body)
		return err
	})
	serve(t, h, func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.send(co, "POST / HTTP/1.1|Host: a|Content-Length: 3|Expect: 100-continue||")
		c.send(co, "abc")
		if got, want := c.recv(co), "HTTP/1.1 200 OK|DATE|Transfer-Encoding: chunked|Connection: close||3|abc|0||<end>"; got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
		return nil
	})
}

func TestBodyLimit(t *testing.T) {
	limited := func() *world { return &world{srv: &http1.Server{Handler: site, MaxBody: 1000}} }
	x := func(n int) string { return strings.Repeat("x", n) }
	checkAll(t, limited, []talk{
		{"length at the limit", "POST /length HTTP/1.1|Host: a|Content-Length: 1000||" + x(1000), "HTTP/1.1 200 OK|DATE|Content-Length: 4||1000<open>"},
		{"length beyond", "POST /length HTTP/1.1|Host: a|Content-Length: 1001||" + x(1001), tooLarge},
		{"chunks at the limit", "POST /length HTTP/1.1|Host: a|Transfer-Encoding: chunked||" + chunked(1000, 300), "HTTP/1.1 200 OK|DATE|Content-Length: 4||1000<open>"},
		{"chunks beyond", "POST /length HTTP/1.1|Host: a|Transfer-Encoding: chunked||" + chunked(1001, 300), tooLarge},
		{"per request", "POST /length HTTP/1.1|Host: a|Content-Length: 1000||" + x(1000) + "POST /length HTTP/1.1|Host: a|Content-Length: 999||" + x(999),
			"HTTP/1.1 200 OK|DATE|Content-Length: 4||1000HTTP/1.1 200 OK|DATE|Content-Length: 3||999<open>"},
		{"chunk size", "POST /length HTTP/1.1|Host: a|Transfer-Encoding: chunked||1_a|", badRequest}, // H19
		{"chunk end", "POST /length HTTP/1.1|Host: a|Transfer-Encoding: chunked||1|ab", badRequest},
		{"trailer", "POST /length HTTP/1.1|Host: a|Transfer-Encoding: chunked||0|Content-Length: 1||", badRequest},
	})
	unlimited := &world{srv: &http1.Server{Handler: site, MaxBody: -1}}
	serveOn(t, unlimited, func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.send(co, "POST /length HTTP/1.1|Host: a|Content-Length: 9000000000000000000||x")
		if got := c.now(co); got != "<open>" {
			t.Errorf("without a limit: %s", got)
		}
		c.Abort()
		return nil
	})
}

// TestBodyUpToTheLimit: what is within the limit can be read, and the error stays.
func TestBodyUpToTheLimit(t *testing.T) {
	h := http1.HandlerFunc(func(_ *loop.Co, _ *http1.ResponseWriter, r *http1.Request) error {
		p, err := io.ReadAll(r.Body)
		if string(p) != strings.Repeat(":", 10) || err != http1.ErrBodyTooLarge {
			t.Errorf("%d bytes, %v", len(p), err)
		}
		if n, err := r.Body.Read(make([]byte, 1)); n != 0 || err != http1.ErrBodyTooLarge {
			t.Error(n, err)
		}
		return err
	})
	serveOn(t, &world{srv: &http1.Server{Handler: h, MaxBody: 10}}, func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.send(co, "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||"+chunked(25, 7)+getLast)
		if got := c.recv(co); got != tooLarge {
			t.Error(got)
		}
		if log := w.log.take(); log != "" {
			t.Error(log)
		}
		return nil
	})
}

// TestSmallReads: pieces of any size, with framing of any length between them, for
// a buffer of any size (H41).
func TestSmallReads(t *testing.T) {
	long := strings.Repeat("t", 5000)
	body := "a;ext=" + strings.Repeat("e", 200) + "|0123456789|1|x|1|y|0|Trailer-A: " + long + "|Trailer-B: " + long[:2000] + "||"
	for _, size := range []int{1, 3, 16, 100_000} {
		h := http1.HandlerFunc(func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
			if n, err := r.Body.Read(nil); n != 0 || err != nil {
				t.Error("an empty read:", n, err)
			}
			p := make([]byte, size)
			for {
				n, err := r.Body.Read(p)
				w.Write(p[:n])
				if err == io.EOF {
					return nil
				}
				if err != nil || n == 0 {
					return fmt.Errorf("read %d: %w", n, err)
				}
			}
		})
		serve(t, h, func(co *loop.Co, w *world) error {
			c := w.dial(co)
			c.send(co, "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||"+body)
			if got, want := c.recv(co), "HTTP/1.1 200 OK|DATE|Content-Length: 12||0123456789xy<open>"; got != want {
				t.Errorf("size %d\n got %s\nwant %s", size, got, want)
			}
			return nil
		})
	}
}

// TestBodyBackpressure: a client whose body nobody reads must wait.
func TestBodyBackpressure(t *testing.T) {
	h := http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		if err := loop.Sleep(co, time.Minute); err != nil {
			return err
		}
		_, err := io.Copy(io.Discard, r.Body)
		return err
	})
	serve(t, h, func(co *loop.Co, w *world) error {
		const size = 1 << 20
		c := w.dial(co)
		c.send(co, "POST / HTTP/1.1|Host: a|Content-Length: 1048576||"+strings.Repeat("x", size))
		// 64 KiB and a byte with the server, at most a read more, and 64 KiB in the network.
		if taken := size - c.Unsent(); taken > 256<<10 {
			t.Errorf("%d bytes were taken before anyone read", taken)
		}
		want := "HTTP/1.1 200 OK|Date: Sat, 01 Jan 2000 00:01:00 GMT|Content-Length: 0||<open>"
		if got := c.recv(co); got != want {
			t.Error(got)
		}
		return nil
	})
}

// TestBodyCut: the client leaves in the middle of its body.
func TestBodyCut(t *testing.T) {
	for _, leave := range []func(*client){
		func(c *client) { c.Abort() },
		func(c *client) { c.Close() },
		func(c *client) {
			if err := c.CloseWrite(); err != nil {
				t.Error(err)
			}
		},
	} {
		for _, framing := range []string{"Content-Length: 10||abc", "Transfer-Encoding: chunked||3|abc|"} {
			var got error
			h := http1.HandlerFunc(func(_ *loop.Co, _ *http1.ResponseWriter, r *http1.Request) error {
				p, err := io.ReadAll(r.Body)
				if string(p) != "abc" {
					t.Errorf("%q", p)
				}
				got = err
				return err
			})
			serve(t, h, func(co *loop.Co, w *world) error {
				c := w.dial(co)
				c.send(co, "POST / HTTP/1.1|Host: a|"+framing)
				leave(c)
				settle(co)
				if !errors.Is(got, io.ErrUnexpectedEOF) || !errors.Is(got, http1.ErrClientGone) {
					t.Error(got)
				}
				if log := w.log.take(); log != "" {
					t.Error(log)
				}
				return nil
			})
		}
	}
}

// TestBodyMisuse: reading by two at once, where nobody can wait, and when it is too
// late.
func TestBodyMisuse(t *testing.T) {
	var kept *http1.Body
	var panicked any
	one := make([]byte, 1)
	h := http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		kept = r.Body
		other := loop.Go(co, func(*loop.Co) (int, error) { return r.Body.Read(one) })
		if n, err := r.Body.Read(one); n != 0 || err == nil {
			t.Error("the second of two readers:", n, err)
		}
		co.Loop().Call(func() {
			defer func() { panicked = recover() }()
			r.Body.Read(one)
		})
		n, err := loop.Await(co, other)
		fmt.Fprint(w, n)
		return err
	})
	serve(t, h, func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.send(co, "POST / HTTP/1.1|Host: a|Content-Length: 3||")
		if panicked == nil {
			t.Error("Read in a callback did not panic")
		}
		c.send(co, "x")
		if got, want := c.now(co), "HTTP/1.1 200 OK|DATE|Content-Length: 1||1<open>"; got != want {
			t.Errorf("got %s", got)
		}
		if n, err := kept.Read(one); n != 0 || err == nil || err == io.EOF {
			t.Error("a kept body:", n, err)
		}
		c.send(co, "::"+"GET / HTTP/9.9||")
		if got := c.recv(co); !strings.HasPrefix(got, "HTTP/1.1 505") {
			t.Errorf("behind the rest of the body: %s", got)
		}
		return nil
	})
}
