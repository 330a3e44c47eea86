package http1_test

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

type noter = func(...any)

// text is a handler that writes some text.
func text(s string) func(http.ResponseWriter, *http.Request, noter) {
	return func(w http.ResponseWriter, _ *http.Request, _ noter) { io.WriteString(w, s) }
}

// setting is a handler that sets a field and writes "x".
func setting(name string, values ...string) func(http.ResponseWriter, *http.Request, noter) {
	return func(w http.ResponseWriter, _ *http.Request, _ noter) {
		w.Header()[name] = values
		io.WriteString(w, "x")
	}
}

// status is a handler that sends a status and no body.
func status(code int) func(http.ResponseWriter, *http.Request, noter) {
	return func(w http.ResponseWriter, _ *http.Request, _ noter) { w.WriteHeader(code) }
}

func flushed(w http.ResponseWriter, _ *http.Request, _ noter) {
	io.WriteString(w, "ab")
	w.(http.Flusher).Flush()
	io.WriteString(w, "c")
}

const (
	head10 = "GET / HTTP/1.0||"
	headM  = "HEAD / HTTP/1.1|Host: a|Connection: close||"
)

var why500 = "a response that is not sent whole yet is replaced by a 500, which tells the client more than the end of the connection"

var responseBehaviours = []behaviour{
	{name: "nothing written", want: "200|Content-Length: 0||<end>", handle: func(http.ResponseWriter, *http.Request, noter) {}},
	{name: "status is 200 unless said", want: "200|Content-Length: 2|Content-Type: text/plain; charset=utf-8||hi<end>", handle: text("hi")},
	{name: "status alone", want: "201|Content-Length: 0||<end>", handle: status(201)},
	{name: "204 has no length", want: "204||<end>", handle: status(204)},
	{name: "304 has no length", want: "304||<end>", handle: status(304)},
	{name: "404 has one", want: "404|Content-Length: 0||<end>", handle: status(404)},
	{name: "205", want: "205|Content-Length: 0||<end>", handle: status(205)},
	{name: "599", want: "599|Content-Length: 0||<end>", handle: status(599)},
	{name: "a status without a name", want: "299|Content-Length: 0||<end>", handle: status(299)},
	{name: "status 999", want: "999|Content-Length: 0||<end>", handle: status(999)},
	{name: "status 0 panics", want: "200|Content-Length: 0||<end> [true]", handle: func(w http.ResponseWriter, _ *http.Request, note noter) {
		defer func() { note(recover() != nil) }()
		w.WriteHeader(0)
	}},
	{name: "status 99 panics", want: "200|Content-Length: 0||<end> [true]", handle: func(w http.ResponseWriter, _ *http.Request, note noter) {
		defer func() { note(recover() != nil) }()
		w.WriteHeader(99)
	}},
	{name: "status 1000 panics", want: "200|Content-Length: 0||<end> [true]", handle: func(w http.ResponseWriter, _ *http.Request, note noter) {
		defer func() { note(recover() != nil) }()
		w.WriteHeader(1000)
	}},
	{name: "a second status is ignored", want: "201|Content-Length: 0||<end>", handle: func(w http.ResponseWriter, _ *http.Request, _ noter) { w.WriteHeader(201); w.WriteHeader(404) }},
	{name: "a status after the body is ignored", want: "200|Content-Length: 1|Content-Type: text/plain; charset=utf-8||x<end>", handle: func(w http.ResponseWriter, _ *http.Request, _ noter) {
		io.WriteString(w, "x")
		w.WriteHeader(404)
	}},
	{name: "fields", want: "200|A: 3|B: 1|B: 2|Content-Length: 0||<end>", handle: func(w http.ResponseWriter, _ *http.Request, _ noter) {
		w.Header().Set("b", "1")
		w.Header().Add("B", "2")
		w.Header().Set("A", "3")
	}},
	{name: "a field that was deleted", want: "200|Content-Length: 0||<end>", handle: func(w http.ResponseWriter, _ *http.Request, _ noter) {
		w.Header().Set("A", "1")
		w.Header().Del("a")
	}},
	{name: "a field after the status is not sent", want: "200|Content-Length: 0||<end>", handle: func(w http.ResponseWriter, _ *http.Request, _ noter) {
		w.WriteHeader(200)
		w.Header().Set("A", "1")
	}},
	{name: "a field after the body is not sent", want: "200|Content-Length: 1|Content-Type: text/plain; charset=utf-8||x<end>", handle: func(w http.ResponseWriter, _ *http.Request, _ noter) {
		io.WriteString(w, "x")
		w.Header().Set("A", "1")
	}},
	{name: "a value changed after the status is sent as it was", want: "200|A: 1|Content-Length: 0||<end>", handle: func(w http.ResponseWriter, _ *http.Request, _ noter) {
		w.Header().Set("A", "1")
		w.WriteHeader(200)
		w.Header().Set("A", "2")
	}},
	{name: "what the handler reads back", want: "200|A: 1|Content-Length: 0||<end> [map[A:[1]]]", handle: func(w http.ResponseWriter, _ *http.Request, note noter) {
		w.Header().Set("A", "1")
		w.WriteHeader(200)
		note(w.Header())
	}},
	{name: "an empty value", want: "200|A: |Content-Length: 1|Content-Type: text/plain; charset=utf-8||x<end>", handle: setting("A", "")},
	{name: "blanks around a value", want: "200|A: b|Content-Length: 1|Content-Type: text/plain; charset=utf-8||x<end>", handle: setting("A", " b ")},
	{name: "a line break in a value", want: "200|A: b  C: d|Content-Length: 1|Content-Type: text/plain; charset=utf-8||x<end>", ours: "500|Content-Length: 26|Content-Type: text/plain; charset=utf-8||500 Internal Server Error/<end>", handle: setting("A", "b\r\nC: d"), why: "one that would not be a field is a mistake, and a 500 shows it"},
	{name: "a name that is none", want: "200|Content-Length: 1|Content-Type: text/plain; charset=utf-8||x<end>", ours: "500|Content-Length: 26|Content-Type: text/plain; charset=utf-8||500 Internal Server Error/<end>", handle: setting("A b", "c"), why: "one that would not be a field is a mistake, and a 500 shows it"},
	{name: "no Date on request", want: "200|Content-Length: 1|Content-Type: text/plain; charset=utf-8|no Date||x<end>", handle: setting("Date")},
	{name: "a Date of the handler's", want: "200|Content-Length: 1|Content-Type: text/plain; charset=utf-8||x<end>", handle: setting("Date", "Sat, 01 Jan 2000 00:00:00 GMT")},
	{name: "Server is the handler's", want: "200|Content-Length: 1|Content-Type: text/plain; charset=utf-8|Server: me||x<end>", handle: setting("Server", "me")},

	{name: "html by its first bytes", want: "200|Content-Length: 18|Content-Type: text/html; charset=utf-8||<!DOCTYPE html><p><end>", handle: text("<!DOCTYPE html><p>")},
	{name: "png by its first bytes", want: "200|Content-Length: 8|Content-Type: image/png||\x89PNG\r/\x1a/<end>", handle: text("\x89PNG\x0D\x0A\x1A\x0A")},
	{name: "json is text", want: "200|Content-Length: 2|Content-Type: text/plain; charset=utf-8||{}<end>", handle: text("{}")},
	{name: "bytes that are no text", want: "200|Content-Length: 3|Content-Type: application/octet-stream||\x00\x01\x02<end>", handle: text("\x00\x01\x02")},
	{name: "xml by its first bytes", want: "200|Content-Length: 21|Content-Type: text/xml; charset=utf-8||<?xml version=\"1.0\"?><end>", handle: text("<?xml version=\"1.0\"?>")},
	{name: "a type that is set", want: "200|Content-Length: 1|Content-Type: x/y||x<end>", handle: setting("Content-Type", "x/y")},
	{name: "no type on request", want: "200|Content-Length: 1||x<end>", handle: setting("Content-Type")},
	{name: "an empty type", want: "200|Content-Length: 1|Content-Type: ||x<end>", handle: setting("Content-Type", "")},
	{name: "no type for an encoding", want: "200|Content-Encoding: x|Content-Length: 1||x<end>", handle: setting("Content-Encoding", "x")},
	{name: "no type for an empty body", want: "200|Content-Length: 0||<end>", handle: text("")},
	{name: "a type by the first write alone", want: "200|Content-Type: text/plain; charset=utf-8|chunked||<html><end>", handle: func(w http.ResponseWriter, _ *http.Request, _ noter) {
		io.WriteString(w, "<ht")
		w.(http.Flusher).Flush()
		io.WriteString(w, "ml>")
	}},

	{name: "a small body has a length", want: "200|Content-Length: 3|Content-Type: text/plain; charset=utf-8||abc<end>", handle: text("abc")},
	{name: "two small writes have one", want: "200|Content-Length: 3|Content-Type: text/plain; charset=utf-8||abc<end>", handle: func(w http.ResponseWriter, _ *http.Request, _ noter) {
		io.WriteString(w, "ab")
		io.WriteString(w, "c")
	}},
	{name: "2 KiB have one", want: "200|Content-Length: 2048|Content-Type: text/plain; charset=utf-8||xxxxxxxxxx...2048<end>", handle: text(strings.Repeat("x", 2048))},
	{name: "3 KiB", want: "200|Content-Type: text/plain; charset=utf-8|chunked||xxxxxxxxxx...3000<end>", ours: "200|Content-Length: 3000|Content-Type: text/plain; charset=utf-8||xxxxxxxxxx...3000<end>", handle: text(strings.Repeat("x", 3000)), why: "8 KiB are collected, not 2"},
	{name: "10 KiB are chunked", want: "200|Content-Type: text/plain; charset=utf-8|chunked||xxxxxxxxxx...10000<end>", handle: text(strings.Repeat("x", 10_000))},
	{name: "flushed is chunked", want: "200|Content-Type: text/plain; charset=utf-8|chunked||abc<end>", handle: flushed},
	{name: "Flush alone", want: "200|chunked||<end>", handle: func(w http.ResponseWriter, _ *http.Request, _ noter) { w.(http.Flusher).Flush() }},
	{name: "Flush after a 204", want: "204||<end>", handle: func(w http.ResponseWriter, _ *http.Request, _ noter) {
		w.WriteHeader(204)
		w.(http.Flusher).Flush()
	}},
	{name: "Flush twice", want: "200|Content-Type: text/plain; charset=utf-8|chunked||a<end> [<nil> <nil>]", handle: func(w http.ResponseWriter, _ *http.Request, note noter) {
		rc := http.NewResponseController(w)
		io.WriteString(w, "a")
		note(rc.Flush(), rc.Flush())
	}},
	{name: "a length that is set", want: "200|Content-Length: 3|Content-Type: text/plain; charset=utf-8||abc<end>", handle: func(w http.ResponseWriter, _ *http.Request, _ noter) {
		w.Header().Set("Content-Length", "3")
		io.WriteString(w, "abc")
	}},
	{name: "a length and Flush", want: "200|Content-Length: 3|Content-Type: text/plain; charset=utf-8||abc<end>", handle: func(w http.ResponseWriter, r *http.Request, note noter) {
		w.Header().Set("Content-Length", "3")
		flushed(w, r, note)
	}},
	{name: "a length that is no number", want: "200|Content-Type: text/plain; charset=utf-8|chunked||x<end>", ours: "200|Content-Length: 1|Content-Type: text/plain; charset=utf-8||x<end>", why: "without the field the small body has its length, for up to 8 KiB", handle: setting("Content-Length", "x")},
	{name: "a length below zero", want: "200|Content-Type: text/plain; charset=utf-8|chunked||x<end>", ours: "200|Content-Length: 1|Content-Type: text/plain; charset=utf-8||x<end>", why: "without the field the small body has its length, for up to 8 KiB", handle: setting("Content-Length", "-1")},
	{name: "more than the length", want: "200|Content-Length: 1||<cut><end> [0 true]", ours: "200|Content-Length: 1|Content-Type: text/plain; charset=utf-8||a<end> [0 true]", why: "what was refused does not count as written", handle: func(w http.ResponseWriter, _ *http.Request, note noter) {
		w.Header().Set("Content-Length", "1")
		n, err := io.WriteString(w, "ab")
		note(n, err == http.ErrContentLength)
		io.WriteString(w, "a")
	}},
	{name: "less than the length", want: "200|Content-Length: 2|Content-Type: text/plain; charset=utf-8||a<cut><end>", ours: "500|Content-Length: 26|Content-Type: text/plain; charset=utf-8||500 Internal Server Error/<end>", handle: func(w http.ResponseWriter, _ *http.Request, _ noter) {
		w.Header().Set("Content-Length", "2")
		io.WriteString(w, "a")
	}, why: why500},
	{name: "less than the length, flushed", want: "200|Content-Length: 2|Content-Type: text/plain; charset=utf-8||a<cut><end>", handle: func(w http.ResponseWriter, _ *http.Request, _ noter) {
		w.Header().Set("Content-Length", "2")
		io.WriteString(w, "a")
		w.(http.Flusher).Flush()
	}},
	{name: "a body with 204", want: "204||<end> [0 true]", handle: func(w http.ResponseWriter, _ *http.Request, note noter) {
		w.WriteHeader(204)
		n, err := io.WriteString(w, "a")
		note(n, err == http.ErrBodyNotAllowed)
	}},
	{name: "a body with 304", want: "304||<end> [0 true]", handle: func(w http.ResponseWriter, _ *http.Request, note noter) {
		w.WriteHeader(304)
		n, err := w.Write([]byte("a"))
		note(n, err == http.ErrBodyNotAllowed)
	}},
	{name: "an empty write with 204", want: "204||<end> [0 <nil>]", handle: func(w http.ResponseWriter, _ *http.Request, note noter) {
		w.WriteHeader(204)
		note(w.Write(nil))
	}},
	{name: "an empty write", want: "200|Content-Length: 0||<end> [0 <nil>]", handle: func(w http.ResponseWriter, _ *http.Request, note noter) { note(w.Write(nil)) }},
	{name: "Transfer-Encoding identity", want: "200||x<end>", ours: "200|Content-Length: 1||x<end>", handle: setting("Transfer-Encoding", "identity"), why: "framing is the server's; net/http lets the handler switch it off"},
	{name: "Transfer-Encoding chunked", want: "200|chunked||x<end>", ours: "200|Content-Length: 1||x<end>", handle: setting("Transfer-Encoding", "chunked"), why: "framing is the server's, and a small body has its length"},
	{name: "204 with a length", want: "204||<end>", handle: func(w http.ResponseWriter, _ *http.Request, _ noter) {
		w.Header().Set("Content-Length", "5")
		w.WriteHeader(204)
	}},
	{name: "304 with a length and a type", want: "304||<end>", handle: func(w http.ResponseWriter, _ *http.Request, _ noter) {
		w.Header().Set("Content-Length", "5")
		w.Header().Set("Content-Type", "x/y")
		w.WriteHeader(304)
	}},

	{name: "HEAD is counted", want: "200|Content-Length: 3|Content-Type: text/plain; charset=utf-8||<end>", send: headM, handle: text("abc")},
	{name: "HEAD with nothing written", want: "200||<end>", send: headM, handle: func(http.ResponseWriter, *http.Request, noter) {}},
	{name: "HEAD with a length", want: "200|Content-Length: 7|Content-Type: text/plain; charset=utf-8||<end>", send: headM, handle: setting("Content-Length", "7")},
	{name: "HEAD with Flush", want: "200|Content-Type: text/plain; charset=utf-8||<end>", ours: "200|Content-Type: text/plain; charset=utf-8|chunked||<end>", why: "HEAD has the fields that GET would have (RFC 9110, 9.3.2)", send: headM, handle: flushed},
	{name: "HEAD with 10 KiB", want: "200|Content-Type: text/plain; charset=utf-8||<end>", ours: "200|Content-Type: text/plain; charset=utf-8|chunked||<end>", why: "HEAD has the fields that GET would have (RFC 9110, 9.3.2)", send: headM, handle: text(strings.Repeat("x", 10_000))},
	{name: "HEAD with 404", want: "404|Content-Length: 19|Content-Type: text/plain; charset=utf-8|X-Content-Type-Options: nosniff||<end>", send: headM, handle: func(w http.ResponseWriter, r *http.Request, _ noter) { http.NotFound(w, r) }},
	{name: "HEAD: Write's number", want: "200|Content-Length: 3|Content-Type: text/plain; charset=utf-8||<end> [3 <nil>]", send: headM, handle: func(w http.ResponseWriter, _ *http.Request, note noter) { note(w.Write([]byte("abc"))) }},

	{name: "HTTP/1.0", want: "200|Content-Length: 2|Content-Type: text/plain; charset=utf-8||hi<end>", send: head10, handle: text("hi")},
	{name: "HTTP/1.0 keep-alive", want: "200|Connection: keep-alive|Content-Length: 2|Content-Type: text/plain; charset=utf-8||hi200|Content-Length: 2|Content-Type: text/plain; charset=utf-8||hi<end>", send: "GET / HTTP/1.0|Connection: keep-alive||" + head10, handle: text("hi")},
	{name: "HTTP/1.0 has no chunks", want: "200|Content-Type: text/plain; charset=utf-8||abc<end>", send: head10, handle: flushed},
	{name: "HTTP/1.0 keep-alive without a length", want: "200|Content-Type: text/plain; charset=utf-8||abc<end>", send: "GET / HTTP/1.0|Connection: keep-alive||" + head10, handle: flushed},
	{name: "HTTP/1.0 and 10 KiB", want: "200|Content-Type: text/plain; charset=utf-8||xxxxxxxxxx...10000<end>", send: head10, handle: text(strings.Repeat("x", 10_000))},
	{name: "HTTP/1.0 keep-alive with a 304", want: "304|Connection: keep-alive||304||<end>", send: "GET / HTTP/1.0|Connection: keep-alive||" + head10, handle: status(304)},
	{name: "the handler closes", want: "200|Content-Length: 1|Content-Type: text/plain; charset=utf-8||x<end>", send: bKeep + bKeep, handle: setting("Connection", "close")},
	{name: "the handler cannot keep alive", want: "200|Content-Length: 1|Content-Type: text/plain; charset=utf-8||x<end>", handle: setting("Connection", "keep-alive")},

	{name: "103", want: "103|Link: </a>||200|Content-Length: 1|Content-Type: text/plain; charset=utf-8||x<end>", handle: func(w http.ResponseWriter, _ *http.Request, _ noter) {
		w.Header().Set("Link", "</a>")
		w.WriteHeader(103)
		w.Header().Del("Link")
		io.WriteString(w, "x")
	}},
	{name: "103 twice, and 102", want: "103|Link: </a>||103|Link: </a>|Link: </b>||102|Link: </a>|Link: </b>||200|Content-Length: 0|Link: </a>|Link: </b>||<end>", handle: func(w http.ResponseWriter, _ *http.Request, _ noter) {
		w.Header().Set("Link", "</a>")
		w.WriteHeader(103)
		w.Header().Add("Link", "</b>")
		w.WriteHeader(103)
		w.WriteHeader(102)
	}},
	{name: "103 has no framing", want: "103||200|Content-Length: 1|Content-Type: text/plain; charset=utf-8||x<end>", handle: func(w http.ResponseWriter, _ *http.Request, _ noter) {
		w.Header().Set("Content-Length", "1")
		w.WriteHeader(103)
		io.WriteString(w, "x")
	}},
	{name: "103 after the status", want: "200|Content-Length: 0||<end>", handle: func(w http.ResponseWriter, _ *http.Request, _ noter) {
		w.WriteHeader(200)
		w.WriteHeader(103)
	}},

	{name: "an announced trailer", want: "200|Content-Type: text/plain; charset=utf-8|chunked||x|+A: 1|+B: <end>", handle: func(w http.ResponseWriter, _ *http.Request, _ noter) {
		w.Header().Set("Trailer", "A, B")
		io.WriteString(w, "x")
		w.Header().Set("A", "1")
		w.Header().Set("C", "2")
	}},
	{name: "two trailers in two fields", want: "200|Content-Type: text/plain; charset=utf-8|chunked||abc|+A: 1|+B: 2<end>", handle: func(w http.ResponseWriter, r *http.Request, note noter) {
		w.Header().Add("Trailer", "A")
		w.Header().Add("Trailer", "b")
		flushed(w, r, note)
		w.Header().Set("A", "1")
		w.Header().Set("B", "2")
	}},
	{name: "a trailer nobody announced", want: "200|Content-Type: text/plain; charset=utf-8|chunked||abc|+A: 1<end>", handle: func(w http.ResponseWriter, r *http.Request, note noter) {
		flushed(w, r, note)
		w.Header().Set(http.TrailerPrefix+"A", "1")
	}},
	{name: "a prefixed trailer before the body", want: "200|Content-Type: text/plain; charset=utf-8|chunked||x|+A: 1<end>", handle: func(w http.ResponseWriter, _ *http.Request, _ noter) {
		w.Header().Set(http.TrailerPrefix+"A", "1")
		io.WriteString(w, "x")
	}},
	{name: "a prefixed trailer too late", want: "200|Content-Length: 1|Content-Type: text/plain; charset=utf-8||x<end>", handle: func(w http.ResponseWriter, _ *http.Request, _ noter) {
		io.WriteString(w, "x")
		w.Header().Set(http.TrailerPrefix+"A", "1")
	}},
	{name: "a trailer that may be none", want: "<not http: bad trailer key \"Content-Length\" \"1\\r\\nx\\r\\n0\\r\\n\\r\\n\">", handle: func(w http.ResponseWriter, _ *http.Request, _ noter) {
		w.Header().Set("Trailer", "Content-Length")
		io.WriteString(w, "x")
	}},
	{name: "a trailer to HTTP/1.0", want: "200|Content-Type: text/plain; charset=utf-8|Trailer: A||x<end>", ours: "200|Content-Length: 1|Content-Type: text/plain; charset=utf-8|Trailer: A||x<end>", why: "there are no trailers without chunks, and the body has its length", send: head10, handle: func(w http.ResponseWriter, _ *http.Request, _ noter) {
		w.Header().Set("Trailer", "A")
		io.WriteString(w, "x")
		w.Header().Set("A", "1")
	}},

	{name: "ReadFrom", want: "200|Content-Length: 3|Content-Type: text/plain; charset=utf-8||abc<end> [3 <nil>]", handle: func(w http.ResponseWriter, _ *http.Request, note noter) {
		note(w.(io.ReaderFrom).ReadFrom(strings.NewReader("abc")))
	}},
	{name: "ReadFrom behind Write", want: "200|Content-Type: text/plain; charset=utf-8|chunked||abxxxxxxxx...10002<end> [10000 <nil>]", handle: func(w http.ResponseWriter, _ *http.Request, note noter) {
		io.WriteString(w, "ab")
		note(io.Copy(w, strings.NewReader(strings.Repeat("x", 10_000))))
	}},
	{name: "ReadFrom of a reader that fails", want: "200|Content-Length: 3|Content-Type: text/plain; charset=utf-8||abc<end> [3 failed]", handle: func(w http.ResponseWriter, _ *http.Request, note noter) {
		note(io.Copy(w, io.MultiReader(strings.NewReader("abc"), failing{})))
	}},
	{name: "ReadFrom of a file", want: "200|Content-Length: 90000|Content-Type: x/y||ab01234567...90000<end> [89998 <nil> 90998]", handle: func(w http.ResponseWriter, _ *http.Request, note noter) {
		f := someFile(100_000)
		defer f.Close()
		w.Header().Set("Content-Type", "x/y")
		w.Header().Set("Content-Length", "90000")
		f.Seek(1000, io.SeekStart)
		io.WriteString(w, "ab")
		n, err := io.CopyN(w, f, 89_998)
		at, _ := f.Seek(0, io.SeekCurrent)
		note(n, err, at)
	}},
	{name: "ReadFrom of a file that ends early", want: "200|Content-Length: 100001|Content-Type: x/y||0123456789...100000<cut><end> [100000 <nil>]", ours: "200|Content-Length: 100001|Content-Type: x/y||0123456789...98304<cut><end> [100000 <nil>]", why: "what is still collected of a body that is cut is not sent", handle: func(w http.ResponseWriter, _ *http.Request, note noter) {
		f := someFile(100_000)
		defer f.Close()
		w.Header().Set("Content-Type", "x/y")
		w.Header().Set("Content-Length", "100001")
		note(io.Copy(w, f))
	}},
	{name: "ReadFrom of a file without a length", want: "200|Content-Type: text/plain; charset=utf-8|chunked||0123456789...100000<end> [100000 <nil>]", handle: func(w http.ResponseWriter, _ *http.Request, note noter) {
		f := someFile(100_000)
		defer f.Close()
		note(io.Copy(w, f))
	}},
	{name: "ReadFrom of a file to HEAD", want: "200|Content-Length: 100000|Content-Type: x/y||<end> [100000 <nil>]", send: headM, handle: func(w http.ResponseWriter, _ *http.Request, note noter) {
		f := someFile(100_000)
		defer f.Close()
		w.Header().Set("Content-Type", "x/y")
		w.Header().Set("Content-Length", "100000")
		note(io.Copy(w, f))
	}},

	{name: "a panic", want: "<end>", ours: "500|Content-Length: 26|Content-Type: text/plain; charset=utf-8||500 Internal Server Error/<end>", handle: func(http.ResponseWriter, *http.Request, noter) { panic("boom") }, why: why500},
	{name: "a panic behind a small write", want: "<end>", ours: "500|Content-Length: 26|Content-Type: text/plain; charset=utf-8||500 Internal Server Error/<end>", handle: func(w http.ResponseWriter, _ *http.Request, _ noter) {
		io.WriteString(w, "x")
		panic("boom")
	}, why: why500},
	{name: "a panic behind Flush", want: "200|Content-Type: text/plain; charset=utf-8|chunked||ab<cut><end>", handle: func(w http.ResponseWriter, r *http.Request, note noter) {
		flushed(w, r, note)
		panic("boom")
	}},
	{name: "a panic with nil", want: "<end>", ours: "500|Content-Length: 26|Content-Type: text/plain; charset=utf-8||500 Internal Server Error/<end>", handle: func(http.ResponseWriter, *http.Request, noter) { panic(nil) }, why: why500},
	{name: "ErrAbortHandler", want: "<end>", handle: func(http.ResponseWriter, *http.Request, noter) { panic(http.ErrAbortHandler) }},
	{name: "ErrAbortHandler behind Flush", want: "200|Content-Type: text/plain; charset=utf-8|chunked||ab<cut><end>", handle: func(w http.ResponseWriter, r *http.Request, note noter) {
		flushed(w, r, note)
		panic(http.ErrAbortHandler)
	}},
	{name: "Goexit", want: "<end>", ours: "500|Content-Length: 26|Content-Type: text/plain; charset=utf-8||500 Internal Server Error/<end>", handle: func(http.ResponseWriter, *http.Request, noter) { runtime.Goexit() }, why: why500},
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("failed") }

// someFile is an open file of n bytes that has no name any more.
func someFile(n int) *os.File {
	dir, err := os.MkdirTemp("", "zonda")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	f, err := os.Create(filepath.Join(dir, "f"))
	if err == nil {
		_, err = f.WriteString(strings.Repeat("0123456789", n/10))
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		panic(err)
	}
	return f
}
