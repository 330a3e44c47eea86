package http1_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// redirecting answers /STATUS with that status and a Location, and other paths with what
// it was asked.
func redirecting(to string) http1.HandlerFunc {
	return func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		status := map[string]int{"/301": 301, "/302": 302, "/303": 303, "/307": 307, "/308": 308}[r.Path()]
		if status == 0 {
			_, err = w.WriteString(strings.Join([]string{r.Method, r.Target, r.Host, r.Header.Get("Authorization"),
				r.Header.Get("Cookie"), r.Header.Get("Content-Type"), r.Header.Get("X"), string(body)}, "|"))
			return err
		}
		w.SetStatus(status)
		w.Header().Set("Location", to)
		_, err = w.WriteString("this way")
		return err
	}
}

// Method and body after each kind of redirect (A06): 303 makes a GET of all but HEAD,
// 301 and 302 of a POST, 307 and 308 keep everything.
func TestClientRedirectMethods(t *testing.T) {
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		defer w.serve(co, hostA, redirecting("/there?a#b")).Close()
		for _, tt := range []struct{ path, method, want string }{
			{"/301", "GET", "GET|/there?a|127.0.0.1|||||"},
			{"/302", "GET", "GET|/there?a|127.0.0.1|||||"},
			{"/303", "GET", "GET|/there?a|127.0.0.1|||||"},
			{"/307", "GET", "GET|/there?a|127.0.0.1|||||"},
			{"/308", "GET", "GET|/there?a|127.0.0.1|||||"},
			{"/301", "HEAD", ""},
			{"/303", "HEAD", ""},
			{"/301", "POST", "GET|/there?a|127.0.0.1||||1|"},
			{"/302", "POST", "GET|/there?a|127.0.0.1||||1|"},
			{"/303", "POST", "GET|/there?a|127.0.0.1||||1|"},
			{"/307", "POST", "POST|/there?a|127.0.0.1|||text|1|body"},
			{"/308", "POST", "POST|/there?a|127.0.0.1|||text|1|body"},
			{"/301", "PUT", "PUT|/there?a|127.0.0.1|||text|1|body"},
			{"/302", "PUT", "PUT|/there?a|127.0.0.1|||text|1|body"},
			{"/303", "PUT", "GET|/there?a|127.0.0.1||||1|"},
			{"/307", "PUT", "PUT|/there?a|127.0.0.1|||text|1|body"},
			{"/302", "DELETE", "DELETE|/there?a|127.0.0.1|||||"},
			{"/303", "DELETE", "GET|/there?a|127.0.0.1|||||"},
		} {
			r := &http1.ClientRequest{Method: tt.method, URL: urlOf(tt.path)}
			if strings.HasPrefix(tt.method, "P") {
				r.Body = []byte("body")
				r.Header.Set("Content-Type", "text")
				r.Header.Set("X", "1")
			}
			res, err := w.client.Do(co, r)
			if err != nil || string(res.Body) != tt.want || res.Redirects != 1 || res.Request != r {
				t.Errorf("%s %s: %s, want %q", tt.method, tt.path, brief(res, err), tt.want)
			} else if s := res.URL.String(); s != urlOf("/there?a") {
				t.Errorf("effective URL %s", s)
			}
		}
		return nil
	})
}

// A body that a producer writes can be written again; one of a reader is gone, and the
// redirect is the response.
func TestClientRedirectBodies(t *testing.T) {
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		defer w.serve(co, hostA, redirecting("/there")).Close()
		calls := 0
		res, err := w.client.Do(co, &http1.ClientRequest{Method: "POST", URL: urlOf("/307"), Producer: func(_ *loop.Co, w *http1.BodyWriter) error {
			calls++
			_, err := io.WriteString(w, "body")
			return err
		}})
		if got := brief(res, err); got != `200 "POST|/there|127.0.0.1|||||body"` || calls != 2 {
			t.Errorf("%d calls, %s", calls, got)
		}
		res, err = w.client.Do(co, &http1.ClientRequest{Method: "POST", URL: urlOf("/307"), AnyStatus: true, Reader: strings.NewReader("body")})
		if got := brief(res, err); got != `307 "this way"` {
			t.Error(got)
		}
		return nil
	})
}

// After the last redirect that is permitted, the response is the redirect (A36).
func TestClientRedirectLimit(t *testing.T) {
	withClient(t, &http1.Client{Redirects: 3}, func(co *loop.Co, w *clientWorld) error {
		asked := 0
		defer w.serve(co, hostA, func(_ *loop.Co, rw *http1.ResponseWriter, r *http1.Request) error {
			asked++
			rw.SetStatus(302)
			rw.Header().Set("Location", r.Path()+"x")
			return nil
		}).Close()
		for _, tt := range []struct{ redirects, asked int }{{0, 4}, {1, 2}, {-1, 1}} {
			asked = 0
			_, err := w.client.Do(co, &http1.ClientRequest{URL: urlOf("/"), Redirects: tt.redirects})
			var se *http1.StatusError
			if !errors.As(err, &se) || se.Response.Status != 302 || asked != tt.asked || se.Response.Redirects != asked-1 {
				t.Errorf("limit %d: asked %d times, %v", tt.redirects, asked, err)
			}
		}
		return nil
	})
}

// Another origin gets neither credentials nor cookies (A27), nor does it give them back
// to the first one; the same origin goes on to get them.
func TestClientRedirectSecrets(t *testing.T) {
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		for port, to := range map[string]string{"80": "http://127.0.0.1:81/there", "82": "/there", "83": "http://127.0.0.1:84/301", "84": "http://127.0.0.1:85/there", "81": "", "85": "", "86": "http://b.test:86/there", "87": "http://new:one@127.0.0.1:81/there", "88": "http://127.0.0.1:89/301", "89": "/there"} {
			defer w.serve(co, "127.0.0.1:"+port, redirecting(to)).Close()
		}
		basic := "Basic bWU6cHc="
		for _, tt := range []struct{ from, want string }{
			{"http://127.0.0.1:80/302", "GET|/there|127.0.0.1:81||||1|"},
			{"http://127.0.0.1:82/302", "GET|/there|127.0.0.1:82|" + basic + "|c=1||1|"},
			{"http://127.0.0.1:83/302", "GET|/there|127.0.0.1:85||||1|"},
			{"http://127.0.0.1:88/302", "GET|/there|127.0.0.1:89||||1|"},
			{"http://a.test:86/302", "GET|/there|b.test:86||||1|"},
			{"http://127.0.0.1:87/302", "GET|/there|127.0.0.1:81|Basic bmV3Om9uZQ==|||1|"},
		} {
			for _, own := range []bool{false, true} {
				r := &http1.ClientRequest{URL: tt.from}
				r.Header.Set("Cookie", "c=1")
				r.Header.Set("X", "1")
				if own {
					r.Header.Set("Authorization", basic)
				} else {
					r.User, r.Password = "me", "pw"
				}
				res, err := w.client.Do(co, r)
				if err != nil || string(res.Body) != tt.want {
					t.Errorf("from %s: %s, want %s", tt.from, brief(res, err), tt.want)
				}
			}
		}
		return nil
	})
}

// A redirect needs no second place (A35), and to the same host it uses the connection
// again.
func TestClientRedirectPlace(t *testing.T) {
	withClient(t, &http1.Client{MaxConns: 1}, func(co *loop.Co, w *clientWorld) error {
		defer w.serve(co, hostA, redirecting("/302x")).Close()
		defer w.serve(co, "127.0.0.1:81", redirecting("http://127.0.0.1/there")).Close()
		res, err := w.client.Get(co, "http://127.0.0.1:81/302")
		if err != nil || res.Redirects != 1 {
			t.Errorf("%s", brief(res, err))
		}
		res, err = w.client.Get(co, urlOf("/302"))
		if err != nil || res.Redirects != 1 || !res.Reused {
			t.Errorf("%s", brief(res, err))
		}
		return nil
	})
}

// A redirect that leads to what cannot be asked is an error.
func TestClientRedirectBad(t *testing.T) {
	for _, to := range []string{"ftp://127.0.0.1/", "http://[::1", "http://127.0.0.1:99999/", "file:///etc/passwd"} {
		withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
			defer w.serve(co, hostA, redirecting(to)).Close()
			if _, err := w.client.Get(co, urlOf("/301")); !errors.Is(err, http1.ErrBadRequest) {
				t.Errorf("%s: %v", to, err)
			}
			return nil
		})
	}
}
