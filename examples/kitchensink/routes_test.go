package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
)

// A visit is one request, and what must come of it.
type visit struct {
	method, target string
	header         map[string]string
	body           string

	status  int
	want    string            // the body; "*": not looked at
	headers map[string]string // "": must not be there
}

var visits = []visit{
	{target: "/", status: 200, want: "Hello, World!", headers: map[string]string{"Content-Length": "13", "Content-Type": "text/plain; charset=utf-8"}},
	{method: "HEAD", target: "/", status: 200, headers: map[string]string{"Content-Length": "13"}},
	{method: "POST", target: "/", status: 405, want: "*"},
	{target: "/nowhere", status: 404, want: "*"},

	{method: "PUT", target: "/echo", body: "abc", header: map[string]string{"Content-Type": "x/y"}, status: 200, want: "abc",
		headers: map[string]string{"Content-Type": "x/y", "X-Method": "PUT", "X-Body-Length": "3"}},
	{target: "/echo", status: 200, headers: map[string]string{"Content-Type": "application/octet-stream", "X-Body-Length": "0"}},
	{method: "PATCH", target: "/echo", body: strings.Repeat("0123456789", 100_000), status: 200, want: strings.Repeat("0123456789", 100_000)},

	{target: "/stream?n=3&ms=1", status: 200, want: "chunk 0\nchunk 1\nchunk 2\n", headers: map[string]string{"Content-Length": ""}},
	{target: "/stream?n=0", status: 200},
	{target: "/big?n=60", status: 200, want: "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefgh",
		headers: map[string]string{"Content-Length": "60", "Content-Type": "application/octet-stream"}},
	{target: "/big?n=0", status: 200, headers: map[string]string{"Content-Length": "0"}},
	{method: "HEAD", target: "/big?n=1073741824", status: 200, headers: map[string]string{"Content-Length": "1073741824"}},
	{target: "/sleep?ms=5", status: 200, want: "slept 5\n"},
	{target: "/sse?n=2&ms=1", status: 200, want: "id: 0\ndata: tick 0\n\nid: 1\ndata: tick 1\n\n",
		headers: map[string]string{"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}},

	{target: "/static/poem.txt", status: 200, want: "*", headers: map[string]string{"Content-Type": "text/plain; charset=utf-8", "Accept-Ranges": "bytes"}},
	{target: "/static/poem.txt", header: map[string]string{"Range": "bytes=2-5"}, status: 206, want: "wind"},
	{target: "/static/poem.txt", header: map[string]string{"Range": "bytes=100000-"}, status: 416, want: "*"},
	{method: "HEAD", target: "/static/page.html", status: 200},
	{method: "POST", target: "/static/page.html", status: 405, want: "*"},
	{target: "/static/none.txt", status: 404, want: "*"},
	{target: "/static/", status: 404, want: "*"},
	{target: "/static/%2e%2e/std.go", status: 404, want: "*"},
	{target: "/static/..%2fstd.go", status: 404, want: "*"},

	{target: "/gzip", status: 200, want: foxes, headers: map[string]string{"Content-Encoding": "", "Vary": "Accept-Encoding"}},
	{target: "/gzip", header: map[string]string{"Accept-Encoding": "gzip;q=0"}, status: 200, want: foxes, headers: map[string]string{"Content-Encoding": ""}},
	{target: "/gzip", header: map[string]string{"Accept-Encoding": "br, gzip;q=0.5"}, status: 200, want: "*", headers: map[string]string{"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}},

	{target: "/etag", status: 200, want: "etag body\n", headers: map[string]string{"Etag": `"v1"`}},
	{target: "/etag", header: map[string]string{"If-None-Match": `"v0", W/"v1"`}, status: 304, headers: map[string]string{"Etag": `"v1"`}},
	{target: "/etag", header: map[string]string{"If-None-Match": "*"}, status: 304},
	{target: "/etag", header: map[string]string{"If-None-Match": `"v2"`}, status: 200, want: "etag body\n"},
	{method: "HEAD", target: "/etag", status: 200},

	{target: "/cookies/set?a=1", status: 200, want: "ok\n", headers: map[string]string{"Set-Cookie": "a=1; Path=/"}},
	{target: "/cookies", header: map[string]string{"Cookie": "a=1; b=two"}, status: 200, want: `{"a":"1","b":"two"}` + "\n"},
	{target: "/cookies", status: 200, want: "{}\n"},
	{target: "/status/204", status: 204},
	{target: "/status/304", status: 304},
	{target: "/status/418", status: 418, want: "status 418\n"},
	{target: "/status/599", status: 599, want: "status 599\n"},
	{target: "/status/99", status: 400, want: "*"},
	{target: "/status/x", status: 400, want: "*"},
	{target: "/redirect?to=/cookies&code=307", status: 307, want: "*", headers: map[string]string{"Location": "/cookies"}},
	{target: "/redirect?to=http://a.example/", status: 302, want: "*", headers: map[string]string{"Location": "http://a.example/"}},
	{target: "/redirect", status: 400, want: "*"},

	{method: "POST", target: "/form", body: "a=1&b=2&a=3", header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"},
		status: 200, want: `{"fields":{"a":["1","3"],"b":["2"]},"files":{}}` + "\n"},
	{target: "/form", status: 405, want: "*"},
	{target: "/auth", status: 401, want: "*", headers: map[string]string{"Www-Authenticate": `Basic realm="zonda"`}},
	{target: "/auth", header: map[string]string{"Authorization": basic("user", "pass")}, status: 200, want: "welcome\n"},
	{target: "/auth", header: map[string]string{"Authorization": basic("user", "pass2")}, status: 401, want: "*"},
	{target: "/ws", status: 426, want: "*", headers: map[string]string{"Sec-Websocket-Version": "13"}},
	{target: "/page", status: 200, want: "*", headers: map[string]string{"Content-Type": "text/html; charset=utf-8"}},
}

func basic(user, pass string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+pass))
}

// TestRoutes visits every route, of both kinds of server.
func TestRoutes(t *testing.T) {
	eachKind(t, func(t *testing.T, s *server) {
		for _, v := range visits {
			resp, body := s.visit(t, v)
			name := fmt.Sprint(v.method, " ", v.target, " ", v.header)
			if resp.StatusCode != v.status || v.want != "*" && body != v.want {
				t.Errorf("%s: %d %.100q, want %d %.100q", name, resp.StatusCode, body, v.status, v.want)
			}
			for field, want := range v.headers {
				if got := resp.Header.Get(field); got != want {
					t.Errorf("%s: %s: %q, want %q", name, field, got, want)
				}
			}
		}
	})
}

// visit makes one request.
func (s *server) visit(t *testing.T, v visit) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(v.method, s.url+v.target, strings.NewReader(v.body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range v.header {
		req.Header.Set(name, value)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", v.method, v.target, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Errorf("%s %s: %v", v.method, v.target, err)
	}
	return resp, string(body)
}

func TestInspect(t *testing.T) {
	eachKind(t, func(t *testing.T, s *server) {
		_, body := s.visit(t, visit{
			method: "REPORT", target: "/inspect?a=%20b", body: "\x00\xff", header: map[string]string{"X-Thing": "1", "User-Agent": "me"},
		})
		var got inspection
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			t.Fatal(err, body)
		}
		host := strings.TrimPrefix(s.url, "http://")
		want := inspection{
			Method: "REPORT", Target: "/inspect?a=%20b", Path: "/inspect", Query: "a=%20b", Host: host, Proto: "HTTP/1.1", Body: []byte("\x00\xff"),
			Headers: map[string][]string{"host": {host}, "x-thing": {"1"}, "user-agent": {"me"}, "content-length": {"2"}},
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("\n got %+v\nwant %+v", got, want)
		}
	})
}

func TestGzipBody(t *testing.T) {
	eachKind(t, func(t *testing.T, s *server) {
		_, body := s.visit(t, visit{target: "/gzip", header: map[string]string{"Accept-Encoding": "gzip"}})
		z, err := gzip.NewReader(strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if p, err := io.ReadAll(z); err != nil || string(p) != foxes || len(body) > len(foxes)/10 {
			t.Error(len(p), err, len(body))
		}
	})
}

func TestForm(t *testing.T) {
	eachKind(t, func(t *testing.T, s *server) {
		data := bytes.Repeat([]byte("some data "), 500_000) // more than is kept in memory
		var body bytes.Buffer
		m := multipart.NewWriter(&body)
		m.WriteField("word", "grün")
		m.WriteField("word", "")
		for _, name := range []string{"a.bin", "b.bin"} {
			w, err := m.CreateFormFile("up", name)
			if err != nil {
				t.Fatal(err)
			}
			w.Write(data)
		}
		m.Close()
		resp, got := s.visit(t, visit{method: "POST", target: "/form", body: body.String(), header: map[string]string{"Content-Type": m.FormDataContentType()}})
		sum := sha256.Sum256(data)
		file := func(name string) string {
			return fmt.Sprintf(`{"filename":%q,"size":%d,"sha256":%q}`, name, len(data), hex.EncodeToString(sum[:]))
		}
		want := `{"fields":{"word":["grün",""]},"files":{"up":[` + file("a.bin") + "," + file("b.bin") + "]}}\n"
		if resp.StatusCode != 200 || got != want {
			t.Errorf("%d\n got %s\nwant %s", resp.StatusCode, got, want)
		}
		for _, body := range []string{"--x", "--x\r\n\r\n", "x"} {
			if resp, got := s.visit(t, visit{method: "POST", target: "/form", body: body, header: map[string]string{"Content-Type": "multipart/form-data; boundary=x"}}); resp.StatusCode != 400 {
				t.Errorf("%q: %d %q", body, resp.StatusCode, got)
			}
		}
	})
}

// TestTooLarge: 16 MiB may come, and not one byte more, told beforehand or not.
func TestTooLarge(t *testing.T) {
	eachKind(t, func(t *testing.T, s *server) {
		for _, tt := range []struct{ size, status int }{{maxBody, 200}, {maxBody + 1, 413}} {
			for _, chunked := range []bool{false, true} {
				var body io.Reader = bytes.NewReader(make([]byte, tt.size))
				if chunked {
					body = struct{ io.Reader }{body}
				}
				resp, err := s.client.Post(s.url+"/echo", "", body)
				if err != nil {
					t.Errorf("%d bytes, chunked %v: %v", tt.size, chunked, err)
					continue
				}
				n, err := io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				if resp.StatusCode != tt.status || tt.status == 200 && (err != nil || int(n) != tt.size) {
					t.Errorf("%d bytes, chunked %v: %d, %d bytes, %v", tt.size, chunked, resp.StatusCode, n, err)
				}
			}
		}
	})
}

func TestManyCookies(t *testing.T) {
	eachKind(t, func(t *testing.T, s *server) {
		resp, _ := s.visit(t, visit{target: "/cookies/set?b=2&a=1&" + url.Values{"c": {"x-y"}}.Encode()})
		if got := resp.Header.Values("Set-Cookie"); !reflect.DeepEqual(got, []string{"b=2; Path=/", "a=1; Path=/", "c=x-y; Path=/"}) {
			t.Error(got)
		}
	})
}

// TestPanic: the server lives.
func TestPanic(t *testing.T) {
	eachKind(t, func(t *testing.T, s *server) {
		resp, err := s.client.Get(s.url + "/panic")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode != 500 {
				t.Error(resp.Status)
			}
		}
		if resp, body := s.visit(t, visit{target: "/"}); resp.StatusCode != 200 || body != "Hello, World!" {
			t.Error(resp.Status, body)
		}
	})
}

func TestMemory(t *testing.T) {
	eachKind(t, func(t *testing.T, s *server) {
		_, body := s.visit(t, visit{target: "/mem"})
		var got map[string]int
		if err := json.Unmarshal([]byte(body), &got); err != nil || got["conns"] != 1 || got["goroutines"] < 2 || got["heap_bytes"] < 10_000 || len(got) != 4 {
			t.Error(body, err)
		}
	})
}

// TestBig takes a long answer, and checks every byte.
func TestBig(t *testing.T) {
	eachKind(t, func(t *testing.T, s *server) {
		const n = 3_000_001
		_, body := s.visit(t, visit{target: fmt.Sprintf("/big?n=%d", n)})
		for i := range len(body) {
			if body[i] != 'a'+byte(i%26) {
				t.Fatalf("byte %d is %q", i, body[i])
			}
		}
		if len(body) != n {
			t.Error(len(body))
		}
	})
}
