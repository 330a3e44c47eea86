// Command hello serves two routes: / answers "Hello, World!", and /sleep?ms=N waits
// N milliseconds on the loop, while everyone else is served, and says so.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// maxSleep bounds what a client may ask for, in milliseconds.
const maxSleep = 60_000

func main() {
	addr := flag.String("addr", "127.0.0.1:8888", "the address to serve on")
	flag.Parse()
	if err := serve(*addr); err != nil {
		fmt.Fprintln(os.Stderr, "hello:", err)
		os.Exit(1)
	}
}

// serve serves until an interrupt, and then finishes what is under way.
func serve(addr string) error {
	srv := &http1.Server{
		Handler: http1.HandlerFunc(route),
		OnListen: func(a net.Addr) {
			fmt.Printf("hello: serving on http://%v (try: curl http://%v/ and curl 'http://%v/sleep?ms=500'; Ctrl-C ends it)\n", a, a, a)
		},
	}
	interrupted, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(interrupted, func() {
		patience, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if srv.Shutdown(patience) != nil {
			srv.Close()
		}
	})
	if err := srv.ListenAndServe(addr); !errors.Is(err, http1.ErrServerClosed) {
		return err
	}
	return nil
}

func route(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	switch r.Path() {
	case "/":
		_, err := w.WriteString("Hello, World!")
		return err
	case "/sleep":
		return sleep(co, w, r)
	}
	return &http1.HTTPError{Status: 404}
}

func sleep(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
	query, err := url.ParseQuery(r.Query())
	if err != nil {
		return &http1.HTTPError{Status: 400, Err: err}
	}
	ms, err := strconv.Atoi(query.Get("ms"))
	if err != nil || ms < 0 || ms > maxSleep {
		return &http1.HTTPError{Status: 400, Err: err}
	}
	if err := loop.Sleep(co, time.Duration(ms)*time.Millisecond); err != nil {
		return err // the client left, or the server is closing
	}
	_, err = fmt.Fprintf(w, "slept %d\n", ms)
	return err
}
