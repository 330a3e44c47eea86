package http1_test

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

func TestCookies(t *testing.T) {
	h := http1.HandlerFunc(func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		for _, c := range r.Cookies() {
			fmt.Fprintf(w, "%s=%s;", c.Name, c.Value)
		}
		c, err := r.Cookie("a")
		if errors.Is(err, http.ErrNoCookie) {
			return nil
		}
		fmt.Fprintf(w, " %s", c.Value)
		return err
	})
	serve(t, h, func(co *loop.Co, w *world) error {
		for _, tt := range []struct{ fields, want string }{
			{"", ""},
			{"Cookie: a=b|", "a=b; b"},
			{"Cookie: a=b; c=d|Cookie: e=f|", "a=b;c=d;e=f; b"},
			{"Cookie: a=b;c=d;  e=f|", "a=b;c=d;e=f; b"},
			{"Cookie: a=1; a=2|", "a=1;a=2; 1"},
			{`Cookie: a="b c"|`, "a=b c; b c"},
			{"Cookie: a=|", "a=; "},
			{"Cookie: =b; ; a; a b=c; d=e|", "a=;d=e; "},
			{"Cookie: a=é; b=c|", "b=c;"},
			{"Cookie: a==b=|", "a==b=; =b="},
		} {
			got := request(co, w, "GET / HTTP/1.1|Host: a|"+tt.fields+"|")
			if _, body, _ := strings.Cut(got, "||"); body != tt.want+"<open>" {
				t.Errorf("%q: %q, want %q", tt.fields, body, tt.want)
			}
		}
		return nil
	})
}

// TestCookiesMany: a head full of cookies, escapes and quotes takes memory in
// proportion to its length. Were it quadratic, it would be 1000 times as much.
func TestCookiesMany(t *testing.T) {
	header := func(n int) *http1.Request {
		r := &http1.Request{}
		r.Header.Add("Cookie", `a="`+strings.Repeat(`\042`, n)+`"; `+strings.Repeat("b=c; ", n)+strings.Repeat(";", n))
		return r
	}
	allocated := func(n int) float64 {
		r := header(n)
		return testing.AllocsPerRun(3, func() { r.Cookies() })
	}
	small, large := allocated(64), allocated(64*32)
	if large > 64*small {
		t.Errorf("%v allocations for 64, %v for 32 times as many", small, large)
	}
}

func TestSetCookie(t *testing.T) {
	for _, tt := range []struct {
		cookie http.Cookie
		want   string // "": refused
	}{
		{http.Cookie{Name: "a", Value: "b", Path: "/"}, "a=b; Path=/"},
		{http.Cookie{Name: "a", Value: "b c,d"}, `a="b c,d"`},
		{http.Cookie{Name: "a", Value: ""}, "a="},
		{http.Cookie{Name: "a", Value: "b", Domain: "x.example", MaxAge: 60, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode},
			"a=b; Domain=x.example; Max-Age=60; HttpOnly; Secure; SameSite=Lax"},
		{http.Cookie{Name: "a", MaxAge: -1}, "a=; Max-Age=0"},
		{http.Cookie{Name: "", Value: "b"}, ""},
		{http.Cookie{Name: "a b", Value: "b"}, ""},
		{http.Cookie{Name: "a=b", Value: "b"}, ""},
		{http.Cookie{Name: "a", Value: "b;c"}, ""},
		{http.Cookie{Name: "a", Value: "b\r\nX: y"}, ""},
		{http.Cookie{Name: "a", Value: "é"}, ""},
		{http.Cookie{Name: "a", Value: "b", Path: "/;Secure"}, ""},
		{http.Cookie{Name: "a", Value: "b", Path: "/\x7f"}, ""},
		{http.Cookie{Name: "a", Value: "b", Domain: "x;y"}, ""},
	} {
		h := http1.HandlerFunc(func(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
			if err := w.SetCookie(&http.Cookie{Name: "first", Value: "1"}); err != nil {
				return err
			}
			err := w.SetCookie(&tt.cookie)
			if (err == nil) != (tt.want != "") || err != nil && !errors.Is(err, http1.ErrBadField) {
				t.Errorf("%+v: %v", tt.cookie, err)
			}
			return nil
		})
		serve(t, h, func(co *loop.Co, w *world) error {
			want := "HTTP/1.1 200 OK|Set-Cookie: first=1|"
			if tt.want != "" {
				want += "Set-Cookie: " + tt.want + "|"
			}
			if got := request(co, w, get); got != want+"DATE|Content-Length: 0||<open>" {
				t.Errorf("got %s", got)
			}
			return nil
		})
	}
}

func TestBasicAuth(t *testing.T) {
	h := http1.HandlerFunc(func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		user, password, ok := r.BasicAuth()
		_, err := fmt.Fprintf(w, "%q %q %v", user, password, ok)
		return err
	})
	serve(t, h, func(co *loop.Co, w *world) error {
		for _, tt := range []struct{ fields, want string }{
			{"", `"" "" false`},
			{"Authorization: Basic dTpwOnE=|", `"u" "p:q" true`},
			{"Authorization: basic Og==|", `"" "" true`},
			{"Authorization: Basic dQ==|", `"" "" false`},
			{"Authorization: Basic !|", `"" "" false`},
			{"Authorization: Bearer dTpw|", `"" "" false`},
			{"Authorization: Basic dTpw|Authorization: Basic dTpw|", `"" "" false`},
		} {
			got := request(co, w, "GET / HTTP/1.1|Host: a|"+tt.fields+"|")
			if !strings.HasSuffix(got, "||"+tt.want+"<open>") {
				t.Errorf("%q: %s", tt.fields, got)
			}
		}
		return nil
	})
}

func TestRedirect(t *testing.T) {
	h := http1.HandlerFunc(func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		return w.Redirect(r, strings.ReplaceAll(r.Query(), "NL", "\r\n"), 302)
	})
	serve(t, h, func(co *loop.Co, w *world) error {
		for _, tt := range []struct{ path, want string }{
			{"/a/b?/c", "/c"},
			{"/a/b?c", "/a/c"},
			{"/a/b?../../../c/", "/c/"},
			{"/a/b?c?d=e/../f", "/a/c?d=e/../f"},
			{"/a/b?http://x.example/", "http://x.example/"},
			{"/a/b?//x.example/y", "//x.example/y"},
			{"http://h/a/b?c", "/a/c"},
			{"/a/b?\xc3\xa9", "/a/%c3%a9"},
		} {
			got := request(co, w, "GET "+tt.path+" HTTP/1.1|Host: a||")
			if !strings.HasPrefix(got, "HTTP/1.1 302 Found|Location: "+tt.want+"|Content-Type: text/html; charset=utf-8|DATE|") || !strings.Contains(got, "||<a href=") {
				t.Errorf("%s: %s", tt.path, got)
			}
		}
		if got := request(co, w, "POST /?/c HTTP/1.1|Host: a||"); got != "HTTP/1.1 302 Found|Location: /c|DATE|Content-Length: 0||<open>" {
			t.Error(got)
		}
		// No line of the url becomes one of the head.
		if got := request(co, w, "GET /?/cNLX-Evil:1 HTTP/1.1|Host: a||"); !strings.HasPrefix(got, "HTTP/1.1 500 ") || strings.Contains(got, "Evil") {
			t.Error(got)
		}
		return nil
	})
	for _, tt := range []handlerCase{
		{name: "status", want: failure + "<open>", log: "Redirect with status 200", handle: func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
			return w.Redirect(r, "/", 200)
		}},
		{name: "own type", want: "HTTP/1.1 308 Permanent Redirect|Content-Type: x|Location: /b|DATE|Content-Length: 0||<open>", handle: func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
			w.Header().Set("Content-Type", "x")
			return w.Redirect(r, "/b", 308)
		}},
	} {
		tt.check(t)
	}
}

func TestError(t *testing.T) {
	h := func(status int, text string) http1.HandlerFunc {
		return func(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
			for _, name := range []string{"Allow", "Content-Type", "Content-Length", "Content-Encoding", "ETag", "Last-Modified", "Cache-Control"} {
				w.Header().Set(name, "1")
			}
			return w.Error(status, text)
		}
	}
	const fields = "|Allow: 1|Content-Type: text/plain; charset=utf-8|X-Content-Type-Options: nosniff|DATE|Content-Length: "
	for _, tt := range []handlerCase{
		{name: "text", handle: h(405, "no"), want: "HTTP/1.1 405 Method Not Allowed" + fields + "3||no\n<open>"},
		{name: "default", handle: h(404, ""), want: "HTTP/1.1 404 Not Found" + fields + "14||404 Not Found\n<open>"},
		{name: "instead of what was written", want: "HTTP/1.1 400 Bad Request|Content-Type: text/plain; charset=utf-8|X-Content-Type-Options: nosniff|DATE|Content-Length: 3||no\n<open>",
			handle: func(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
				w.WriteString("part")
				return w.Error(400, "no")
			}},
		{name: "too late", want: "HTTP/1.1 200 OK|DATE|Transfer-Encoding: chunked||4|part|<end>", log: "has begun",
			handle: func(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
				w.WriteString("part")
				return errors.Join(w.Flush(), w.Error(400, "no"))
			}},
		{name: "unknown", handle: h(599, ""), want: "HTTP/1.1 599 " + fields + "4||599\n<open>"},
	} {
		tt.check(t)
	}
}

func TestErrorOfFailure(t *testing.T) {
	tt := handlerCase{name: "write", want: failure + "<open>", log: "no body", handle: func(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
		return w.Error(204, "no") // it may have none
	}}
	tt.check(t)
}

func ExampleRequest_BasicAuth() {
	// Hashes have one length, whatever was sent: comparing tells nothing about it.
	user := sha256.Sum256([]byte("user"))
	secret := sha256.Sum256([]byte(os.Getenv("SECRET")))
	_ = http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		name, password, _ := r.BasicAuth()
		n, p := sha256.Sum256([]byte(name)), sha256.Sum256([]byte(password))
		if subtle.ConstantTimeCompare(n[:], user[:])&subtle.ConstantTimeCompare(p[:], secret[:]) != 1 {
			w.Header().Set("WWW-Authenticate", `Basic realm="zonda"`)
			return w.Error(401, "")
		}
		_, err := w.WriteString("welcome\n")
		return err
	})
}

func ExampleResponseWriter_SetCookie() {
	_ = http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		return w.SetCookie(&http.Cookie{
			Name: "session", Value: "8f3a", Path: "/",
			HttpOnly: true, Secure: true, SameSite: http.SameSiteLaxMode,
		})
	})
}
