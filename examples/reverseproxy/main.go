// Command reverseproxy passes requests on to another server, in two ways: with an ordinary
// httputil.ReverseProxy, which runs unchanged on goroutines, or, with -native, with a
// handler of a few lines on the loop and package http1's client. On SIGHUP it starts itself
// anew and hands its sockets over, without one refused request.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/http/httputil"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "the address to listen on")
	native := flag.Bool("native", false, "use the handler on the loop")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: reverseproxy [flags] URL")
		flag.PrintDefaults()
	}
	flag.Parse()
	target, err := url.Parse(flag.Arg(0))
	if err != nil || flag.NArg() != 1 || target.Host == "" {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*addr, proxy(target, *native)); err != nil {
		fmt.Fprintln(os.Stderr, "reverseproxy:", err)
		os.Exit(1)
	}
}

// proxy is the handler.
func proxy(target *url.URL, native bool) http1.Handler {
	if native {
		return &loopProxy{target: target.Scheme + "://" + target.Host}
	}
	return http1.Std(httputil.NewSingleHostReverseProxy(target))
}

// run serves until an interrupt, or until a successor has taken over.
func run(addr string, h http1.Handler) error {
	in, err := stream.Inherit()
	if err != nil {
		return err
	}
	l, err := loop.New(nil)
	if err != nil {
		return err
	}
	defer l.Close()
	srv := &http1.Server{Handler: h}
	if err := listen(srv, l, addr, in); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() {
		ended <- end(srv)
		l.Stop()
	}()
	if err := in.Ready(); err != nil {
		return err
	}
	if err := l.Run(); err != nil {
		return err
	}
	return <-ended
}

// listen takes the predecessor's sockets, or opens one.
func listen(srv *http1.Server, l *loop.Loop, addr string, in *stream.Inheritance) error {
	listeners, err := in.Listen(l)
	if err != nil {
		return err
	}
	for _, ln := range listeners {
		if err := srv.Serve(l, ln); err != nil {
			return err
		}
		fmt.Printf("reverseproxy: on %v, taken over\n", ln.Addr())
	}
	if len(listeners) > 0 {
		return nil
	}
	a, err := srv.Listen(l, addr)
	if err == nil {
		fmt.Printf("reverseproxy: on http://%v (Ctrl-C ends it, SIGHUP starts it anew)\n", a)
	}
	return err
}

// end waits for the end, and lets the requests under way finish.
func end(srv *http1.Server) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	for s := range signals {
		if s == syscall.SIGHUP {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			err := srv.Handover(ctx, nil)
			cancel()
			if err != nil {
				fmt.Fprintln(os.Stderr, "reverseproxy:", err) // and on with the old one
				continue
			}
		}
		break
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return srv.Shutdown(ctx)
}
