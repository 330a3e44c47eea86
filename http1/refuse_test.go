package http1_test

import (
	"strings"
	"testing"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// refused is what a request that is none gets.
func refused(status string) string {
	return "HTTP/1.1 " + status + "|DATE|Content-Length: 0|Connection: close||<end>"
}

func TestMalformed(t *testing.T) {
	long := strings.Repeat("x", 64<<10)
	for _, tt := range []struct{ name, send, status string }{
		{"garbage", "asdf||", "400 Bad Request"}, // H13
		{"binary", "\x16\x03\x01\x02\x00\x01\x00\n", "400 Bad Request"},
		{"no colon", "GET / HTTP/1.1|Host: a|b||", "400 Bad Request"},                      // H15
		{"host", "GET / HTTP/1.1|Host: a b||", "400 Bad Request"},                          // H16
		{"no host", "GET / HTTP/1.1||", "400 Bad Request"},                                 //
		{"two hosts", "GET / HTTP/1.1|Host: a|Host: a||", "400 Bad Request"},               //
		{"method", "FOO,BAR / HTTP/1.1|Host: a||", "400 Bad Request"},                      // H24
		{"bare LF", "GET / HTTP/1.1\nHost: a\n\n", "400 Bad Request"},                      // H06, overruled
		{"bare CR", "GET / HTTP/1.1|Host: a|B: \rc||", "400 Bad Request"},                  //
		{"NUL", "GET / HTTP/1.1|Host: a|B: \x00||", "400 Bad Request"},                     //
		{"folded", "GET / HTTP/1.1|Host: a|B: c| d||", "400 Bad Request"},                  //
		{"blank before colon", "GET / HTTP/1.1|Host: a|B : c||", "400 Bad Request"},        //
		{"many empty lines", "||||||GET / HTTP/1.1|Host: a||", "400 Bad Request"},          //
		{"length foo", "POST / HTTP/1.1|Host: a|Content-Length: foo||", "400 Bad Request"}, // H23
		{"length +10", "POST / HTTP/1.1|Host: a|Content-Length: +10||", "400 Bad Request"},
		{"length 1_0", "POST / HTTP/1.1|Host: a|Content-Length: 1_0||", "400 Bad Request"},
		{"lengths", "POST / HTTP/1.1|Host: a|Content-Length: 1|Content-Length: 2||", "400 Bad Request"},
		{"length and chunks", "POST / HTTP/1.1|Host: a|Content-Length: 1|Transfer-Encoding: chunked||", "400 Bad Request"},      // H22
		{"chunked twice", "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked|Transfer-Encoding: chunked||", "400 Bad Request"}, // H20
		{"chunked in 1.0", "POST / HTTP/1.0|Transfer-Encoding: chunked||", "400 Bad Request"},                                   // H36, overruled
		{"coding", "POST / HTTP/1.1|Host: a|Transfer-Encoding: gzip, chunked||", "501 Not Implemented"},                         // H21: 501 is RFC 9112, 6.1
		{"huge length", "POST / HTTP/1.1|Host: a|Content-Length: 99999999999999999999||", "413 Content Too Large"},
		{"long line", "GET /" + long + " HTTP/1.1|Host: a||", "414 URI Too Long"},
		{"long head", "GET / HTTP/1.1|Host: a|B: " + long + "||", "431 Request Header Fields Too Large"}, // H43
		{"expectation", "GET / HTTP/1.1|Host: a|Expect: x||", "417 Expectation Failed"},
		{"version", "GET / HTTP/2.0|Host: a||", "505 HTTP Version Not Supported"},
		{"preface", "PRI * HTTP/2.0||SM||", "505 HTTP Version Not Supported"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, first := range []string{"", get} {
				serve(t, site, func(co *loop.Co, w *world) error {
					c := w.dial(co)
					c.Write([]byte(wire(first + tt.send + get)))
					want := refused(tt.status)
					if first != "" {
						want = hello + want
					}
					if got := c.recv(co); got != want {
						t.Errorf("\n got %s\nwant %s", got, want)
					}
					// H14: it is logged, once, and is no error of ours.
					if log := w.log.take(); strings.Count(log, "\n") != 1 || !strings.Contains(log, "level=INFO") {
						t.Errorf("logged %s", log)
					}
					return nil
				})
			}
		})
	}
}

// TestMalformedByteByByte: a slow client is answered at the first line that is
// wrong, and what it still sends does not destroy the answer.
func TestMalformedByteByByte(t *testing.T) {
	checkAll(t, siteWorld, []talk{
		{"garbage", "asdf|" + strings.Repeat("more ", 100), refused("400 Bad Request")},
		{"length", "POST / HTTP/1.1|Host: a|Content-Length: 1x|Rest: no matter||", refused("400 Bad Request")},
	})
}

func TestMaxHead(t *testing.T) {
	head := "GET / HTTP/1.1|Host: a|B: " + strings.Repeat("x", 1000) + "||"
	for _, tt := range []struct {
		max  int
		want string
	}{
		{len(wire(head)), hello + "<open>"},
		{len(wire(head)) - 1, refused("431 Request Header Fields Too Large")},
		{14, refused("414 URI Too Long")},
	} {
		limited := func() *world { return &world{srv: &http1.Server{Handler: site, MaxHead: tt.max}} }
		talk{"limit", head, tt.want}.check(t, limited)
	}
	// Beyond what a stream reads ahead by itself.
	large := &world{srv: &http1.Server{Handler: site, MaxHead: 300 << 10}, net: &looptest.Network{Window: 10_000}}
	serveOn(t, large, func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.Write([]byte(wire("GET / HTTP/1.1|Host: a|B: " + strings.Repeat("x", 200<<10) + "||")))
		if got := c.recv(co); got != hello+"<open>" {
			t.Error(got)
		}
		return nil
	})
}

// A handler that does not look at the method promises no tunnel (RFC 9110, 9.3.6).
func TestConnectIsNoTunnel(t *testing.T) {
	for _, h := range []http1.HandlerFunc{
		func(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
			_, err := w.WriteString("hello")
			return err
		},
		func(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error { return w.Flush() },
	} {
		serve(t, h, func(co *loop.Co, w *world) error {
			c := w.dial(co)
			c.Write([]byte(wire("CONNECT c:1 HTTP/1.1|Host: c:1||")))
			if got := c.recv(co); !strings.HasPrefix(got, "HTTP/1.1 501 Not Implemented|") {
				t.Error(got)
			}
			return nil
		})
	}
}
