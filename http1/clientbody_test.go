package http1_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
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

// A body of each kind arrives whole (A46), a long one in pieces.
func TestClientUpload(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 50_000)
	produce := func(text string) func(*loop.Co, *http1.BodyWriter) error {
		return func(co *loop.Co, w *http1.BodyWriter) error {
			for len(text) > 0 {
				n := min(len(text), 100_000)
				if _, err := io.WriteString(w, text[:n]); err != nil {
					return err
				}
				text = text[n:]
				if err := loop.Sleep(co, time.Millisecond); err != nil {
					return err
				}
			}
			return nil
		}
	}
	for _, text := range []string{"body", long} {
		n := int64(len(text))
		for name, req := range map[string]http1.ClientRequest{
			"bytes":              {Body: []byte(text)},
			"memory":             {Reader: strings.NewReader(text)},
			"memory, length":     {Reader: bytes.NewReader([]byte(text)), BodyLength: n},
			"reader":             {Reader: io.MultiReader(strings.NewReader(text))},
			"reader, length":     {Reader: io.MultiReader(strings.NewReader(text)), BodyLength: n},
			"producer":           {Producer: produce(text)},
			"producer, length":   {Producer: produce(text), BodyLength: n},
			"expected":           {Body: []byte(text), Expect100: true},
			"producer, expected": {Producer: produce(text), Expect100: true},
		} {
			withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
				defer w.serve(co, hostA, func(_ *loop.Co, rw *http1.ResponseWriter, r *http1.Request) error {
					b, err := io.ReadAll(r.Body)
					if err != nil {
						return err
					}
					_, err = fmt.Fprint(rw, r.ContentLength >= 0, string(b) == text)
					return err
				}).Close()
				req.Method, req.URL = "POST", urlOf("/")
				res, err := w.client.Do(co, &req)
				known := req.Body != nil || req.BodyLength > 0
				if got, want := brief(res, err), fmt.Sprintf("200 %q", fmt.Sprint(known, true)); got != want {
					t.Errorf("%s of %d bytes: %s, want %s", name, n, got, want)
				}
				if s := w.client.Stats(); s.Idle != 1 {
					t.Errorf("%s of %d bytes: %+v", name, n, s)
				}
				return nil
			})
		}
	}
}

// Trailers go out behind a body in chunks.
func TestClientUploadTrailer(t *testing.T) {
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		w.script(co, hostA, func(co *loop.Co, p peer, _ int) error {
			if _, err := p.head(co); err != nil {
				return err
			}
			got, err := loop.Await(co, p.ReadUntil("\r\n\r\n", 1000))
			if story(got) != "3|abc|0|Sum: 1||" {
				t.Errorf("%q, %v", story(got), err)
			}
			p.say("HTTP/1.1 204 No Content||")
			return nil
		})
		send := func(name string) error {
			_, err := w.client.Do(co, &http1.ClientRequest{Method: "POST", URL: urlOf("/"), Producer: func(_ *loop.Co, w *http1.BodyWriter) error {
				_, err := io.WriteString(w, "abc")
				w.Trailer().Set(name, "1")
				return err
			}})
			return err
		}
		if err := send("Content-Length"); !errors.Is(err, http1.ErrBadField) {
			t.Errorf("a trailer about framing: %v", err)
		}
		return nil
	})
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		w.script(co, hostA, func(co *loop.Co, p peer, _ int) error {
			_, err := p.head(co)
			settle(co)
			if got := story(p.Buffered()); got != "3|abc|0|Sum: 1||" {
				t.Errorf("%q", got)
			}
			p.say("HTTP/1.1 204 No Content||")
			return err
		})
		_, err := w.client.Do(co, &http1.ClientRequest{Method: "POST", URL: urlOf("/"), Producer: func(_ *loop.Co, w *http1.BodyWriter) error {
			_, err := io.WriteString(w, "abc")
			w.Trailer().Set("Sum", "1")
			return err
		}})
		return err
	})
}

// A body that is not as long as was said, or whose maker fails, is an error, and the
// server does not get it for a whole one.
func TestClientUploadFails(t *testing.T) {
	broken := errors.New("broken")
	for name, tt := range map[string]struct {
		req  http1.ClientRequest
		want error
	}{
		"reader":          {http1.ClientRequest{Reader: io.MultiReader(strings.NewReader("x"), failingReader{broken})}, broken},
		"producer":        {http1.ClientRequest{Producer: func(*loop.Co, *http1.BodyWriter) error { return broken }}, broken},
		"panics":          {http1.ClientRequest{Producer: func(*loop.Co, *http1.BodyWriter) error { panic(broken) }}, broken},
		"too short":       {http1.ClientRequest{Reader: strings.NewReader("x"), BodyLength: 2}, http1.ErrContentLength},
		"too long":        {http1.ClientRequest{Reader: strings.NewReader("xyz"), BodyLength: 2}, http1.ErrContentLength},
		"nothing at all":  {http1.ClientRequest{Reader: failingReader{broken}}, broken},
		"after the first": {http1.ClientRequest{Reader: failingReader{broken}, Expect100: true}, broken},
	} {
		withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
			w.script(co, hostA, func(co *loop.Co, p peer, _ int) error {
				if _, err := p.head(co); err != nil {
					return err
				}
				if _, err := loop.Await(co, p.ReadUntilClose(1000)); err == nil {
					t.Errorf("%s: the server sees an orderly end", name)
				}
				return nil
			})
			req := tt.req
			req.Method, req.URL = "POST", urlOf("/")
			_, err := w.client.Do(co, &req)
			var ce *http1.ClientError
			if !errors.Is(err, tt.want) || !errors.As(err, &ce) || ce.Phase != http1.PhaseSend {
				t.Errorf("%s: %v", name, err)
			}
			settle(co)
			if len(w.net.Conns()) > 0 {
				t.Errorf("%s: a connection is left", name)
			}
			return nil
		})
	}
}

type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }

// A server that answers in the middle of a body is heard, and the maker of the body is
// told to stop.
func TestClientEarlyResponse(t *testing.T) {
	for i := range 4 {
		endless, status := i%2 == 1, []string{"413 Too Large", "200 OK"}[i/2]
		withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
			w.script(co, hostA, func(co *loop.Co, p peer, _ int) error {
				if _, err := p.head(co); err != nil {
					return err
				}
				p.say("HTTP/1.1 " + status + "|Content-Length: 2||no")
				return nil
			})
			var stopped error
			req := http1.ClientRequest{Method: "POST", URL: urlOf("/"), AnyStatus: true}
			req.Producer = func(co *loop.Co, w *http1.BodyWriter) error {
				for stopped == nil {
					if endless {
						_, stopped = w.Write(make([]byte, 10_000))
					} else {
						stopped = loop.Sleep(co, time.Hour)
					}
				}
				return stopped
			}
			res, err := w.client.Do(co, &req)
			if got := brief(res, err); got != status[:3]+` "no"` {
				t.Error(got)
			}
			settle(co)
			if stopped == nil {
				t.Error("the producer goes on")
			}
			if s := w.client.Stats(); s != (http1.ClientStats{}) {
				t.Errorf("%+v", s)
			}
			return nil
		})
	}
}

// A server that answers while a body is still on its way to it may never read that: the
// next request must not come behind it.
func TestClientUnsentBody(t *testing.T) {
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		w.net.Window = 1000
		w.script(co, hostA, func(co *loop.Co, p peer, _ int) error {
			p.SetReadAhead(1)
			if _, err := p.head(co); err != nil {
				return err
			}
			p.say("HTTP/1.1 200 OK|Content-Length: 2||ab")
			return loop.Sleep(co, time.Hour)
		})
		w.net.Faults.Delay = looptest.Span{Min: 10 * time.Millisecond}
		res, err := w.client.Do(co, &http1.ClientRequest{Method: "POST", URL: urlOf("/"), Body: make([]byte, 60_000)})
		if got := brief(res, err); got != `200 "ab"` {
			t.Error(got)
		}
		if s := w.client.Stats(); s != (http1.ClientStats{}) {
			t.Errorf("%+v", s)
		}
		return nil
	})
}

// A body that waits for 100 is not made when the server declines (A47), and is sent in
// the end when it says nothing.
func TestClientExpect(t *testing.T) {
	for _, tt := range []struct {
		name, first, then string
		want              string
		made              bool
	}{
		{"continue", "HTTP/1.1 100 Continue||", "HTTP/1.1 200 OK|Content-Length: 2||ab", `200 "ab"`, true},
		{"declined", "HTTP/1.1 403 No|Content-Length: 2||ab", "", `403 "ab"`, false},
		{"early success", "HTTP/1.1 200 OK|Content-Length: 2||ab", "", `200 "ab"`, false},
		{"silent", "", "HTTP/1.1 200 OK|Content-Length: 2||ab", `200 "ab"`, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
				w.script(co, hostA, func(co *loop.Co, p peer, _ int) error {
					if _, err := p.head(co); err != nil {
						return err
					}
					settle(co)
					if len(p.Buffered()) > 0 {
						t.Error("the body has not waited")
					}
					p.say(tt.first)
					if _, err := loop.Await(co, p.ReadUntil("0\r\n\r\n", 100)); err != nil {
						return err
					}
					p.say(tt.then)
					return nil
				})
				made := false
				began := co.Loop().Now()
				res, err := w.client.Do(co, &http1.ClientRequest{Method: "POST", URL: urlOf("/"), AnyStatus: true, Expect100: true,
					Producer: func(_ *loop.Co, w *http1.BodyWriter) error {
						made = true
						_, err := io.WriteString(w, "x")
						return err
					}})
				if got := brief(res, err); got != tt.want || made != tt.made {
					t.Errorf("%s, made: %v", got, made)
				}
				if took := co.Loop().Now().Sub(began); (took >= time.Second) != (tt.name == "silent") {
					t.Errorf("it took %v", took)
				}
				settle(co)
				if n := w.client.Stats().Idle; (n == 1) != tt.made {
					t.Errorf("%d idle connections", n)
				}
				return nil
			})
		})
	}
}

// Pieces of a body are handed out as they come (A02, A03), and the one who takes them may
// wait (A49): that stops the server.
func TestClientOnBody(t *testing.T) {
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		sent := 0
		defer w.serve(co, hostA, func(_ *loop.Co, rw *http1.ResponseWriter, r *http1.Request) error {
			if r.Path() == "/from" {
				rw.SetStatus(302)
				rw.Header().Set("Location", "/to")
				_, err := rw.WriteString("not this")
				return err
			}
			for range 100 {
				if _, err := rw.Write(make([]byte, 10_000)); err != nil {
					return err
				}
				sent += 10_000
			}
			return nil
		}).Close()
		got, pieces := 0, 0
		res, err := w.client.Do(co, &http1.ClientRequest{URL: urlOf("/from"), OnBody: func(co *loop.Co, p []byte) error {
			got += len(p)
			pieces++
			if pieces == 2 {
				if err := loop.Sleep(co, time.Second); err != nil {
					return err
				}
				if sent > 500_000 {
					t.Errorf("the server could send %d bytes", sent)
				}
			}
			return nil
		}})
		if err != nil || got != 1_000_000 || len(res.Body) != 0 || res.Redirects != 1 {
			t.Errorf("%d bytes in %d pieces, %s", got, pieces, brief(res, err))
		}
		full := errors.New("full")
		_, err = w.client.Do(co, &http1.ClientRequest{URL: urlOf("/to"), OnBody: func(*loop.Co, []byte) error { return full }})
		var ce *http1.ClientError
		if !errors.Is(err, full) || !errors.As(err, &ce) || ce.Phase != http1.PhaseBody {
			t.Errorf("%v", err)
		}
		return nil
	})
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		w.script(co, hostA, answers("HTTP/1.1 200 OK|Transfer-Encoding: chunked||4|asdf|4|qwer|0||"))
		var pieces []string
		_, err := w.client.Do(co, &http1.ClientRequest{URL: urlOf("/"), OnBody: func(_ *loop.Co, p []byte) error {
			pieces = append(pieces, string(p))
			return nil
		}})
		if fmt.Sprint(pieces) != "[asdf qwer]" {
			t.Errorf("%v", pieces)
		}
		return err
	})
}

// A body as a reader: all of it, a part of it, after a wait that was cancelled.
func TestClientOpen(t *testing.T) {
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		defer w.serve(co, hostA, site.Serve).Close()
		req := &http1.ClientRequest{URL: urlOf("/stream"), Timeouts: &http1.Timeouts{Whole: -1}}
		res, err := w.client.Open(co, req)
		if err != nil {
			return err
		}
		room := make([]byte, 100)
		n, err := res.Stream.Read(room)
		if string(room[:n]) != "part 0" || err != nil {
			t.Errorf("%q, %v", room[:n], err)
		}
		scope, done := co.WithTimeout(time.Second)
		_, err = loop.Await(co, loop.Go(scope, func(*loop.Co) (int, error) { return res.Stream.Read(room) }))
		done()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a wait that is cancelled: %v", err)
		}
		rest, err := io.ReadAll(res.Stream)
		if string(rest) != "part 1part 2" || err != nil {
			t.Errorf("%q, %v", rest, err)
		}
		if s := w.client.Stats(); s.Idle != 1 {
			t.Errorf("read to its end: %+v", s)
		}
		if err := res.Stream.Close(); err != nil {
			t.Error(err)
		}
		if _, err := res.Stream.Read(room); err == nil || err == io.EOF {
			t.Errorf("after Close: %v", err)
		}
		if res, err = w.client.Open(co, req); err != nil {
			return err
		}
		res.Stream.Close()
		if s := w.client.Stats(); s.Open != 0 {
			t.Errorf("closed in the middle: %+v", s)
		}
		if res, err = w.client.Open(co, &http1.ClientRequest{URL: urlOf("/stream"), Timeouts: &http1.Timeouts{Whole: 90 * time.Second}}); err != nil {
			return err
		}
		rest, err = io.ReadAll(res.Stream)
		var ce *http1.ClientError
		if string(rest) != "part 0part 1" || !errors.As(err, &ce) || !ce.Timeout() {
			t.Errorf("%q, %v", rest, err)
		}
		if res, err = w.client.Open(co, &http1.ClientRequest{URL: urlOf("/empty")}); err != nil {
			return err
		}
		if rest, err = io.ReadAll(res.Stream); len(rest) > 0 || err != nil {
			t.Errorf("of nothing: %q, %v", rest, err)
		}
		return res.Stream.Close()
	})
}

// A body that is closed early costs the connection only if its end has not come.
func TestClientCloseEarly(t *testing.T) {
	for _, tt := range []struct {
		say  string
		idle int
	}{
		{"HTTP/1.1 200 OK|Content-Length: 10||0123456789", 1},
		{"HTTP/1.1 200 OK|Content-Length: 11||0123456789", 0},
		{"HTTP/1.1 200 OK|Transfer-Encoding: chunked||5|01234|5|56789|0||", 1},
		{"HTTP/1.1 200 OK|Transfer-Encoding: chunked||5|01234|5|56789|0|", 0},
		{"HTTP/1.1 200 OK||0123456789", 0},
	} {
		withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
			w.script(co, hostA, answers(tt.say, "HTTP/1.1 200 OK|Content-Length: 2||ab"))
			res, err := w.client.Open(co, &http1.ClientRequest{URL: urlOf("/")})
			if err != nil {
				return err
			}
			if n, err := io.ReadFull(res.Stream, make([]byte, 3)); n != 3 || err != nil {
				t.Errorf("%d bytes, %v", n, err)
			}
			res.Stream.Close()
			if s := w.client.Stats(); s.Idle != tt.idle || s.Open != tt.idle {
				t.Errorf("%s: %+v", tt.say, s)
			}
			res, err = w.client.Get(co, urlOf("/"))
			if got := brief(res, err); got != `200 "ab"` {
				t.Errorf("the next one: %s", got)
			}
			return nil
		})
	}
}

// A callback that panics takes its request with it, and nothing else.
func TestClientCallbackPanics(t *testing.T) {
	for name, req := range map[string]http1.ClientRequest{
		"OnHeader":   {OnHeader: func(*http1.Response) { panic("header") }},
		"OnBody":     {OnBody: func(*loop.Co, []byte) error { panic("body") }},
		"OnProgress": {OnProgress: func(http1.Progress) { panic("progress") }},
	} {
		withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
			defer w.serve(co, hostA, site.Serve).Close()
			req.URL = urlOf("/")
			_, err := loop.Await(co, w.client.Fetch(co, &req))
			var pe *loop.PanicError
			if !errors.As(err, &pe) {
				t.Errorf("%s of Fetch: %v", name, err)
			}
			if name == "OnHeader" {
				_, err = loop.Await(co, loop.Go(co, func(co *loop.Co) (*http1.Response, error) { return w.client.Open(co, &req) }))
				if !errors.As(err, &pe) {
					t.Errorf("%s of Open: %v", name, err)
				}
			}
			if s := w.client.Stats(); s.Open != s.Idle {
				t.Errorf("%s: %+v", name, s)
			}
			return nil
		})
	}
}

// How far a body is: ten times a second at most, and at the end.
func TestClientProgress(t *testing.T) {
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		w.script(co, hostA, func(co *loop.Co, p peer, _ int) error {
			_, err := p.head(co)
			p.say("HTTP/1.1 200 OK|Content-Length: 1000||")
			for range 100 {
				p.Write(make([]byte, 10))
				_ = loop.Sleep(co, 10*time.Millisecond)
			}
			return err
		})
		var all []http1.Progress
		_, err := w.client.Do(co, &http1.ClientRequest{URL: urlOf("/"), OnProgress: func(p http1.Progress) { all = append(all, p) }})
		if err != nil {
			return err
		}
		last := all[len(all)-1]
		if len(all) < 9 || len(all) > 12 || !last.Ended || last.Done != 1000 || last.Total != 1000 || last.Rate < 900 || last.Rate > 1100 {
			t.Errorf("%d calls, at last %+v", len(all), last)
		}
		return nil
	})
}

func compressed(kind, text string) []byte {
	var b bytes.Buffer
	var w io.WriteCloser
	switch kind {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "zlib":
		w = zlib.NewWriter(&b)
	default:
		w, _ = flate.NewWriter(&b, 5)
	}
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.Bytes()
}

// Bodies are decoded unless one wants them raw (A09), and what is not well encoded is an
// error (A10).
func TestClientDecoding(t *testing.T) {
	text := strings.Repeat("hello ", 10_000)
	gz := compressed("gzip", text)
	for _, tt := range []struct {
		name, encoding string
		body           []byte
		raw            bool
		want           string // "": an error
		idle           int
	}{
		{"gzip", "gzip", gz, false, text, 1},
		{"x-gzip", "X-GZip", gz, false, text, 1},
		{"two members", "gzip", append(bytes.Clone(gz), compressed("gzip", "x")...), false, text + "x", 1},
		{"zlib", "deflate", compressed("zlib", text), false, text, 1},
		{"deflate without zlib", "deflate", compressed("flate", text), false, text, 1},
		{"raw", "gzip", gz, true, string(gz), 1},
		{"other", "br", []byte("abc"), false, "abc", 1},
		{"identity", "identity", []byte("abc"), false, "abc", 1},
		{"truncated", "gzip", gz[:len(gz)-1], false, "", 0},
		{"garbage", "gzip", []byte("garbage"), false, "", 0},
		{"garbage behind", "gzip", append(bytes.Clone(gz), "garbage"...), false, "", 0},
		{"wrong sum", "gzip", append(bytes.Clone(gz[:len(gz)-8]), "xxxxxxxx"...), false, "", 0},
	} {
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprint(tt.name, chunked), func(t *testing.T) {
				withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
					defer w.serve(co, hostA, func(_ *loop.Co, rw *http1.ResponseWriter, r *http1.Request) error {
						rw.Header().Set("Content-Encoding", tt.encoding)
						if chunked {
							if err := rw.Flush(); err != nil {
								return err
							}
						}
						_, err := rw.Write(tt.body)
						return err
					}).Close()
					for range 2 { // the second one with the decoder of the first
						res, err := w.client.Do(co, &http1.ClientRequest{URL: urlOf("/"), Raw: tt.raw})
						if tt.want == "" {
							var ce *http1.ClientError
							if !errors.As(err, &ce) || ce.Phase != http1.PhaseBody {
								t.Errorf("%v", err)
							}
							continue
						}
						if err != nil || string(res.Body) != tt.want {
							t.Errorf("%.50s", brief(res, err))
							continue
						}
						decoded := !tt.raw && tt.encoding != "br" && tt.encoding != "identity"
						if res.Decoded != decoded || res.Header.Has("Content-Encoding") == decoded {
							t.Errorf("decoded: %v, field %q", res.Decoded, res.Header.Get("Content-Encoding"))
						}
						if s := w.client.Stats(); s.Idle != tt.idle {
							t.Errorf("%+v", s)
						}
					}
					return nil
				})
			})
		}
	}
}

// Bodies have a limit, as they come and decoded; a bomb is not unpacked.
func TestClientBodyLimit(t *testing.T) {
	bomb := compressed("gzip", strings.Repeat("\x00", 10<<20))
	big := strings.Repeat("x", 1001)
	for _, tt := range []struct {
		name, path string
		limit      int64
		ok         bool
	}{
		{"length", "/length", 1000, false},
		{"length fits", "/length", 1001, true},
		{"chunked", "/chunked", 1000, false},
		{"chunked fits", "/chunked", 1001, true},
		{"until close", "/close", 1000, false},
		{"bomb", "/bomb", 1 << 20, false},
		{"bomb that is wanted", "/bomb", -1, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
				w.script(co, hostA, func(co *loop.Co, p peer, _ int) error {
					for {
						head, err := p.head(co)
						switch {
						case err != nil:
							return err
						case strings.Contains(head, "/length"):
							p.say("HTTP/1.1 200 OK|Content-Length: 1001||" + big)
						case strings.Contains(head, "/chunked"):
							p.say("HTTP/1.1 200 OK|Transfer-Encoding: chunked||3e9|" + big + "|0||")
						case strings.Contains(head, "/close"):
							p.say("HTTP/1.1 200 OK||" + big)
							p.Close()
						default:
							p.say(fmt.Sprintf("HTTP/1.1 200 OK|Content-Encoding: gzip|Content-Length: %d||", len(bomb)))
							p.Write(bomb)
						}
					}
				})
				for _, open := range []bool{false, true} {
					req := &http1.ClientRequest{URL: urlOf(tt.path), MaxBody: tt.limit}
					var err error
					if open {
						var res *http1.Response
						if res, err = w.client.Open(co, req); err == nil {
							var n int64
							n, err = io.Copy(io.Discard, res.Stream)
							if !tt.ok && n > tt.limit {
								t.Errorf("%d bytes were read", n)
							}
							res.Stream.Close()
						}
					} else {
						_, err = w.client.Do(co, req)
					}
					if (err == nil) != tt.ok || err != nil && !errors.Is(err, http1.ErrResponseTooLarge) {
						t.Errorf("open %v: %v", open, err)
					}
				}
				return nil
			})
		})
	}
}
