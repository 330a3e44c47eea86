package http1_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/zonda-go/zonda/http1"
)

// sayOnce is a server on a real socket that answers each connection with one text, in wire
// notation, and closes it behind "<end>".
func sayOnce(t *testing.T, say string) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				room := make([]byte, 4096)
				if _, err := c.Read(room); err != nil {
					return
				}
				text, end := strings.CutSuffix(say, "<end>")
				if _, err := io.WriteString(c, wire(text)); err == nil && !end {
					_, _ = c.Read(room)
				}
			}()
		}
	}()
	return ln
}

// What is in an http.Response is what net/http's own transport has in it, for each form
// that a response can have.
func TestTransportResponseLikeStd(t *testing.T) {
	l := onLoop(t)
	for _, tt := range []struct{ name, method, say string }{
		{"length", "GET", "HTTP/1.1 200 OK|Content-Length: 2|X-A: 1|x-a: 2||ab"},
		{"trailer", "GET", "HTTP/1.1 200 OK|Transfer-Encoding: chunked|Trailer: Sum, other||2|ab|0|Sum: 3||"},
		{"trailer of which nobody has told", "GET", "HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|ab|0|Sum: 3||"},
		{"close", "GET", "HTTP/1.1 200 OK|Connection: close|Content-Length: 2||ab"},
		{"until close", "GET", "HTTP/1.1 200 OK||ab<end>"},
		{"1.0", "GET", "HTTP/1.0 200 OK|Content-Length: 2||ab"},
		{"1.0 until close", "GET", "HTTP/1.0 200 OK||ab<end>"},
		{"head", "HEAD", "HTTP/1.1 200 OK|Content-Length: 7||"},
		{"head of chunks", "HEAD", "HTTP/1.1 200 OK|Transfer-Encoding: chunked||"},
		{"head of anything", "HEAD", "HTTP/1.1 200 OK||"},
		{"head of nothing", "HEAD", "HTTP/1.1 200 OK|Content-Length: 0||"},
		{"head of gzip", "HEAD", "HTTP/1.1 200 OK|Content-Encoding: gzip|Content-Length: 7||"},
		{"no content", "GET", "HTTP/1.1 204 No Content||"},
		{"not modified", "GET", "HTTP/1.1 304 Not Modified|Content-Length: 7||"},
		{"nothing", "GET", "HTTP/1.1 200 OK|Content-Length: 0||"},
		{"own reason", "GET", "HTTP/1.1 299 My Own|Content-Length: 2||ab"},
		{"interim", "GET", "HTTP/1.1 103 Early Hints|Link: x||HTTP/1.1 200 OK|Content-Length: 2||ab"},
		{"short", "GET", "HTTP/1.1 200 OK|Content-Length: 5||ab<end>"},
		{"short chunk", "GET", "HTTP/1.1 200 OK|Transfer-Encoding: chunked||5|ab<end>"},
		{"no response", "GET", "<end>"},
		{"garbage", "GET", "garbage||"},
		{"two lengths", "GET", "HTTP/1.1 200 OK|Content-Length: 2|Content-Length: 3||ab"},
		{"keep-alive", "GET", "HTTP/1.1 200 OK|Connection: keep-alive|Keep-Alive: timeout=5|Content-Length: 2||ab"},
	} {
		ln := sayOnce(t, tt.say)
		ask := func(rt http.RoundTripper) string {
			r, err := http.NewRequestWithContext(t.Context(), tt.method, "http://"+ln.Addr().String()+"/", nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := rt.RoundTrip(r)
			if err != nil {
				return "error"
			}
			announced, early := fmt.Sprint(res.Trailer), res.Trailer
			b, err := io.ReadAll(res.Body)
			res.Body.Close()
			if res.Trailer != nil && early != nil && len(early) != len(res.Trailer) {
				t.Errorf("%s: the trailers come in another map", tt.name)
			}
			if res.Close {
				res.Header.Del("Connection") // net/http takes it out, here it can be seen
			}
			return fmt.Sprint(res.Status, res.Proto, res.ProtoMajor, res.ProtoMinor, res.Header, res.ContentLength, res.TransferEncoding,
				res.Close, res.Uncompressed, res.Body == http.NoBody, string(b), err == nil, errors.Is(err, io.ErrUnexpectedEOF), announced, res.Trailer)
		}
		std := &http.Transport{}
		ours := &http1.Transport{Client: &http1.Client{}, Loop: l}
		if got, want := ask(ours), ask(std); got != want {
			t.Errorf("%s\n got %s\nwant %s", tt.name, got, want)
		}
		std.CloseIdleConnections()
		ours.CloseIdleConnections()
		ln.Close()
	}
}

// Read ends when Close is called meanwhile, with the error that net/http has for it.
func TestTransportReadMeetsClose(t *testing.T) {
	ln := sayOnce(t, "HTTP/1.1 200 OK|Content-Length: 10||half")
	defer ln.Close()
	c := &http.Client{Transport: &http1.Transport{Client: &http1.Client{}, Loop: onLoop(t)}}
	for range 20 {
		res, err := c.Get("http://" + ln.Addr().String() + "/")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(res.Body, make([]byte, 4)); err != nil {
			t.Fatal(err)
		}
		read := make(chan error)
		go func() {
			_, err := res.Body.Read(make([]byte, 10))
			read <- err
		}()
		res.Body.Close()
		if err := <-read; !errors.Is(err, http.ErrBodyReadAfterClose) {
			t.Errorf("%v", err)
		}
	}
}
