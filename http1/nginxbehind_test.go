//go:build unix

package http1_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// This file is the server behind nginx.

// behindDocs: the configuration in docs/http.md does what is said there.
func behindDocs(t *testing.T, s *nginxSite, co *loop.Co) error {
	c := &http1.Client{}
	return asks(t, c, func() error {
		host := strings.TrimPrefix(s.docs, "http://")
		res, err := c.Do(co, &http1.ClientRequest{URL: s.docs + "/app/whence", Header: header("X-Forwarded-For", "1.2.3.4", "X-Forwarded-Proto", "https")})
		if want := fmt.Sprintf("200 %.20q", "127.0.0.1 http "+host); shortly(res, err) != want {
			t.Errorf("whence: got %s, want %s", shortly(res, err), want)
		}
		var ports []string
		for range 5 {
			res, err := c.Get(co, s.docs+"/app/port")
			if err != nil {
				return err
			}
			ports = append(ports, string(res.Body))
		}
		for _, p := range ports {
			if p != ports[0] {
				t.Errorf("requests after one another come on several connections, from the ports %v", ports)
				break
			}
		}
		res, err = c.Do(co, &http1.ClientRequest{Method: "POST", URL: s.docs + "/app/echo", Producer: zeroBody(10)})
		if got, want := shortly(res, err), `200 "POST 1 \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"`; got != want {
			t.Errorf("echo: got %s, want %s", got, want)
		}
		return readEvents(co, c, s, s.docs+"/app/events")
	})
}

// behindAddresses: whose word counts.
func behindAddresses(t *testing.T, s *nginxSite, co *loop.Co) error {
	c := &http1.Client{Dialer: &stream.Dialer{LocalAddr: netip.MustParseAddrPort("127.0.0.2:0")}}
	return asks(t, c, func() error {
		host := strings.TrimPrefix(s.docs, "http://")
		plain := strings.TrimPrefix(s.url, "http://")
		for _, tt := range []struct {
			name, url, fields, want string
		}{
			{"replaced", s.docs, "", "127.0.0.2 http " + host},
			{"replaced, the client lies", s.docs, "9.9.9.9", "127.0.0.2 http " + host},
			{"appended", s.url + "/appended", "", "127.0.0.2 https"},
			{"appended, the client lies", s.url + "/appended", "9.9.9.9", "127.0.0.2 https"},
			{"nginx says nothing, the client lies", s.url, "9.9.9.9", "9.9.9.9 http"},
		} {
			var h http1.Header
			if tt.fields != "" {
				h.Set("X-Forwarded-For", tt.fields)
			}
			path := "/app/whence"
			if strings.HasSuffix(tt.url, "/appended") {
				path = "/whence"
			}
			res, err := c.Do(co, &http1.ClientRequest{URL: tt.url + path, Header: h})
			if err != nil {
				return err
			}
			if got := string(res.Body); !strings.HasPrefix(got, tt.want) || strings.Contains(got, plain) {
				t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
			}
		}
		return nil
	})
}

// behindConnections: with keepalive nginx uses a connection again, without it makes one for
// each request, in HTTP/1.0.
func behindConnections(t *testing.T, s *nginxSite, co *loop.Co) error {
	c := &http1.Client{}
	return asks(t, c, func() error {
		for path, want := range map[string]int{"/app/port": 1, "/old/port": 5} {
			ports := map[string]bool{}
			for range 5 {
				res, err := c.Get(co, s.url+path)
				if err != nil {
					return err
				}
				ports[string(res.Body)] = true
			}
			if len(ports) != want {
				t.Errorf("%s: %d connections for 5 requests, want %d", path, len(ports), want)
			}
		}
		for path, want := range map[string]string{"/app/echo": `200 "PUT 1 x"`, "/old/echo": `200 "PUT 0 x"`, "/direct/echo": `200 "PUT 1 x"`} {
			res, err := c.Do(co, &http1.ClientRequest{Method: "PUT", URL: s.url + path, Body: []byte("x")})
			if got := shortly(res, err); got != want {
				t.Errorf("%s: got %s, want %s", path, got, want)
			}
		}
		return nil
	})
}

// behindBodies: large ones in both directions, with a length and in chunks, by HTTP/1.0 and
// 1.1, collected by nginx and not.
func behindBodies(t *testing.T, s *nginxSite, co *loop.Co) error {
	c := &http1.Client{}
	const size = 3<<20 + 7
	sum := crc32.ChecksumIEEE(make([]byte, size))
	return asks(t, c, func() error {
		for _, path := range []string{"/app", "/old", "/direct"} {
			for _, framing := range []string{"length", "chunked"} {
				up := &http1.ClientRequest{Method: "POST", URL: s.url + path + "/sum", Producer: zeroBody(size)}
				if framing == "length" {
					up.BodyLength = size
				}
				told := int64(size) // nginx has collected it
				if path == "/direct" && framing == "chunked" {
					told = -1 // passed on as it comes
				}
				res, err := c.Do(co, up)
				if want := fmt.Sprintf("%d %x %d", size, sum, told); err != nil || string(res.Body) != want {
					t.Errorf("%s, %s: %s, want %s", path, framing, shortly(res, err), want)
				}
				query := map[string]string{"length": "?", "chunked": "?chunked"}[framing] + strconv.Itoa(size)
				res, err = c.Get(co, s.url+path+"/bytes"+query)
				if err != nil {
					return err
				}
				if crc32.ChecksumIEEE(res.Body) != sum || len(res.Body) != size {
					t.Errorf("%s, %s: %d bytes came, not the %d that were sent", path, framing, len(res.Body), size)
				}
			}
		}
		return nil
	})
}

// behindRefusedUpload: an answer that comes before the body reaches the client through
// nginx, which sends the body all the while.
func behindRefusedUpload(t *testing.T, s *nginxSite, co *loop.Co) error {
	c := &http1.Client{}
	return asks(t, c, func() error {
		for i := range 20 {
			size := []int{10, 100 << 10, 4 << 20}[i%3]
			r := &http1.ClientRequest{Method: "POST", URL: s.url + "/direct/refuse", Producer: zeroBody(size)}
			if i%2 == 0 {
				r.BodyLength = int64(size)
			}
			_, err := c.Do(co, r)
			c.CloseIdle() // nginx closes this connection, without having said so
			res, serr := statusError(err)
			if serr != nil || res.Status != 413 {
				t.Errorf("a refused body of %d bytes: %v", size, err)
			}
		}
		return nil
	})
}

// behindEvents: each event arrives before the next one is sent.
func behindEvents(t *testing.T, s *nginxSite, co *loop.Co) error {
	c := &http1.Client{}
	return asks(t, c, func() error {
		for _, path := range []string{"/app", "/old", "/direct"} {
			if err := readEvents(co, c, s, s.url+path+"/events"); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
		return nil
	})
}

func readEvents(co *loop.Co, c *http1.Client, s *nginxSite, url string) error {
	s.app.seen = loop.NewPromise[struct{}](co.Loop())
	res, err := c.Open(co, &http1.ClientRequest{URL: url})
	if err != nil {
		return err
	}
	defer res.Stream.Close()
	lines := bufio.NewReader(res.Stream)
	for _, want := range []string{"data: first\n", "\n", "data: second\n", "\n"} {
		if got, err := lines.ReadString('\n'); err != nil || got != want {
			return fmt.Errorf("got %q, want %q, %w", got, want, err)
		}
		s.app.seen.TrySet(struct{}{})
	}
	_, err = lines.ReadByte()
	if err != io.EOF {
		return fmt.Errorf("behind the events: %w", err)
	}
	return nil
}

// behindLeaving: when the client leaves, or is not waited for, nginx leaves, and the handler
// is cancelled.
func behindLeaving(t *testing.T, s *nginxSite, co *loop.Co) error {
	c := &http1.Client{}
	return asks(t, c, func() error {
		for _, path := range []string{"/app", "/old", "/direct"} {
			s.app.arrived = loop.NewPromise[struct{}](co.Loop())
			s.app.ended = loop.NewPromise[error](co.Loop())
			scope, cancel := co.WithCancel()
			s.app.arrived.Future().OnDone(func(*loop.Future[struct{}]) { cancel(nil) })
			_, err := c.Get(scope, s.url+path+"/forever")
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", path, err)
			}
			err, _ = loop.Await(co, s.app.ended.Future())
			if !errors.Is(err, http1.ErrClientGone) {
				t.Errorf("%s: the handler ends with %v", path, err)
			}
		}
		s.app.ended = loop.NewPromise[error](co.Loop())
		res, err := c.Get(co, s.url+"/impatient/forever")
		if got, want := shortly(res, err), `504 "<html>\r\n<head><title"`; got != want {
			t.Errorf("beyond proxy_read_timeout: got %s, want %s", got, want)
		}
		err, _ = loop.Await(co, s.app.ended.Future())
		if !errors.Is(err, http1.ErrClientGone) {
			t.Errorf("beyond proxy_read_timeout: the handler ends with %v", err)
		}
		return nil
	})
}

// behindFiles: conditions, ranges and encodings survive the way through nginx.
func behindFiles(t *testing.T, s *nginxSite, co *loop.Co) error {
	c := &http1.Client{}
	return asks(t, c, func() error {
		res, err := c.Get(co, s.url+"/app/files/file.txt")
		if err != nil {
			return err
		}
		if len(res.Body) != 100_000 || !res.Decoded {
			t.Errorf("it has %d bytes, in gzip: %v", len(res.Body), res.Decoded)
		}
		tag := res.Header.Get("ETag")
		for _, tt := range []struct {
			r      http1.ClientRequest
			fields string
			want   string
		}{
			{http1.ClientRequest{Header: header("If-None-Match", tag)}, "", `304 ""`},
			{http1.ClientRequest{Header: header("Range", "bytes=11-13")}, "Content-Range", `206 "123" bytes 11-13/100000`},
			{http1.ClientRequest{Method: "HEAD", Raw: true}, "Content-Length", `200 "" 100000`},
		} {
			for _, path := range []string{"/app", "/old", "/direct"} {
				tt.r.URL = s.url + path + "/files/file.txt"
				res, err := c.Do(co, &tt.r)
				if got := shortly(res, err, strings.Fields(tt.fields)...); got != tt.want {
					t.Errorf("%s: got %s, want %s", path, got, tt.want)
				}
			}
		}
		return nil
	})
}

// behindProxyProtocol: nginx passes bytes on, and says by the PROXY protocol whose.
func behindProxyProtocol(t *testing.T, s *nginxSite, co *loop.Co) error {
	c := &http1.Client{Dialer: &stream.Dialer{LocalAddr: netip.MustParseAddrPort("127.0.0.2:0")}}
	return asks(t, c, func() error {
		for range 2 {
			res, err := c.Get(co, "http://"+s.told+"/app/whence")
			if err != nil {
				return err
			}
			if got, want := string(res.Body), "127.0.0.2 http "+s.told; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		return nil
	})
}

// behindStd: net/http's client and net/http's handler, with nginx and the server between.
func behindStd(t *testing.T, s *nginxSite) {
	client := newClient(t)
	body := strings.Repeat("x", 500_000)
	for path, proto := range map[string]string{"/app": "HTTP/1.1", "/old": "HTTP/1.0", "/direct": "HTTP/1.1"} {
		res, got, err := talkTo(t.Context(), client, "POST", s.url+path+"/std", struct{ io.Reader }{strings.NewReader(body)})
		want := fmt.Sprintf("%s 500000 <nil>\n%x", proto, crc32.ChecksumIEEE([]byte(body)))
		if err != nil || got != want {
			t.Errorf("%s: %v %q %v, want %q", path, res, got, err, want)
		}
	}
}
