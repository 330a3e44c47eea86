package http1_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

func gzipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.String()
}

// decodes is a handler that answers with the length of the decoded body and its end.
func decodes(limit int64) http1.HandlerFunc {
	return func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		body, err := r.Decoded(limit)
		if err != nil {
			return err
		}
		n, last := 0, ""
		for p := make([]byte, 16); ; { // H41: never more than asked for, and never nothing
			got, err := body.Read(p)
			if err == io.EOF {
				break
			}
			if err != nil {
				return err
			}
			if got == 0 {
				return errors.New("nothing was read")
			}
			n += got
			last = string(p[:got])
		}
		_, err = fmt.Fprintf(w, "%d %s", n, last[max(0, len(last)-3):])
		return err
	}
}

func TestDecoded(t *testing.T) {
	zipped := gzipped(pages)
	serve(t, decodes(2600), func(co *loop.Co, w *world) error {
		for _, tt := range []struct{ name, coding, body, want string }{
			{"gzip", "gzip", zipped, "2600 xyz"}, // H38
			{"upper case", "GZip", zipped, "2600 xyz"},
			{"x-gzip", "x-gzip", zipped, "2600 xyz"},
			{"none", "", pages, "2600 xyz"},
			{"identity", "identity", pages, "2600 xyz"},
			{"empty", "gzip", gzipped(""), "0 "},
			{"two members", "gzip", gzipped("abc") + gzipped("def"), "6 def"},
			{"too large", "gzip", gzipped(pages + "x"), "413"}, // H39
			{"a bomb", "gzip", gzipped(strings.Repeat("x", 1<<20)), "413"},
			{"too large as it is", "", pages + "x", "413"},
			{"not gzip", "gzip", pages, "400"},
			{"nothing", "gzip", "", "400"},
			{"cut off", "gzip", zipped[:len(zipped)-1], "400"},
			{"cut off at once", "gzip", zipped[:5], "400"},
			{"bad sum", "gzip", zipped[:len(zipped)-8] + "xxxxxxxx", "400"},
			{"garbage behind", "gzip", zipped + "garbage", "400"},
			{"another coding", "br", pages, "415"},
			{"two codings", "gzip, gzip", gzipped(zipped), "415"},
		} {
			for _, chunked := range []bool{false, true} {
				text := post("text/plain", tt.body, chunked)
				if tt.coding != "" {
					text = strings.Replace(text, "\r\n\r\n", "\r\nContent-Encoding: "+tt.coding+"\r\n\r\n", 1)
				}
				wantStatus := 200
				if n, err := strconv.Atoi(tt.want); err == nil {
					wantStatus = n
				}
				for _, cut := range []int{len(text), 100} {
					status, body := w.exchange(co, text, cut)
					if status != wantStatus || status == 200 && body != tt.want {
						t.Errorf("%s, chunked: %v, in pieces of %d: %d %s", tt.name, chunked, cut, status, body)
					}
				}
			}
		}
		return nil
	})
}

// TestDecodedLeaves: a client that leaves in the middle has not sent bad gzip.
func TestDecodedLeaves(t *testing.T) {
	var failed error
	h := http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		failed = decodes(0)(co, w, r)
		return failed
	})
	serve(t, h, func(co *loop.Co, w *world) error {
		for _, n := range []int{0, 5, 30} {
			c := w.dial(co)
			c.Write([]byte("POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: 1000\r\n\r\n" + gzipped(pages)[:n]))
			settle(co)
			c.Abort()
			settle(co)
			var he *http1.HTTPError
			if !errors.Is(failed, http1.ErrClientGone) || errors.As(failed, &he) {
				t.Errorf("after %d bytes: %v", n, failed)
			}
		}
		return nil
	})
}

// TestDecodedServerLimit: without a limit of its own, the server's holds for what comes
// out.
func TestDecodedServerLimit(t *testing.T) {
	serveOn(t, &world{srv: &http1.Server{Handler: decodes(0), MaxBody: 1000}}, func(co *loop.Co, w *world) error {
		for n, want := range map[int]int{1000: 200, 1001: 413} {
			text := strings.Replace(post("", gzipped(pages[:n]), false), "\r\n\r\n", "\r\nContent-Encoding: gzip\r\n\r\n", 1)
			if status, _ := w.exchange(co, text, len(text)); status != want {
				t.Errorf("%d bytes: %d", n, status)
			}
		}
		return nil
	})
}

// TestDecodedTurns: a few bytes that stand for many do not keep the loop.
func TestDecodedTurns(t *testing.T) {
	n := 0
	h := http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		body, err := r.Decoded(0)
		if err != nil {
			return err
		}
		n, err = turns(co, func() error {
			_, err := io.Copy(io.Discard, body)
			return err
		})
		return err
	})
	serve(t, h, func(co *loop.Co, w *world) error {
		text := strings.Replace(post("", gzipped(string(make([]byte, 1<<20))), false), "\r\n\r\n", "\r\nContent-Encoding: gzip\r\n\r\n", 1)
		if status, _ := w.exchange(co, text, len(text)); status != 200 || n < 16 {
			t.Errorf("status %d, and others had %d turns", status, n)
		}
		return nil
	})
}

func ExampleRequest_Decoded() {
	_ = http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		body, err := r.Decoded(1 << 20)
		if err != nil {
			return err // 415
		}
		n, err := io.Copy(io.Discard, body)
		if err != nil {
			return err // 400 or 413, among others
		}
		_, err = fmt.Fprintf(w, "%d bytes\n", n)
		return err
	})
}

// TestDecodedOver: who reads on behind the end, or an error, does not read from a
// decoder that is another body's by now.
func TestDecodedOver(t *testing.T) {
	var old []io.Reader
	h := http1.HandlerFunc(func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		body, err := r.Decoded(0)
		if err != nil {
			return err
		}
		var p [10]byte
		n, _ := body.Read(p[:])
		for _, other := range old {
			if n, err := other.Read(make([]byte, 10)); n > 0 || err == nil {
				t.Errorf("an old body: %d bytes, %v", n, err)
			}
		}
		rest, err := io.ReadAll(body)
		old = append(old, body)
		fmt.Fprint(w, string(p[:n]), string(rest))
		return err
	})
	serve(t, h, func(co *loop.Co, w *world) error {
		for _, body := range []string{"first body of all", "<bad>", "second one, which is longer"} {
			zipped, want := gzipped(body), 200
			if body == "<bad>" {
				zipped, want = zipped[:len(zipped)-1], 400
			}
			text := strings.Replace(post("", zipped, false), "\r\n\r\n", "\r\nContent-Encoding: gzip\r\n\r\n", 1)
			if status, got := w.exchange(co, text, len(text)); status != want || want == 200 && got != body {
				t.Errorf("%d %q, want %q", status, got, body)
			}
		}
		return nil
	})
}

// TestDecodedEnds: a client that leaves ends the decoding also where all has come.
func TestDecodedEnds(t *testing.T) {
	var n int64
	var failed error
	begun := false
	h := http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		begun = true
		for co.Err() == nil {
			if err := loop.Yield(co); err != nil {
				break
			}
		}
		body, err := r.Decoded(-1)
		if err == nil {
			n, err = io.Copy(io.Discard, body)
		}
		failed = err
		return err
	})
	serve(t, h, func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.Write([]byte(strings.Replace(post("", gzipped(string(make([]byte, 4<<20))), false), "\r\n\r\n", "\r\nContent-Encoding: gzip\r\n\r\n", 1)))
		for !begun {
			if err := loop.Yield(co); err != nil {
				return err
			}
		}
		c.Abort()
		settle(co)
		var he *http1.HTTPError
		if !errors.Is(failed, http1.ErrClientGone) || errors.As(failed, &he) || n >= 1<<20 {
			t.Errorf("%d bytes, %v", n, failed)
		}
		return nil
	})
}
