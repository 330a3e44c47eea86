package websocket

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// TestManyLoops: connections of native handlers, of net/http handlers on our server and of a
// foreign server, on several loops, with clients on others, and goroutines that post; for the
// race detector.
func TestManyLoops(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no sockets on Windows")
	}
	serving, err := loop.NewPool(3, nil)
	if err != nil {
		t.Fatal(err)
	}
	asking, err := loop.NewPool(2, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer serving.Close()
	defer asking.Close()
	o := &AcceptOptions{Options: Options{Compression: &Compression{Threshold: 20}, PingInterval: 10 * time.Second}}
	upgrade := func(of func(r *http.Request) *loop.Loop) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			l := of(r)
			err := AcceptNetHTTP(l, w, r, o, func(_ *loop.Co, c *Conn) error {
				echo(c)
				go func() { _ = l.Post(func() { _ = c.Ping([]byte("posted")) }) }() // the connection may be gone by then
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		}
	}
	std := http1.Std(upgrade(func(r *http.Request) *loop.Loop {
		l, _ := loop.Of(r.Context())
		return l
	}))
	native := http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		if r.Path() == "/std" {
			return std.Serve(co, w, r)
		}
		c, err := Accept(co, w, r, o)
		if err == nil {
			echo(c)
		}
		return err
	})
	srv := &http1.Server{Handler: native, Pool: serving}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	first := serving.Loops()[0]
	addr, err := loop.Do(ctx, first, func(*loop.Co) (net.Addr, error) { return srv.Listen(first, "127.0.0.1:0") })
	if err != nil {
		t.Fatal(err)
	}
	foreign := httptest.NewServer(upgrade(func(*http.Request) *loop.Loop { return serving.Next() }))
	defer foreign.Close()

	var all sync.WaitGroup
	for i := range 30 {
		url := []string{"ws://" + addr.String() + "/native", "ws://" + addr.String() + "/std", strings.Replace(foreign.URL, "http", "ws", 1)}[i%3]
		all.Go(func() {
			_, err := loop.Do(ctx, asking.Next(), func(co *loop.Co) (struct{}, error) {
				c, err := Dial(co, url, &DialOptions{Options: o.Options})
				if err != nil {
					return struct{}{}, err
				}
				for n := range 10 {
					text := strings.Repeat(fmt.Sprint(i, " "), 1<<n)
					if err := c.Write(co, Text, []byte(text)); err != nil {
						return struct{}{}, err
					}
					if _, got, err := c.Read(co); err != nil || string(got) != text {
						return struct{}{}, fmt.Errorf("%d of %d bytes came back: %w", len(got), len(text), err)
					}
				}
				_, err = loop.Await(co, c.Close(Normal, ""))
				return struct{}{}, err
			})
			if err != nil {
				t.Errorf("%s: %v", url, err)
			}
		})
	}
	all.Wait()
	if err := srv.Shutdown(ctx); err != nil {
		t.Error(err)
	}
}
