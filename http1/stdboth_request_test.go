package http1_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// noting is a handler that notes what find finds in the request.
func noting(find func(r *http.Request) any) func(http.ResponseWriter, *http.Request, noter) {
	return func(_ http.ResponseWriter, r *http.Request, note noter) { note(find(r)) }
}

// target is a request for one.
func target(s string) string { return "GET " + s + " HTTP/1.1|Host: a|Connection: close||" }

// with is a request with further fields.
func with(fields string) string { return "GET / HTTP/1.1|Host: a|Connection: close|" + fields + "||" }

// posted is a request with a body, of fields and body in the notation of wire.
func posted(rest string) string { return "POST /p?q=1 HTTP/1.1|Host: a|Connection: close|" + rest }

const (
	chunks   = "Transfer-Encoding: chunked||3|abc|2|de|0||"
	trailing = "Transfer-Encoding: chunked|Trailer: A, b||3|abc|0|A: 1|B: 2|C: 3||"
)

func bodyOf(r *http.Request) any {
	p, err := io.ReadAll(r.Body)
	return fmt.Sprintf("%q %v", p, err)
}

var requestBehaviours = []behaviour{
	{name: "method", want: "200|Content-Length: 0||<end> [GET]", handle: noting(func(r *http.Request) any { return r.Method })},
	{name: "a method of one's own", want: "200|Content-Length: 0||<end> [FROB]", send: "FROB / HTTP/1.1|Host: a|Connection: close||", handle: noting(func(r *http.Request) any { return r.Method })},
	{name: "a method in small letters", want: "200|Content-Length: 0||<end> [get]", send: "get / HTTP/1.1|Host: a|Connection: close||", handle: noting(func(r *http.Request) any { return r.Method })},
	{name: "path", want: "200|Content-Length: 0||<end> [/a/b.c]", send: target("/a/b.c"), handle: noting(func(r *http.Request) any { return r.URL.Path })},
	{name: "escaped path", want: "200|Content-Length: 0||<end> [/a b/c /a%20b%2Fc /a%20b%2Fc]", send: target("/a%20b%2Fc"), handle: noting(func(r *http.Request) any {
		return fmt.Sprint(r.URL.Path, " ", r.URL.RawPath, " ", r.URL.EscapedPath())
	})},
	{name: "a path with odd characters", want: "200|Content-Length: 0||<end> [/a(b)'!*;,$ /a(b)'!*;,$]", send: target("/a(b)'!*;,$"), handle: noting(func(r *http.Request) any { return fmt.Sprint(r.URL.Path, " ", r.URL.RawPath) })},
	{name: "a path with two slashes", want: "200|Content-Length: 0||<end> [ //a//b]", send: target("//a//b"), handle: noting(func(r *http.Request) any { return fmt.Sprint(r.URL.Host, " ", r.URL.Path) })},
	{name: "a path with dots", want: "200|Content-Length: 0||<end> [/a/../b/./c]", send: target("/a/../b/./c"), handle: noting(func(r *http.Request) any { return r.URL.Path })},
	{name: "a path with a colon", want: "200|Content-Length: 0||<end> [/a:b@c]", send: target("/a:b@c"), handle: noting(func(r *http.Request) any { return r.URL.Path })},
	{name: "query", want: "200|Content-Length: 0||<end> [b=c&d=%20emap[b:[c] d:[ e]]]", send: target("/a?b=c&d=%20e"), handle: noting(func(r *http.Request) any { return fmt.Sprint(r.URL.RawQuery, r.URL.Query()) })},
	{name: "an empty query", want: "200|Content-Length: 0||<end> [\"\" true /a?]", send: target("/a?"), handle: noting(func(r *http.Request) any { return fmt.Sprintf("%q %v %v", r.URL.RawQuery, r.URL.ForceQuery, r.URL) })},
	{name: "a query with a question mark", want: "200|Content-Length: 0||<end> [\"b?c?\" false]", send: target("/a?b?c?"), handle: noting(func(r *http.Request) any { return fmt.Sprintf("%q %v", r.URL.RawQuery, r.URL.ForceQuery) })},
	{name: "a bad escape", want: "400|Content-Type: text/plain; charset=utf-8|no Date||400 Bad Request<end>", ours: "400|Content-Length: 16|Content-Type: text/plain; charset=utf-8||400 Bad Request/<end>", send: target("/%zz"), handle: noting(func(r *http.Request) any { return r.URL }),
		why: "the refusal has no body worth the name, and the connection closes all the same"},
	{name: "RequestURI", want: "200|Content-Length: 0||<end> [/a%20b?c]", send: target("/a%20b?c"), handle: noting(func(r *http.Request) any { return r.RequestURI })},
	{name: "absolute target", want: "200|Content-Length: 0||<end> [b:8 http://b:8/c?d http://b:8/c?d]", send: target("http://b:8/c?d"), handle: noting(func(r *http.Request) any { return fmt.Sprint(r.Host, " ", r.URL, " ", r.RequestURI) })},
	{name: "OPTIONS *", want: "200|Content-Length: 0||<end>", ours: "200|Content-Length: 0||<end> [* *]", send: "OPTIONS * HTTP/1.1|Host: a|Connection: close||", handle: noting(func(r *http.Request) any { return fmt.Sprint(r.URL.Path, " ", r.RequestURI) }),
		why: "net/http answers this one itself; here the handler may"},
	{name: "CONNECT", want: "404|Content-Length: 0||<end> [b:1b:1 b:1]", send: "CONNECT b:1 HTTP/1.1|Host: b:1|Connection: close||", handle: func(w http.ResponseWriter, r *http.Request, note noter) {
		note(r.Host, r.URL.Host, r.URL.Path, " ", r.RequestURI)
		w.WriteHeader(404)
	}},
	{name: "Host", want: "200|Content-Length: 0||<end> [a[]]", handle: noting(func(r *http.Request) any { return fmt.Sprint(r.Host, r.Header["Host"]) })},
	{name: "Host with a port", want: "200|Content-Length: 0||<end> [a:81]", send: "GET / HTTP/1.1|Host: a:81|Connection: close||", handle: noting(func(r *http.Request) any { return r.Host })},
	{name: "version 1.1", want: "200|Content-Length: 0||<end> [HTTP/1.11 1 true]", handle: noting(func(r *http.Request) any {
		return fmt.Sprint(r.Proto, r.ProtoMajor, r.ProtoMinor, r.ProtoAtLeast(1, 1))
	})},
	{name: "version 1.0", want: "200|Content-Length: 0||<end> [HTTP/1.01 0]", send: head10, handle: noting(func(r *http.Request) any { return fmt.Sprint(r.Proto, r.ProtoMajor, r.ProtoMinor) })},
	{name: "version 1.0 without a Host", want: "200|Content-Length: 0||<end> [true]", send: head10, handle: noting(func(r *http.Request) any { return r.Host == "" })},
	{name: "names are canonical", want: "200|Content-Length: 0||<end> [map[Connection:[close] X-Ab-C:[1]]]", send: with("x-aB-c: 1"), handle: noting(func(r *http.Request) any { return r.Header })},
	{name: "fields of one name", want: "200|Content-Length: 0||<end> [map[A:[1 3] B:[2] Connection:[close]]]", send: with("a: 1|B: 2|A: 3"), handle: noting(func(r *http.Request) any { return r.Header })},
	{name: "blanks around values", want: "200|Content-Length: 0||<end> [[\"1  2\"]]", send: with("A:  1  2  "), handle: noting(func(r *http.Request) any { return fmt.Sprintf("%q", r.Header["A"]) })},
	{name: "an empty field", want: "200|Content-Length: 0||<end> [[\"\"]]", send: with("A:"), handle: noting(func(r *http.Request) any { return fmt.Sprintf("%q", r.Header["A"]) })},
	{name: "ten fields", want: "200|Content-Length: 0||<end> [map[A:[1] B:[2] C:[3] Connection:[close] D:[4] E:[5] F:[6] G:[7] H:[8] I:[9] J:[10]]]", send: with("A: 1|B: 2|C: 3|D: 4|E: 5|F: 6|G: 7|H: 8|I: 9|J: 10"), handle: noting(func(r *http.Request) any { return r.Header })},
	{name: "Pragma", want: "200|Content-Length: 0||<end> [map[Cache-Control:[no-cache] Connection:[close] Pragma:[no-cache]]]", send: with("Pragma: no-cache"), handle: noting(func(r *http.Request) any { return r.Header })},
	{name: "Pragma and Cache-Control", want: "200|Content-Length: 0||<end> [map[Cache-Control:[x] Connection:[close] Pragma:[no-cache]]]", send: with("Pragma: no-cache|Cache-Control: x"), handle: noting(func(r *http.Request) any { return r.Header })},
	{name: "cookies", want: "200|Content-Length: 0||<end> [[a=1 b=2]]", send: with("Cookie: a=1; b=2"), handle: noting(func(r *http.Request) any { return r.Cookies() })},
	{name: "BasicAuth", want: "200|Content-Length: 0||<end> [uptrue]", send: with("Authorization: Basic dTpw"), handle: noting(func(r *http.Request) any {
		u, p, ok := r.BasicAuth()
		return fmt.Sprint(u, p, ok)
	})},
	{name: "UserAgent and Referer", want: "200|Content-Length: 0||<end> [methere]", send: with("User-Agent: me|Referer: there"), handle: noting(func(r *http.Request) any { return r.UserAgent() + r.Referer() })},
	{name: "Close", want: "200|Content-Length: 0||<end> [true]", handle: noting(func(r *http.Request) any { return r.Close })},
	{name: "Close is not said", want: "200|Content-Length: 0||200|Content-Length: 0||<end> [false] [true]", send: bKeep + bGet, handle: noting(func(r *http.Request) any { return r.Close })},
	{name: "Close of HTTP/1.0", want: "200|Content-Length: 0||<end> [true]", send: head10, handle: noting(func(r *http.Request) any { return r.Close })},
	{name: "RemoteAddr", want: "200|Content-Length: 0||<end> [127.0.0.1true <nil>]", handle: noting(func(r *http.Request) any {
		host, port, err := net.SplitHostPort(r.RemoteAddr)
		return fmt.Sprint(host, port != "", err)
	})},
	{name: "TLS is nil", want: "200|Content-Length: 0||<end> [true]", handle: noting(func(r *http.Request) any { return r.TLS == nil })},
	{name: "Pattern is empty", want: "200|Content-Length: 0||<end> [true]", handle: noting(func(r *http.Request) any { return r.Pattern == "" })},
	{name: "Response and GetBody are nil", want: "200|Content-Length: 0||<end> [true true]", handle: noting(func(r *http.Request) any { return fmt.Sprint(r.Response == nil, r.GetBody == nil) })},
	{name: "ServerContextKey", want: "200|Content-Length: 0||<end> [true]", handle: noting(func(r *http.Request) any {
		srv, ok := r.Context().Value(http.ServerContextKey).(*http.Server)
		return fmt.Sprint(ok && srv.Handler != nil)
	})},
	{name: "LocalAddrContextKey", want: "200|Content-Length: 0||<end> [true *net.TCPAddr true]", handle: noting(func(r *http.Request) any {
		a, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
		return fmt.Sprintf("%v %T %v", ok, a, strings.HasPrefix(a.String(), "127.0.0.1:"))
	})},
	{name: "another context key", want: "200|Content-Length: 0||<end> [<nil>]", handle: noting(func(r *http.Request) any { return r.Context().Value("x") })},
	{name: "the context has no deadline", want: "200|Content-Length: 0||<end> [false <nil>]", handle: noting(func(r *http.Request) any {
		_, ok := r.Context().Deadline()
		return fmt.Sprint(ok, r.Context().Err())
	})},
	{name: "the context ends with the handler", want: "200|Content-Length: 0||200|Content-Length: 0||<end> [context canceled]", send: bKeep + bGet, handle: func() func(http.ResponseWriter, *http.Request, noter) {
		var first context.Context
		return func(_ http.ResponseWriter, r *http.Request, note noter) {
			if first != nil {
				<-first.Done()
				note(first.Err())
				first = nil
				return
			}
			first = r.Context()
		}
	}()},
	{name: "a context made from it ends with it", want: "200|Content-Length: 0||200|Content-Length: 0||<end> [context canceled context canceled]", send: bKeep + bGet, handle: func() func(http.ResponseWriter, *http.Request, noter) {
		var first context.Context
		return func(_ http.ResponseWriter, r *http.Request, note noter) {
			if first != nil {
				<-first.Done()
				note(first.Err(), " ", context.Cause(first))
				first = nil
				return
			}
			var stop func()
			first, stop = context.WithTimeout(r.Context(), time.Hour)
			context.AfterFunc(first, stop)
		}
	}()},
	{name: "WithContext", want: "200|Content-Length: 0||<end> [b]", handle: noting(func(r *http.Request) any {
		return r.WithContext(context.WithValue(r.Context(), aKey{}, "b")).Context().Value(aKey{})
	})},
	{name: "Clone", want: "200|Content-Length: 0||<end> [map[Connection:[close]] /]", handle: noting(func(r *http.Request) any {
		c := r.Clone(r.Context())
		c.Header.Set("X", "1")
		return fmt.Sprint(r.Header, c.URL)
	})},

	{name: "no body", want: "200|Content-Length: 0||<end> [0 true []]", handle: noting(func(r *http.Request) any {
		return fmt.Sprint(r.ContentLength, r.Body == http.NoBody, r.TransferEncoding)
	})},
	{name: "a body of length 0", want: "200|Content-Length: 0||<end> [0 true]", send: posted("Content-Length: 0||"), handle: noting(func(r *http.Request) any { return fmt.Sprint(r.ContentLength, r.Body == http.NoBody) })},
	{name: "a POST without a length", want: "200|Content-Length: 0||<end> [0 true]", send: posted("|"), handle: noting(func(r *http.Request) any { return fmt.Sprint(r.ContentLength, r.Body == http.NoBody) })},
	{name: "a body with a length", want: "200|Content-Length: 0||<end> [3 map[Connection:[close] Content-Length:[3]] []\"abc\" <nil>]", send: posted("Content-Length: 3||abc"), handle: noting(func(r *http.Request) any {
		return fmt.Sprint(r.ContentLength, r.Header, r.TransferEncoding, bodyOf(r))
	})},
	{name: "a chunked body", want: "200|Content-Length: 0||<end> [-1 map[Connection:[close]] [chunked]\"abcde\" <nil>]", send: posted(chunks), handle: noting(func(r *http.Request) any {
		return fmt.Sprint(r.ContentLength, r.Header, r.TransferEncoding, bodyOf(r))
	})},
	{name: "a body with GET", want: "200|Content-Length: 0||<end> [\"abc\" <nil>]", send: with("Content-Length: 3||abc"), handle: noting(bodyOf)},
	{name: "reading on behind the end", want: "200|Content-Length: 0||<end> [0 EOF]", send: posted("Content-Length: 3||abc"), handle: noting(func(r *http.Request) any {
		io.ReadAll(r.Body)
		n, err := r.Body.Read(make([]byte, 1))
		return fmt.Sprint(n, err)
	})},
	{name: "a body byte by byte", want: "200|Content-Length: 0||<end> [abcde EOF]", send: posted(chunks), handle: noting(func(r *http.Request) any {
		var got []byte
		for p := make([]byte, 1); ; {
			n, err := r.Body.Read(p)
			got = append(got, p[:n]...)
			if err != nil {
				return fmt.Sprintf("%s %v", got, err)
			}
		}
	})},
	{name: "a read of nothing", want: "200|Content-Length: 0||<end> [0 <nil>\"abc\" <nil>]", send: posted("Content-Length: 3||abc"), handle: noting(func(r *http.Request) any {
		n, err := r.Body.Read(nil)
		return fmt.Sprint(n, err, bodyOf(r))
	})},
	{name: "a body that was closed", want: "200|Content-Length: 0||<end> [<nil> true]", send: posted("Content-Length: 3||abc"), handle: noting(func(r *http.Request) any {
		err := r.Body.Close()
		_, after := r.Body.Read(make([]byte, 1))
		return fmt.Sprint(err, after == http.ErrBodyReadAfterClose)
	})},
	{name: "a large body", want: "200|Content-Length: 0||<end> [200000 <nil>]", send: posted("Content-Length: 200000||" + strings.Repeat("x", 200_000)), handle: noting(func(r *http.Request) any {
		n, err := io.Copy(io.Discard, r.Body)
		return fmt.Sprint(n, err)
	})},
	{name: "an echo of it", want: "200|Content-Type: text/plain; charset=utf-8|chunked||xxxxxxxxxx...200000<end> [200000 <nil>]", send: posted("Content-Length: 200000||" + strings.Repeat("x", 200_000)), handle: func(w http.ResponseWriter, r *http.Request, note noter) {
		note(io.Copy(w, r.Body))
	}},
	{name: "announced trailers", want: "200|Content-Length: 0||<end> [map[A:[] B:[]] map[Connection:[close]]map[A:[1] B:[2] C:[3]]]", send: posted(trailing), handle: noting(func(r *http.Request) any {
		before := fmt.Sprint(r.Trailer, r.Header)
		io.Copy(io.Discard, r.Body)
		return fmt.Sprint(before, r.Trailer)
	})},
	{name: "trailers nobody announced", want: "200|Content-Length: 0||<end> [true map[A:[1]]]", send: posted("Transfer-Encoding: chunked||0|A: 1||"), handle: noting(func(r *http.Request) any {
		before := r.Trailer == nil
		io.Copy(io.Discard, r.Body)
		return fmt.Sprint(before, r.Trailer)
	})},
	{name: "a chunk that is none", want: "200|Content-Length: 0||<end> [true]", send: posted("Transfer-Encoding: chunked||x|"), handle: noting(func(r *http.Request) any {
		_, err := io.ReadAll(r.Body)
		return err != nil
	})},
	{name: "a form in the query", want: "200|Content-Length: 0||<end> [<nil> map[a:[1 2] b:[3]] map[]1]", send: target("/?a=1&a=2&b=3"), handle: noting(func(r *http.Request) any {
		return fmt.Sprint(r.ParseForm(), r.Form, r.PostForm, r.FormValue("a"))
	})},
	{name: "a form in the body", want: "200|Content-Length: 0||<end> [<nil> map[a:[1] b:[2] q:[1]] map[a:[1] b:[2]]]", send: posted("Content-Type: application/x-www-form-urlencoded|Content-Length: 7||a=1&b=2"), handle: noting(func(r *http.Request) any {
		return fmt.Sprint(r.ParseForm(), r.Form, r.PostForm, r.PostFormValue("q"))
	})},
	{name: "a form in parts", want: "200|Content-Length: 0||<end> [<nil> <nil>1name.txtcontent]", send: posted(form()), handle: noting(func(r *http.Request) any {
		err := r.ParseMultipartForm(1 << 20)
		f, h, err2 := r.FormFile("f")
		p, _ := io.ReadAll(f)
		return fmt.Sprint(err, err2, r.FormValue("a"), h.Filename, string(p))
	})},
	{name: "MultipartReader", want: "200|Content-Length: 0||<end> [a<nil>]", send: posted(form()), handle: noting(func(r *http.Request) any {
		mr, err := r.MultipartReader()
		if err != nil {
			return err
		}
		part, err := mr.NextPart()
		return fmt.Sprint(part.FormName(), err)
	})},
}

// form is fields and body of a form in parts.
func form() string {
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	_ = m.SetBoundary("xyz")
	_ = m.WriteField("a", "1")
	f, _ := m.CreateFormFile("f", "name.txt")
	io.WriteString(f, "content")
	m.Close()
	return fmt.Sprintf("Content-Type: %s|Content-Length: %d||%s", m.FormDataContentType(), b.Len(), b.String())
}

// serving is a behaviour's handler of an http.Handler.
func serving(h http.Handler) func(http.ResponseWriter, *http.Request, noter) {
	return func(w http.ResponseWriter, r *http.Request, _ noter) { h.ServeHTTP(w, r) }
}

var muxed = func() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /item/{id}", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.PathValue("id")+" "+r.Pattern) })
	m.HandleFunc("/dir/", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "dir") })
	m.HandleFunc("a/host", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "host") })
	return m
}()

var content = strings.Repeat("0123456789", 10)

func serveContent(w http.ResponseWriter, r *http.Request, _ noter) {
	w.Header().Set("ETag", `"e"`)
	http.ServeContent(w, r, "x.txt", time.Unix(1_000_000_000, 0), strings.NewReader(content))
}

func fileServer(w http.ResponseWriter, r *http.Request, _ noter) {
	dir, err := os.MkdirTemp("", "zonda")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	for name, text := range map[string]string{"a.txt": "text", "index.html": "<p>", "big.bin": strings.Repeat("x", 300_000)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			panic(err)
		}
		_ = os.Chtimes(filepath.Join(dir, name), time.Time{}, time.Unix(1_000_000_000, 0))
	}
	http.FileServer(http.Dir(dir)).ServeHTTP(w, r)
}

var helperBehaviours = []behaviour{
	{name: "http.Error", want: "403|Content-Length: 3|Content-Type: text/plain; charset=utf-8|X-Content-Type-Options: nosniff||no/<end>", handle: func(w http.ResponseWriter, r *http.Request, _ noter) { http.Error(w, "no", http.StatusForbidden) }},
	{name: "http.NotFound", want: "404|Content-Length: 19|Content-Type: text/plain; charset=utf-8|X-Content-Type-Options: nosniff||404 page not found/<end>", handle: func(w http.ResponseWriter, r *http.Request, _ noter) { http.NotFound(w, r) }},
	{name: "http.Redirect", want: "302|Content-Length: 25|Content-Type: text/html; charset=utf-8|Location: /b||<a href=\"/b\">Found</a>.//<end>", handle: func(w http.ResponseWriter, r *http.Request, _ noter) { http.Redirect(w, r, "b", http.StatusFound) }},
	{name: "http.RedirectHandler", want: "301|Content-Length: 44|Content-Type: text/html; charset=utf-8|Location: http://b/||<a href=\"http://b/\">Moved Permanently</a>.//<end>", handle: serving(http.RedirectHandler("http://b/", http.StatusMovedPermanently))},
	{name: "http.SetCookie", want: "200|Content-Length: 0|Set-Cookie: a=b; Path=/; HttpOnly||<end>", handle: func(w http.ResponseWriter, r *http.Request, _ noter) {
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b", Path: "/", HttpOnly: true})
	}},
	{name: "http.StripPrefix", want: "200|Content-Length: 2|Content-Type: text/plain; charset=utf-8||/b<end>", send: target("/a/b"), handle: serving(http.StripPrefix("/a", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.URL.Path) })))},
	{name: "ServeMux: a wildcard", want: "200|Content-Length: 16|Content-Type: text/plain; charset=utf-8||7 GET /item/{id}<end>", send: target("/item/7"), handle: serving(muxed)},
	{name: "ServeMux: another method", want: "405|Allow: GET, HEAD|Content-Length: 19|Content-Type: text/plain; charset=utf-8|X-Content-Type-Options: nosniff||Method Not Allowed/<end>", send: "POST /item/7 HTTP/1.1|Host: a|Connection: close||", handle: serving(muxed)},
	{name: "ServeMux: a slash is missing", want: "307|Content-Length: 41|Content-Type: text/html; charset=utf-8|Location: /dir/||<a href=\"/dir/\">Temporary Redirect</a>.//<end>", send: target("/dir"), handle: serving(muxed)},
	{name: "ServeMux: a path is cleaned", want: "307|Content-Length: 42|Content-Type: text/html; charset=utf-8|Location: /dir/x||<a href=\"/dir/x\">Temporary Redirect</a>.//<end>", send: target("/dir/../dir/x"), handle: serving(muxed)},
	{name: "ServeMux: a host", want: "200|Content-Length: 4|Content-Type: text/plain; charset=utf-8||host<end>", send: target("/host"), handle: serving(muxed)},
	{name: "ServeMux: nothing", want: "404|Content-Length: 19|Content-Type: text/plain; charset=utf-8|X-Content-Type-Options: nosniff||404 page not found/<end>", send: target("/x"), handle: serving(muxed)},
	{name: "TimeoutHandler in time", want: "201|A: 1|Content-Length: 1|Content-Type: text/plain; charset=utf-8||x<end>", handle: serving(http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("A", "1")
		w.WriteHeader(201)
		io.WriteString(w, "x")
	}), time.Minute, "late"))},
	{name: "TimeoutHandler too late", want: "503|Content-Length: 4|Content-Type: text/plain; charset=utf-8||late<end>", handle: serving(http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
	}), time.Millisecond, "late"))},
	{name: "MaxBytesReader", want: "413|Content-Length: 6|Content-Type: text/plain; charset=utf-8|X-Content-Type-Options: nosniff||large/<end> [abc http: request body too large]", send: posted("Content-Length: 5||abcde"), handle: func(w http.ResponseWriter, r *http.Request, note noter) {
		p, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 3))
		note(string(p), " ", err)
		http.Error(w, "large", http.StatusRequestEntityTooLarge)
	}},
	{name: "MaxBytesHandler", want: "200|Content-Length: 0||<end> [<nil>]", send: posted("Content-Length: 5||abcde"), handle: func(w http.ResponseWriter, r *http.Request, note noter) {
		http.MaxBytesHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, err := io.ReadAll(r.Body)
			note(err)
		}), 5).ServeHTTP(w, r)
	}},
	{name: "AllowQuerySemicolons", want: "200|Content-Length: 1|Content-Type: text/plain; charset=utf-8||2<end>", send: target("/?a=1;b=2"), handle: serving(http.AllowQuerySemicolons(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.URL.Query().Get("b"))
	})))},
	{name: "ServeContent", want: "200|Accept-Ranges: bytes|Content-Length: 100|Content-Type: text/plain; charset=utf-8|Etag: \"e\"|Last-Modified: Sun, 09 Sep 2001 01:46:40 GMT||0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789<end>", handle: serveContent},
	{name: "ServeContent: a range", want: "206|Accept-Ranges: bytes|Content-Length: 3|Content-Range: bytes 3-5/100|Content-Type: text/plain; charset=utf-8|Etag: \"e\"|Last-Modified: Sun, 09 Sep 2001 01:46:40 GMT||345<end>", send: with("Range: bytes=3-5"), handle: serveContent},
	{name: "ServeContent: the end", want: "206|Accept-Ranges: bytes|Content-Length: 2|Content-Range: bytes 98-99/100|Content-Type: text/plain; charset=utf-8|Etag: \"e\"|Last-Modified: Sun, 09 Sep 2001 01:46:40 GMT||89<end>", send: with("Range: bytes=-2"), handle: serveContent},
	{name: "ServeContent: a range beyond", want: "416|Content-Length: 33|Content-Range: bytes */100|Content-Type: text/plain; charset=utf-8|X-Content-Type-Options: nosniff||invalid range: failed to overlap/<end>", send: with("Range: bytes=100-"), handle: serveContent},
	{name: "ServeContent: not modified", want: "304|Etag: \"e\"||<end>", send: with(`If-None-Match: "e"`), handle: serveContent},
	{name: "ServeContent: not modified since", want: "304|Etag: \"e\"||<end>", send: with("If-Modified-Since: Sun, 09 Sep 2001 01:46:40 GMT"), handle: serveContent},
	{name: "ServeContent: another version", want: "412|Content-Length: 0|Etag: \"e\"|Last-Modified: Sun, 09 Sep 2001 01:46:40 GMT||<end>", send: with(`If-Match: "f"`), handle: serveContent},
	{name: "ServeContent: HEAD", want: "200|Accept-Ranges: bytes|Content-Length: 100|Content-Type: text/plain; charset=utf-8|Etag: \"e\"|Last-Modified: Sun, 09 Sep 2001 01:46:40 GMT||<end>", send: headM, handle: serveContent},
	{name: "FileServer: a file", want: "200|Accept-Ranges: bytes|Content-Length: 4|Content-Type: text/plain; charset=utf-8|Last-Modified: Sun, 09 Sep 2001 01:46:40 GMT||text<end>", send: target("/a.txt"), handle: fileServer},
	{name: "FileServer: a large file", want: "200|Accept-Ranges: bytes|Content-Length: 300000|Content-Type: application/octet-stream|Last-Modified: Sun, 09 Sep 2001 01:46:40 GMT||xxxxxxxxxx...300000<end>", send: target("/big.bin"), handle: fileServer},
	{name: "FileServer: a part of it", want: "206|Accept-Ranges: bytes|Content-Length: 200000|Content-Range: bytes 1000-200999/300000|Content-Type: application/octet-stream|Last-Modified: Sun, 09 Sep 2001 01:46:40 GMT||xxxxxxxxxx...200000<end>", send: "GET /big.bin HTTP/1.1|Host: a|Connection: close|Range: bytes=1000-200999||", handle: fileServer},
	{name: "FileServer: the index", want: "200|Accept-Ranges: bytes|Content-Length: 3|Content-Type: text/html; charset=utf-8|Last-Modified: Sun, 09 Sep 2001 01:46:40 GMT||<p><end>", send: target("/"), handle: fileServer},
	{name: "FileServer: the index by name", want: "301|Content-Length: 0|Location: ./||<end>", send: target("/index.html"), handle: fileServer},
	{name: "FileServer: nothing", want: "404|Content-Length: 19|Content-Type: text/plain; charset=utf-8|X-Content-Type-Options: nosniff||404 page not found/<end>", send: target("/no"), handle: fileServer},
	{name: "FileServer: out of it", want: "404|Content-Length: 19|Content-Type: text/plain; charset=utf-8|X-Content-Type-Options: nosniff||404 page not found/<end>", send: target("/../../etc/passwd"), handle: fileServer},
	{name: "FileServer: HEAD", want: "200|Accept-Ranges: bytes|Content-Length: 300000|Content-Type: application/octet-stream|Last-Modified: Sun, 09 Sep 2001 01:46:40 GMT||<end>", send: "HEAD /big.bin HTTP/1.1|Host: a|Connection: close||", handle: fileServer},
	{name: "ResponseController.Unwrap", want: "200|Content-Type: text/plain; charset=utf-8|chunked||a<end> [<nil> <nil> <nil> <nil>]", handle: func(w http.ResponseWriter, r *http.Request, note noter) {
		rc := http.NewResponseController(wrapped{w})
		io.WriteString(w, "a")
		note(rc.Flush(), rc.SetReadDeadline(time.Time{}), rc.SetWriteDeadline(time.Time{}), rc.EnableFullDuplex())
	}},
}

type wrapped struct{ http.ResponseWriter }

func (w wrapped) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// aKey is one for a context's values.
type aKey struct{}
