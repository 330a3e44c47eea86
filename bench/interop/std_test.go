package interop

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	coder "github.com/coder/websocket"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	gorilla "github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// onStd serves an unmodified handler of others while body runs.
func onStd(t *testing.T, h http.Handler, body func(ctx context.Context, addr string)) {
	t.Helper()
	l, err := loop.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http1.Server{Handler: http1.Std(h), Logger: slog.New(slog.DiscardHandler)}
	addr, err := srv.Listen(l, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- l.Run() }()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	body(ctx, addr.String())
	if err := srv.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	l.Close()
	<-ended
}

// fetch asks, and gives status, some fields and body.
func fetch(ctx context.Context, t *testing.T, method, url, body string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Request-Id", "id-7")
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	p, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(p)
}

// TestChi: its router with its middleware stack.
func TestChi(t *testing.T) {
	r := chi.NewRouter()
	r.Use(middleware.RequestID, middleware.RequestLogger(&middleware.DefaultLogFormatter{Logger: quiet{}, NoColor: true}),
		middleware.Recoverer, middleware.Compress(5), middleware.Timeout(10*time.Second), middleware.StripSlashes,
		middleware.Heartbeat("/ping"), middleware.Throttle(10))
	r.Get("/item/{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, chi.URLParam(r, "id"), " ", middleware.GetReqID(r.Context()))
	})
	r.Get("/panic", func(http.ResponseWriter, *http.Request) { panic("boom") })
	r.Get("/stream", func(w http.ResponseWriter, _ *http.Request) {
		for i := range 3 {
			fmt.Fprint(w, i)
			w.(http.Flusher).Flush()
		}
	})
	r.With(middleware.BasicAuth("x", map[string]string{"u": "p"})).Post("/secret", func(http.ResponseWriter, *http.Request) {})
	r.Route("/sub", func(r chi.Router) {
		r.Post("/echo", func(w http.ResponseWriter, r *http.Request) {
			p, _ := io.ReadAll(r.Body)
			w.Header().Set("Content-Type", "text/plain")
			w.Write(p)
		})
	})
	big := strings.Repeat("compress me ", 20_000)
	onStd(t, r, func(ctx context.Context, addr string) {
		for _, tt := range []struct {
			method, path, body, want string
			status                   int
		}{
			{"GET", "/item/7", "", "7 id-7", 200},
			{"GET", "/item/7/", "", "7 id-7", 200},
			{"GET", "/ping", "", ".", 200},
			{"GET", "/panic", "", "", 500},
			{"GET", "/stream", "", "012", 200},
			{"POST", "/secret", "", "", 401},
			{"POST", "/sub/echo", big, big, 200},
			{"GET", "/sub/echo", "", "", 405},
			{"GET", "/none", "", "404 page not found\n", 404},
		} {
			resp, got := fetch(ctx, t, tt.method, "http://"+addr+tt.path, tt.body)
			if resp.StatusCode != tt.status || got != tt.want {
				t.Errorf("%s %s: %d %.100q, want %d %.100q", tt.method, tt.path, resp.StatusCode, got, tt.status, tt.want)
			}
			if tt.body == big && !resp.Uncompressed {
				t.Error("it was not compressed")
			}
		}
	})
}

type quiet struct{}

func (quiet) Print(...any) {}

// TestPromhttp: the metrics page, also compressed, behind its own instrumentation.
func TestPromhttp(t *testing.T) {
	reg := prometheus.NewRegistry()
	asked := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "asked_total"}, []string{"code"})
	reg.MustRegister(asked)
	h := promhttp.InstrumentHandlerCounter(asked, promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	onStd(t, h, func(ctx context.Context, addr string) {
		fetch(ctx, t, "GET", "http://"+addr, "")
		if _, got := fetch(ctx, t, "GET", "http://"+addr, ""); !strings.Contains(got, `asked_total{code="200"} 1`) {
			t.Error(got)
		}
	})
}

// TestUpgraders: servers of two WebSocket libraries that hijack, with the client of the
// other one.
func TestUpgraders(t *testing.T) {
	big := strings.Repeat("x", 300_000)
	mux := http.NewServeMux()
	mux.HandleFunc("/gorilla", func(w http.ResponseWriter, r *http.Request) {
		u := gorilla.Upgrader{}
		c, err := u.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		for {
			kind, p, err := c.ReadMessage()
			if err != nil {
				return
			}
			if err := c.WriteMessage(kind, p); err != nil {
				t.Error(err)
			}
		}
	})
	mux.HandleFunc("/coder", func(w http.ResponseWriter, r *http.Request) {
		c, err := coder.Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.CloseNow()
		c.SetReadLimit(-1)
		for {
			kind, p, err := c.Read(context.Background())
			if err != nil {
				return
			}
			if err := c.Write(context.Background(), kind, p); err != nil {
				t.Error(err)
			}
		}
	})
	onStd(t, mux, func(ctx context.Context, addr string) {
		c, _, err := coder.Dial(ctx, "ws://"+addr+"/gorilla", nil)
		if err != nil {
			t.Fatal(err)
		}
		c.SetReadLimit(-1)
		for _, s := range []string{"hello", big} {
			if err := c.Write(ctx, coder.MessageText, []byte(s)); err != nil {
				t.Fatal(err)
			}
			if _, p, err := c.Read(ctx); err != nil || string(p) != s {
				t.Error(len(p), err)
			}
		}
		c.Close(coder.StatusNormalClosure, "")
		g, _, err := gorilla.DefaultDialer.DialContext(ctx, "ws://"+addr+"/coder", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close()
		for _, s := range []string{"hello", big} {
			if err := g.WriteMessage(gorilla.TextMessage, []byte(s)); err != nil {
				t.Fatal(err)
			}
			if _, p, err := g.ReadMessage(); err != nil || string(p) != s {
				t.Error(len(p), err)
			}
		}
	})
}
