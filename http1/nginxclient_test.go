//go:build unix

package http1_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// This file is the client against nginx.

// shortly is a response in a line: status, body, and the fields that are named.
func shortly(res *http1.Response, err error, fields ...string) string {
	if err != nil {
		if res, err = statusError(err); err != nil {
			return err.Error()
		}
	}
	s := fmt.Sprintf("%d %.20q", res.Status, res.Body)
	for _, name := range fields {
		s += " " + res.Header.Get(name)
	}
	return s
}

func header(fields ...string) (h http1.Header) {
	for i := 0; i < len(fields); i += 2 {
		h.Add(fields[i], fields[i+1])
	}
	return h
}

// nginxAnswers: one request each, and what comes of it.
func nginxAnswers(t *testing.T, s *nginxSite, co *loop.Co) error {
	c := &http1.Client{}
	return asks(t, c, func() error {
		hello, err := c.Get(co, s.url+"/hello.txt")
		if err != nil {
			return err
		}
		etag, date := hello.Header.Get("ETag"), hello.Header.Get("Last-Modified")
		modified, err := http.ParseTime(date)
		if err != nil || etag == "" {
			return fmt.Errorf("hello.txt has %v and the tag %q", err, etag)
		}
		for _, tt := range []struct {
			name   string
			r      http1.ClientRequest
			fields string // to be shown
			want   string
		}{
			{"GET", http1.ClientRequest{URL: "/hello.txt"}, "Content-Type", `200 "hello\n" text/plain`},
			{"HEAD", http1.ClientRequest{URL: "/hello.txt", Method: "HEAD"}, "Content-Length", `200 "" 6`},
			{"HEAD of chunks", http1.ClientRequest{URL: "/ssi.shtml", Method: "HEAD"}, "Content-Length", `200 "" `},
			{"204", http1.ClientRequest{URL: "/empty"}, "", `204 ""`},
			{"If-Modified-Since", http1.ClientRequest{URL: "/hello.txt", IfModifiedSince: modified}, "ETag", `304 "" ` + etag},
			{"If-Modified-Since before", http1.ClientRequest{URL: "/hello.txt", IfModifiedSince: modified.Add(-time.Second)}, "", `200 "hello\n"`},
			{"If-None-Match", http1.ClientRequest{URL: "/hello.txt", Header: header("If-None-Match", etag)}, "ETag", `304 "" ` + etag},
			{"404", http1.ClientRequest{URL: "/none"}, "", `404 "<html>\r\n<head><title"`},
			{"405", http1.ClientRequest{URL: "/hello.txt", Method: "POST", Body: []byte("x")}, "", `405 "<html>\r\n<head><title"`},
			{"redirect", http1.ClientRequest{URL: "/moved"}, "", `200 "hello\n"`},
			{"redirect not followed", http1.ClientRequest{URL: "/moved", Redirects: -1}, "Location", `302 "<html>\r\n<head><title" ` + s.url + "/hello.txt"},
			{"redirect of a POST", http1.ClientRequest{URL: "/moved/away", Method: "POST", Body: []byte("lost")}, "", `200 "GET 1 "`},
			{"redirect with the body", http1.ClientRequest{URL: "/moved/307", Method: "POST", Body: []byte("kept")}, "", `200 "POST 1 kept"`},
			{"redirect with a body made again", http1.ClientRequest{URL: "/moved/307", Method: "POST", Producer: zeroBody(1)}, "", `200 "POST 1 \x00"`},
			{"redirect with a body that was read", http1.ClientRequest{URL: "/moved/307", Method: "POST", Reader: strings.NewReader("x")}, "", `307 "<html>\r\n<head><title"`},
			{"redirects without end", http1.ClientRequest{URL: "/loop"}, "Location", `302 "<html>\r\n<head><title" ` + s.url + "/loop"},
			{"gzip", http1.ClientRequest{URL: "/gzip"}, "Content-Encoding", `200 "some text\nsome text\n" `},
			{"gzip, raw", http1.ClientRequest{URL: "/gzip", Raw: true, Header: header("Accept-Encoding", "gzip"), OnBody: isGzip(t)}, "Content-Encoding", `200 "" gzip`},
			{"chunks", http1.ClientRequest{URL: "/ssi.shtml"}, "Transfer-Encoding", `200 "it is included" chunked`},
			{"until the end", http1.ClientRequest{URL: "/close.shtml"}, "Connection", `200 "it is included" close`},
			{"no credentials", http1.ClientRequest{URL: "/secret"}, "WWW-Authenticate", `401 "<html>\r\n<head><title" Basic realm="a cave"`},
			{"credentials", http1.ClientRequest{URL: "/secret", User: "aladdin", Password: "open sesame"}, "", `200 "hello\n"`},
			{"wrong credentials", http1.ClientRequest{URL: "/secret", User: "aladdin", Password: "close"}, "", `401 "<html>\r\n<head><title"`},
			{"error page", http1.ClientRequest{URL: "/broken"}, "", `404 "a page of its own"`},
			{"error page with 200", http1.ClientRequest{URL: "/pretends"}, "", `200 "a page of its own"`},
			{"a wrong Host", http1.ClientRequest{URL: "/", Header: header("Host", "a/b")}, "Connection", `400 "<html>\r\n<head><title" close`},
			{"a long target", http1.ClientRequest{URL: "/?" + strings.Repeat("x", 10_000)}, "Connection", `414 "<html>\r\n<head><title" close`},
			{"a long field", http1.ClientRequest{URL: "/", Header: header("X", strings.Repeat("x", 10_000))}, "Connection", `400 "<html>\r\n<head><title" close`},
			{"a long head", http1.ClientRequest{URL: "/", Header: header("X", strings.Repeat("x", 7_000), "X", strings.Repeat("x", 7_000), "X", strings.Repeat("x", 7_000), "X", strings.Repeat("x", 7_000), "X", strings.Repeat("x", 7_000))}, "Connection", `400 "<html>\r\n<head><title" close`},
			{"Unix socket", http1.ClientRequest{URL: "/hello.txt", Unix: s.sock}, "", `200 "hello\n"`},
			{"plain HTTP to TLS", http1.ClientRequest{URL: "http://" + s.tls + "/"}, "Connection", `400 "<html>\r\n<head><title" close`},
		} {
			r := tt.r
			if strings.HasPrefix(r.URL, "/") {
				r.URL = s.url + r.URL
			}
			res, err := c.Do(co, &r)
			if got := shortly(res, err, strings.Fields(tt.fields)...); got != tt.want {
				t.Errorf("%s\n got %s\nwant %s", tt.name, got, tt.want)
			}
			if tt.name == "chunks" && res != nil && res.Trailer.Get("X-End") != "done" {
				t.Errorf("the trailer of chunks is %v", res.Trailer)
			}
		}
		for range 2 { // on a new connection and on one that was used
			_, err = c.Get(co, s.url+"/nothing")
			if !errors.Is(err, http1.ErrServerGone) || !strings.Contains(err.Error(), ": response: ") {
				t.Errorf("444, no response, is %v", err)
			}
			if _, err := c.Get(co, s.url+"/hello.txt"); err != nil {
				return err
			}
		}
		return nil
	})
}

// isGzip looks at the beginning of a body.
func isGzip(t *testing.T) func(*loop.Co, []byte) error {
	first := true
	return func(_ *loop.Co, p []byte) error {
		if first && !bytes.HasPrefix(p, []byte{0x1f, 0x8b}) {
			t.Errorf("%.10q is no gzip", p)
		}
		first = false
		return nil
	}
}

// nginxConnections: a connection is used as long as nginx lets it, and no request is lost
// when that ends.
func nginxConnections(t *testing.T, s *nginxSite, co *loop.Co) error {
	c := &http1.Client{MaxPerHost: 4}
	return asks(t, c, func() error {
		used := map[string]int{}
		get := func(path string) error {
			res, err := c.Get(co, s.url+path)
			if err == nil {
				used[res.Header.Get("X-Connection")]++
			}
			return err
		}
		for range 20 {
			if err := get("/hello.txt"); err != nil {
				return err
			}
		}
		if len(used) != 1 {
			t.Errorf("20 requests after one another use %d connections", len(used))
		}
		c.CloseIdle()
		clear(used)
		for range 10 { // nginx closes after the third
			if err := get("/few"); err != nil {
				return err
			}
		}
		if len(used) != 4 {
			t.Errorf("with keepalive_requests 3, 10 requests use %d connections", len(used))
		}
		clear(used)
		var all []*loop.Future[*http1.Response]
		for range 50 {
			all = append(all, c.Fetch(co, &http1.ClientRequest{URL: s.url + "/few"}))
		}
		for _, f := range all {
			res, err := loop.Await(co, f)
			if err != nil {
				return err
			}
			used[res.Header.Get("X-Connection")]++
		}
		for connection, n := range used {
			if n > 3 {
				t.Errorf("connection %s had %d requests", connection, n)
			}
		}
		return nil
	})
}

// nginxClosedIdle: nginx closes an idle connection, and the client, which has not looked
// yet, sends a request on it. One that can be repeated is; others tell.
func nginxClosedIdle(t *testing.T, s *nginxSite, co *loop.Co) error {
	c := &http1.Client{}
	std := newClient(t)
	waiting := func() (n int, err error) { // connections that are idle at nginx
		res, err := std.Get(s.url + "/waiting")
		if err != nil {
			return 0, err
		}
		defer res.Body.Close()
		_, err = fmt.Fscan(res.Body, &n)
		return n, cmp.Or(err, context.Cause(co))
	}
	return asks(t, c, func() error {
		for _, tt := range []struct{ method, want string }{{"GET", `200 "GET 1 "`}, {"PUT", `200 "PUT 1 body"`}, {"POST", ""}} {
			for n := 1; n > 0; { // what other tests have left
				var err error
				if n, err = waiting(); err != nil {
					return err
				}
				_ = loop.Yield(co)
			}
			if _, err := c.Get(co, s.url+"/brief"); err != nil {
				return err
			}
			for n := 1; n > 0; { // the loop stands still meanwhile, or it would notice
				var err error
				if n, err = waiting(); err != nil {
					return err
				}
			}
			if idle := c.Stats().Idle; idle != 1 {
				return fmt.Errorf("%d connections are idle at the client", idle)
			}
			r := &http1.ClientRequest{Method: tt.method, URL: s.url + "/app/echo"}
			if tt.method != "GET" {
				r.Body = []byte("body")
			}
			res, err := c.Do(co, r)
			switch got := shortly(res, err); {
			case tt.want == "" && !errors.Is(err, http1.ErrServerGone):
				t.Errorf("%s must not be repeated, and got %s", tt.method, got)
			case tt.want != "" && got != tt.want:
				t.Errorf("%s is answered %s, want %s", tt.method, got, tt.want)
			}
			c.CloseIdle()
		}
		return nil
	})
}

// nginxTLS: a certificate that is trusted and one that is not, and one of the client.
func nginxTLS(t *testing.T, s *nginxSite, co *loop.Co) error {
	c := &http1.Client{Dialer: &stream.Dialer{Resolver: stream.MapResolver{Hosts: nameOfHosts()}}}
	return asks(t, c, func() error {
		_, port, _ := strings.Cut(s.tls, ":")
		_, wants, _ := strings.Cut(s.cert, ":")
		for _, tt := range []struct {
			name, url string
			o         *stream.TLSOptions
			want      string
		}{
			{"trusted", "https://site.test:" + port, s.trusted, `200 "TLSv1.2 site.test"`},
			{"certificate wanted", "https://site.test:" + wants, s.trusted, `400 "<html>\r\n<head><title"`},
			{"certificate given", "https://site.test:" + wants, s.mine, `200 "SUCCESS TLSv1.3"`},
		} {
			for range 2 {
				res, err := c.Do(co, &http1.ClientRequest{URL: tt.url, TLS: tt.o})
				if got := shortly(res, err); got != tt.want {
					t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
				}
				if res != nil && (res.TLS == nil || res.TLS.ServerName != "site.test") {
					t.Errorf("%s: it was not told about TLS: %+v", tt.name, res.TLS)
				}
			}
		}
		_, err := c.Get(co, "https://site.test:"+port)
		if !isCertificateError(err) {
			t.Errorf("a certificate that nobody has signed: %v", err)
		}
		_, err = c.Do(co, &http1.ClientRequest{URL: "https://b.test:" + port, TLS: s.trusted})
		if !isCertificateError(err) {
			t.Errorf("a certificate of another: %v", err)
		}
		return nil
	})
}

// nginxStdClient: the client as net/http's transport.
func nginxStdClient(t *testing.T, s *nginxSite) {
	under := &http1.Client{}
	client := &http.Client{Transport: &http1.Transport{Client: under, Loop: s.l}}
	for _, tt := range []struct{ method, path, body, want string }{
		{"GET", "/moved", "", "200 hello\n"},
		{"GET", "/gzip", "", "200 " + strings.Repeat("some text\n", 1000)},
		{"GET", "/big", "", "200 " + string(s.big)},
		{"GET", "/close.shtml", "", "200 it is included"},
		{"HEAD", "/hello.txt", "", "200 "},
		{"POST", "/app/echo", "text", "200 POST 1 text"},
		{"POST", "/moved/307", "text", "200 POST 1 text"},
	} {
		res, body, err := talkTo(t.Context(), client, tt.method, s.url+tt.path, strings.NewReader(tt.body))
		if err != nil {
			t.Errorf("%s %s: %v", tt.method, tt.path, err)
			continue
		}
		if got := fmt.Sprint(res.StatusCode, " ", body); got != tt.want {
			t.Errorf("%s %s: %.60q, want %.60q", tt.method, tt.path, got, tt.want)
		}
	}
	_, _, err := talkTo(t.Context(), client, "GET", s.url+"/nothing", nil)
	if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, syscall.ECONNRESET) {
		t.Error(err)
	}
	if _, err := loop.Do(t.Context(), s.l, func(*loop.Co) (none struct{}, err error) {
		under.Close()
		return none, nil
	}); err != nil {
		t.Error(err)
	}
}
