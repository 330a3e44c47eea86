package http1_test

import (
	"expvar"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/http/pprof"
	"net/url"
	"strings"
	"testing"
)

// TestStdLibrary: handlers of the standard library that need more than to write, each
// with both servers.
func TestStdLibrary(t *testing.T) {
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/hints":
			w.Header().Set("Link", "</a>")
			w.WriteHeader(103)
		case "/upgrade":
			c, rw, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			io.WriteString(c, wire("HTTP/1.1 101 Switching Protocols|Connection: Upgrade|Upgrade: echo||"))
			l, _ := rw.ReadString('\n')
			io.WriteString(c, "echo "+l)
			return
		case "/broken":
			io.WriteString(w, "part")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Trailer", "Sum")
		n, err := io.Copy(w, r.Body)
		fmt.Fprint(w, "|", err, r.Header.Get("X-Forwarded-For"))
		w.Header().Set("Sum", fmt.Sprint(n))
	}))
	defer back.Close()
	target, err := url.Parse(back.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ErrorLog = log.New(io.Discard, "", 0)
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	mux.Handle("/debug/vars", expvar.Handler())
	mux.Handle("/", proxy)
	big := strings.Repeat("x", 300_000)
	for _, tt := range []struct{ name, method, path, body, want string }{
		{"expvar", "GET", "/debug/vars", "", "memstats"},
		{"pprof index", "GET", "/debug/pprof/", "", "goroutine"},
		{"pprof goroutines", "GET", "/debug/pprof/goroutine?debug=1", "", "goroutine profile"},
		{"pprof heap", "GET", "/debug/pprof/heap?debug=1", "", "heap profile"},
		{"pprof trace", "GET", "/debug/pprof/trace?seconds=0.01", "", "go 1."},
		{"proxy", "POST", "/", "abc", "abc|<nil>127.0.0.1+3"},
		{"proxy: much", "POST", "/", big, big + "|<nil>127.0.0.1+300000"},
		{"proxy: hints", "GET", "/hints", "", "|<nil>127.0.0.1+0"},
		{"proxy: a broken answer", "GET", "/broken", "", "part<cut>"},
	} {
		onBoth(t, tt.name, mux, false, func(t *testing.T, _, addr string) {
			r, err := http.NewRequest(tt.method, "http://"+addr+tt.path, strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			resp, err := c.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			p, err := io.ReadAll(resp.Body)
			got := string(p)
			if err != nil {
				got += "<cut>"
			}
			if sum := resp.Trailer.Get("Sum"); sum != "" {
				got += "+" + sum
			}
			if resp.StatusCode != 200 || !strings.Contains(got, tt.want) {
				t.Errorf("%d %.200s, want %.100s", resp.StatusCode, got, tt.want)
			}
		})
	}
	onBoth(t, "proxy: upgrade", mux, false, func(t *testing.T, _, addr string) {
		got := behaviour{drive: func(t *testing.T, c *caller) {
			c.say("GET /upgrade HTTP/1.1|Host: a|Connection: Upgrade|Upgrade: echo||")
			for c.line() != "" {
			}
			c.say("hello|")
			if l := c.line(); l != "echo hello" {
				t.Error(l)
			}
		}}.check(t, addr, nil)
		if got != "<end>" {
			t.Error(got)
		}
	})
}
