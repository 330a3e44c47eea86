package http1_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// pages is a text of 2600 bytes.
var pages = strings.Repeat(alphabet, 100)

// gunzip is what is in p; the rest of a stream that was only flushed may be missing.
func gunzip(t *testing.T, p []byte) (text string, whole bool) {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(p))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err != nil && err != io.ErrUnexpectedEOF {
		t.Fatal(err)
	}
	return string(got), err == nil
}

// raw is the bytes that have come.
func (c *client) raw(co *loop.Co) string {
	var got []byte
	for {
		soon, cancel := co.WithTimeout(1)
		p, err := loop.Await(soon, c.ReadSome(1<<20))
		cancel()
		got = append(got, p...)
		if err != nil {
			return string(got)
		}
	}
}

// response is one response, in the bytes that came.
func response(t *testing.T, method, got string) (*http.Response, []byte) {
	t.Helper()
	res, err := http.ReadResponse(newReader([]byte(got)), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%v: %s", err, cutShort(got))
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%v: %s", err, cutShort(got))
	}
	return res, body
}

func TestCompress(t *testing.T) {
	const text = "Content-Type: text/plain; charset=utf-8"
	const accept = "Accept-Encoding: gzip|"
	for _, tt := range []struct {
		name   string
		status int
		set    string // fields of the handler
		body   string
		ask    string // fields of the request
		coded  bool
		vary   bool
	}{
		{"text", 200, text, pages, accept, true, true},
		{"not asked", 200, text, pages, "", false, true},
		{"refused", 200, text, pages, "Accept-Encoding: gzip;q=0|", false, true},
		{"refused, others welcome", 200, text, pages, "Accept-Encoding: gzip;q=0, *|", false, true},
		{"no weight", 200, text, pages, "Accept-Encoding: gzip;q=0.5000|", false, true},
		{"anything", 200, text, pages, "Accept-Encoding: *|", true, true},
		{"little", 200, text, pages, "Accept-Encoding: identity;q=0.5, gzip;q=0.5|", true, true},
		{"less than none", 200, text, pages, "Accept-Encoding: identity, gzip;q=0.5|", false, true},
		{"another", 200, text, pages, "Accept-Encoding: br, zstd|", false, true},
		{"upper case", 200, text, pages, "Accept-Encoding: GZIP|", true, true},
		{"two lines", 200, text, pages, "Accept-Encoding: br|Accept-Encoding: gzip|", true, true},
		{"length said", 200, text + "|Content-Length: 2600", pages, accept, true, true},
		{"404", 404, text, pages, accept, true, true},
		{"1023", 200, text, pages[:1023], accept, false, false},
		{"1024", 200, text, pages[:1024], accept, true, true},
		{"type in capitals", 200, "Content-Type: TEXT/HTML ;x=y", pages, accept, true, true},
		{"json", 200, "Content-Type: application/json", pages, accept, true, true},
		{"some json", 200, "Content-Type: application/ld+json", pages, accept, true, true},
		{"svg", 200, "Content-Type: image/svg+xml", pages, accept, true, true},
		{"png", 200, "Content-Type: image/png", pages, accept, false, false},
		{"no type", 200, "", pages, accept, false, false},
		{"events", 200, "Content-Type: text/event-stream", pages, accept, false, false},
		{"encoded", 200, text + "|Content-Encoding: br", pages, accept, false, false},
		{"identity said", 200, text + "|Content-Encoding: identity", pages, accept, false, false},
		{"no-transform", 200, text + "|Cache-Control: public, no-transform", pages, accept, false, false},
		{"206", 206, text + "|Content-Range: bytes 0-2599/5000", pages, accept, false, false},
		{"206 without its range", 206, text, pages, accept, false, false},
		{"204", 204, text, "", accept, false, false},
		{"304", 304, text, "", accept, false, true},
		{"longer than is collected", 200, text, bigText, accept, true, true},
		{"longer, with its length", 200, text + "|Content-Length: 260000", bigText, accept, true, true},
		{"longer, not asked", 200, text, bigText, "", false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			serve(t, http1.Compress(writes(tt.status, tt.set+"|ETag: \"x\"", tt.body), nil), func(co *loop.Co, w *world) error {
				for _, method := range []string{"GET", "HEAD"} {
					c := w.dial(co)
					c.send(co, method+" / HTTP/1.1|Host: a|"+tt.ask+"|")
					got := c.raw(co)
					c.Abort()
					res, body := response(t, method, got)
					h := res.Header
					if coded := h.Get("Content-Encoding") == "gzip"; coded != tt.coded || res.StatusCode != tt.status {
						t.Fatalf("%s: %s", method, cutShort(got))
					}
					if vary := h.Get("Vary") == "Accept-Encoding"; vary != tt.vary {
						t.Errorf("%s: %s", method, cutShort(got))
					}
					if want := map[bool]string{true: `W/"x"`, false: `"x"`}[tt.coded]; h.Get("ETag") != want {
						t.Errorf("%s: ETag %s", method, h.Get("ETag"))
					}
					switch {
					case method == "HEAD" && tt.coded && res.ContentLength >= 0:
						t.Errorf("HEAD promises a length: %d", res.ContentLength)
					case method == "HEAD":
					case tt.coded:
						if text, whole := gunzip(t, body); text != tt.body || !whole {
							t.Errorf("%d bytes of %d, whole: %v", len(text), len(tt.body), whole)
						}
						if len(tt.body) <= 8<<10 && res.ContentLength != int64(len(body)) {
							t.Errorf("a short body without a length: %s", got)
						}
					case string(body) != tt.body:
						t.Errorf("%d bytes of %d", len(body), len(tt.body))
					}
				}
				return nil
			})
		})
	}
}

func TestCompressFields(t *testing.T) {
	serve(t, http1.Compress(writes(200, "Content-Type: text/css|Vary: Origin|Vary: Cookie|ETag: W/\"x\"|Accept-Ranges: bytes", pages), nil), func(co *loop.Co, w *world) error {
		got := request(co, w, "GET / HTTP/1.1|Host: a|Accept-Encoding: gzip||")
		if !strings.HasPrefix(got, "HTTP/1.1 200 OK|Content-Type: text/css|Vary: Origin, Cookie, Accept-Encoding|ETag: W/\"x\"|Content-Encoding: gzip|DATE|Content-Length: ") {
			t.Error(got)
		}
		return nil
	})
	serve(t, http1.Compress(writes(200, "Content-Type: text/css|Vary: accept-encoding", pages), nil), func(co *loop.Co, w *world) error {
		if got := request(co, w, get); !strings.HasPrefix(got, "HTTP/1.1 200 OK|Content-Type: text/css|Vary: accept-encoding|DATE|") {
			t.Error(got)
		}
		return nil
	})
}

// TestCompressFlush: what was flushed can be decoded, before more comes.
func TestCompressFlush(t *testing.T) {
	h := http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		w.Header().Set("Content-Type", "text/plain")
		return site["/stream"](co, w, r)
	})
	serve(t, http1.Compress(h, nil), func(co *loop.Co, w *world) error {
		for _, version := range []string{"1.1", "1.0"} {
			c := w.dial(co)
			c.send(co, "GET / HTTP/"+version+"|Host: a|Accept-Encoding: gzip||")
			all := ""
			for i := range 4 {
				all += c.raw(co)
				end := ""
				if version == "1.1" && i < 3 {
					end = "0\r\n\r\n" // so that it can be read
				}
				_, body := response(t, "GET", all+end)
				want := "part 0part 1part 2"[:6*min(i+1, 3)]
				if text, whole := gunzip(t, body); text != want || whole != (i == 3) {
					t.Errorf("%d: got %q, whole: %v", i, text, whole)
				}
				if err := loop.Sleep(co, time.Minute); err != nil {
					return err
				}
			}
			c.Abort()
		}
		return nil
	})
}

// TestCompressLength: a handler that breaks its word about the length is still found
// out.
func TestCompressLength(t *testing.T) {
	for _, tt := range []struct {
		length, end string
	}{{"2601", "<open>"}, {"260001", "<end>"}, {"259999", "<open>"}} {
		n, _ := strconv.Atoi(tt.length)
		body := pages
		if n > 10_000 {
			body = bigText
		}
		h := http1.Compress(writes(200, "Content-Type: text/plain|Content-Length: "+tt.length, body), nil)
		serve(t, h, func(co *loop.Co, w *world) error {
			got := request(co, w, "GET / HTTP/1.1|Host: a|Accept-Encoding: gzip||")
			if !strings.HasSuffix(got, tt.end) || strings.HasSuffix(got, "|0||"+tt.end) || !strings.Contains(w.log.take(), "differs from its Content-Length") {
				t.Errorf("%s: %s", tt.length, cutShort(got))
			}
			return nil
		})
	}
}

// upper is an encoder whose result is easy to read.
type upper struct {
	w      io.Writer
	resets int
}

func (u *upper) Write(p []byte) (int, error) { return u.w.Write(bytes.ToUpper(p)) }
func (u *upper) Flush() error                { return nil }
func (u *upper) Close() error                { _, err := u.w.Write([]byte(".")); return err }
func (u *upper) Reset(w io.Writer)           { u.w = w; u.resets++ }

// TestCompressEncodings: codings of one's own, in the client's order and then in ours;
// encoders are used again, and their number is bounded.
func TestCompressEncodings(t *testing.T) {
	var made []*upper
	coding := func(name string) http1.Encoding {
		return http1.Encoding{Name: name, New: func() http1.Encoder {
			u := &upper{}
			made = append(made, u)
			return u
		}}
	}
	o := &http1.CompressOptions{
		Encodings: []http1.Encoding{coding("up"), coding("big")}, MinSize: -1, Limit: 2,
		Types: func(kind string) bool { return kind == "x" },
	}
	h := http1.Compress(routes{"/": writes(200, "Content-Type: x", "hello"), "/stream": func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		w.Header().Set("Content-Type", "x")
		return site["/stream"](co, w, r)
	}}, o)
	serve(t, h, func(co *loop.Co, w *world) error {
		for _, tt := range []struct{ accept, want string }{
			{"up", "up"}, {"big", "big"}, {"big, up", "up"}, {"big, up;q=0.9", "big"}, {"gzip", ""}, {"*, up;q=0", "big"},
		} {
			got := request(co, w, "GET / HTTP/1.1|Host: a|Accept-Encoding: "+tt.accept+"||")
			want := "Content-Encoding: " + tt.want + "|DATE|Content-Length: 6||HELLO.<open>"
			if tt.want == "" {
				want = "DATE|Content-Length: 5||hello<open>"
			}
			if !strings.HasSuffix(got, want) {
				t.Errorf("%s: %s", tt.accept, got)
			}
		}
		if len(made) != 2 {
			t.Errorf("%d encoders for one response at a time", len(made))
		}
		var clients []*client
		for range 3 {
			c := w.dial(co)
			c.send(co, "GET /stream HTTP/1.1|Host: a|Accept-Encoding: up||")
			clients = append(clients, c)
		}
		for i, want := range []string{"PART 0|", "PART 0|", "part 0|"} {
			if got := clients[i].now(co); !strings.HasSuffix(got, want+"<open>") {
				t.Errorf("%d: %s", i, got)
			}
			clients[i].Abort()
		}
		settle(co)
		if got := request(co, w, "GET / HTTP/1.1|Host: a|Accept-Encoding: up||"); !strings.HasSuffix(got, "HELLO.<open>") {
			t.Error("encoders are not given back when clients leave:", got)
		}
		if len(made) != 3 {
			t.Errorf("%d encoders were made", len(made))
		}
		return nil
	})
}

// TestCompressOthers: what else makes responses goes through it as well.
func TestCompressOthers(t *testing.T) {
	std := http1.Std(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, bigText)
		w.(http.Flusher).Flush()
		io.WriteString(w, pages)
	}))
	for name, h := range map[string]http1.Handler{
		"files":      &http1.Files{Dir: folder(t)},
		"std":        std,
		"twice":      http1.Compress(writes(200, "Content-Type: text/plain", bigText), nil),
		"after fail": routes{"/big.txt": func(*loop.Co, *http1.ResponseWriter, *http1.Request) error { return &http1.HTTPError{Status: 418} }},
	} {
		t.Run(name, func(t *testing.T) {
			serve(t, http1.Compress(h, nil), func(co *loop.Co, w *world) error {
				for _, version := range []string{"1.1", "1.0"} {
					c := w.dial(co)
					c.send(co, "GET /big.txt HTTP/"+version+"|Host: a|Connection: close|Accept-Encoding: gzip||")
					raw, err := loop.Await(co, c.ReadUntilClose(1<<20))
					if err != nil {
						return err
					}
					got := string(raw)
					res, body := response(t, "GET", got)
					if name == "after fail" {
						if res.StatusCode != 418 || res.Header.Get("Content-Encoding") != "" {
							t.Error(got)
						}
						continue
					}
					want := bigText
					if name == "std" {
						want += pages
					}
					if res.Header.Get("Content-Encoding") != "gzip" || res.Header.Get("Accept-Ranges") != "" {
						t.Fatal(res.Header)
					}
					if text, whole := gunzip(t, body); text != want || !whole {
						t.Errorf("%d bytes of %d, whole: %v", len(text), len(want), whole)
					}
				}
				return nil
			})
		})
	}
	serve(t, http1.Compress(&http1.Files{Dir: folder(t)}, nil), func(co *loop.Co, w *world) error {
		got := request(co, w, "GET /big.txt HTTP/1.1|Host: a|Accept-Encoding: gzip|Range: bytes=0-2599||")
		if !strings.HasPrefix(got, "HTTP/1.1 206 ") || !strings.HasSuffix(got, pages+"<open>") || strings.Contains(got, "gzip") {
			t.Error(got)
		}
		return nil
	})
}

// turns counts the turns that others get while body runs.
func turns(co *loop.Co, body func() error) (n int, err error) {
	done := false
	loop.Go(co, func(co *loop.Co) (struct{}, error) {
		for !done {
			n++
			if err := loop.Yield(co); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	})
	err = body()
	done = true
	return n, err
}

// TestCompressTurns: a long response that the client takes at once, because little is
// left of it, does not keep the loop.
func TestCompressTurns(t *testing.T) {
	n := 0
	h := http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, _ *http1.Request) (err error) {
		w.Header().Set("Content-Type", "text/plain")
		n, err = turns(co, func() error {
			_, err := w.Write(make([]byte, 1<<20))
			return err
		})
		return err
	})
	serve(t, http1.Compress(h, nil), func(co *loop.Co, w *world) error {
		request(co, w, "GET / HTTP/1.1|Host: a|Accept-Encoding: gzip||")
		if n < 16 {
			t.Errorf("others had %d turns", n)
		}
		return nil
	})
}

func TestCompressPanics(t *testing.T) {
	defer func() {
		if v := recover(); v == nil || !strings.Contains(fmt.Sprint(v), "level") {
			t.Error(v)
		}
	}()
	http1.Compress(site, &http1.CompressOptions{Level: 10})
}

func ExampleCompress() {
	h := http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, err := w.WriteString("<!doctype html>...")
		return err
	})
	_ = &http1.Server{Handler: http1.Compress(h, nil)}
}
