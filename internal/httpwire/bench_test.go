package httpwire

import "testing"

// wrkGet is what wrk sends; browserGet is a common request of a browser.
const (
	wrkGet = "GET /index.html HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n"

	curlGet = "GET /api/items?page=2 HTTP/1.1\r\nHost: example.com\r\nUser-Agent: curl/8.5.0\r\n" +
		"Accept: */*\r\nConnection: keep-alive\r\n\r\n"

	browserGet = "GET /news/today?from=front HTTP/1.1\r\nHost: www.example.com\r\nConnection: keep-alive\r\n" +
		"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36\r\n" +
		"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n" +
		"Referer: https://www.example.com/\r\nAccept-Encoding: gzip, deflate, br\r\n" +
		"Accept-Language: en-GB,en;q=0.9\r\nCookie: session=0123456789abcdef; theme=dark\r\n\r\n"

	serverOK = "HTTP/1.1 200 OK\r\nServer: nginx/1.24.0\r\nDate: Sat, 01 Jan 2000 00:00:00 GMT\r\n" +
		"Content-Type: text/html; charset=utf-8\r\nContent-Length: 13\r\nConnection: keep-alive\r\nETag: \"v1\"\r\n\r\n"

	chunkedPost = "POST /upload HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
)

func BenchmarkHeadGet(b *testing.B) {
	for _, c := range []struct{ name, head string }{
		{"wrk", wrkGet}, {"curl", curlGet}, {"browser", browserGet},
	} {
		b.Run(c.name, func(b *testing.B) {
			buf := []byte(c.head)
			var p Parser
			b.SetBytes(int64(len(buf)))
			b.ReportAllocs()
			for b.Loop() {
				if n, err := p.Head(buf, 0); n != len(buf) || err != nil {
					b.Fatal(n, err)
				}
				p.Reset()
			}
		})
	}
}

func BenchmarkHeadResponse(b *testing.B) {
	buf := []byte(serverOK)
	var p ResponseParser
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		if n, err := p.Head(buf, "GET", 0); n != len(buf) || err != nil {
			b.Fatal(n, err)
		}
		p.Reset()
	}
}

func BenchmarkChunks(b *testing.B) {
	body := []byte("1000\r\n" + string(make([]byte, 0x1000)) + "\r\n5\r\nhello\r\n0\r\n\r\n")
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		var c Chunks
		for rest, done := body, false; !done; {
			_, n, d, err := c.Next(rest)
			if err != nil {
				b.Fatal(err)
			}
			rest, done = rest[n:], d
		}
	}
}

func BenchmarkResponseHead(b *testing.B) {
	dst := make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		dst = AppendStatusLine(dst[:0], 200)
		dst = AppendField(dst, "Content-Type", "text/plain; charset=utf-8")
		dst = AppendContentLength(dst, 13)
		dst = AppendHeadEnd(dst)
	}
}

// TestNoAllocations holds the common path to zero allocations, once a parser
// has room for the fields.
func TestNoAllocations(t *testing.T) {
	var p Parser
	for _, head := range []string{wrkGet, curlGet, browserGet, chunkedPost} {
		buf := []byte(head)
		if allocs := testing.AllocsPerRun(100, func() {
			if n, err := p.Head(buf, 0); n != len(buf) || err != nil {
				t.Fatal(n, err)
			}
			p.Reset()
		}); allocs != 0 {
			t.Errorf("%v allocations for %q", allocs, head)
		}
	}
	var r ResponseParser
	buf := []byte(serverOK)
	if allocs := testing.AllocsPerRun(100, func() {
		if n, err := r.Head(buf, "GET", 0); n != len(buf) || err != nil {
			t.Fatal(n, err)
		}
		r.Reset()
	}); allocs != 0 {
		t.Errorf("%v allocations for a response", allocs)
	}
	body := []byte("5;name=value\r\nhello\r\n0\r\nDigest: x\r\n\r\n")
	dst := make([]byte, 0, 256)
	if allocs := testing.AllocsPerRun(100, func() {
		var c Chunks
		for rest, done := body, false; !done; {
			_, n, d, err := c.Next(rest)
			if err != nil {
				t.Fatal(err)
			}
			rest, done = rest[n:], d
		}
		dst = AppendStatusLine(dst[:0], 404)
		dst = AppendField(dst, "Server", "zonda")
		dst = AppendContentLength(dst, 1<<40)
		dst = AppendHeadEnd(dst)
		dst = AppendChunk(dst, body)
		dst = AppendLastChunk(dst)
		dst = AppendRequestLine(dst, "GET", "/")
		dst = AppendHeadEnd(AppendField(AppendTrailers(dst), "Digest", "x"))
	}); allocs != 0 {
		t.Errorf("%v allocations for a chunked body and what is written", allocs)
	}
}
