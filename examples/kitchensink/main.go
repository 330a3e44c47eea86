// Command kitchensink serves a route for each thing that HTTP can do, for tests by any
// client: from native handlers, or with -std from an ordinary http.Handler.
package main

import (
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/zonda-go/zonda/http1"
)

// site is what is served without -static.
//
//go:embed static
var site embed.FS

// options are the program's flags.
type options struct {
	addr      string
	static    string
	cert, key string
	loops     int
	std       bool
}

func main() {
	var o options
	flag.StringVar(&o.addr, "addr", "127.0.0.1:8888", "the address to serve on")
	flag.StringVar(&o.static, "static", "", "the folder for /static/ and /page; by default one of the program's own")
	flag.StringVar(&o.cert, "cert", "", "a PEM file with a certificate: serve https")
	flag.StringVar(&o.key, "key", "", "the PEM file with its key")
	flag.IntVar(&o.loops, "loops", 1, "loops to spread the connections over")
	flag.BoolVar(&o.std, "std", false, "serve the same routes from an http.Handler")
	flag.Parse()
	if err := serve(o); err != nil {
		fmt.Fprintln(os.Stderr, "kitchensink:", err)
		os.Exit(1)
	}
}

// serve serves until an interrupt, and then finishes what is under way.
func serve(o options) error {
	if (o.cert == "") != (o.key == "") {
		return errors.New("-cert and -key go together")
	}
	srv, done, err := newServer(o)
	if err != nil {
		return err
	}
	defer done()
	scheme := "http"
	if o.cert != "" {
		scheme = "https"
	}
	srv.OnListen = func(a net.Addr) { fmt.Printf("kitchensink: serving on %s://%v/page\n", scheme, a) }
	interrupted, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(interrupted, func() {
		patience, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if srv.Shutdown(patience) != nil {
			srv.Close()
		}
	})
	if o.cert != "" {
		err = srv.ListenAndServeTLS(o.addr, o.cert, o.key)
	} else {
		err = srv.ListenAndServe(o.addr)
	}
	if errors.Is(err, http1.ErrServerClosed) {
		return nil
	}
	return err
}
