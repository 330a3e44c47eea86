package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/zonda-go/zonda/stream"
)

// patience is how long clients get to take what they were sent, when the program is
// told to end.
const patience = 5 * time.Second

// serve serves until it is interrupted.
func (o *options) serve() error {
	srv, err := o.server()
	if err != nil {
		return err
	}
	interrupted, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(interrupted, func() {
		stop() // a second Ctrl-C ends it at once
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if srv.Shutdown(ctx) != nil {
			_ = srv.Close() // always nil
		}
	})
	if err := srv.ListenAndServe(o.network, o.addr); !errors.Is(err, stream.ErrServerClosed) {
		return err
	}
	return nil
}

// server chooses the style. A client that is echoed to may be silent for hours, so it
// gets a Consumer, which is small at rest. One that is sent a blob is busy for as long
// as it is there: for that, a coroutine reads better.
func (o *options) server() (*stream.Server, error) {
	srv := &stream.Server{MaxConns: o.maxConns, OnListen: o.announce}
	if o.loops > 1 {
		srv.Loops = o.loops
	}
	if o.cert != "" {
		pair, err := tls.LoadX509KeyPair(o.cert, o.key)
		if err != nil {
			return nil, err
		}
		srv.TLS = &stream.TLSOptions{Config: &tls.Config{Certificates: []tls.Certificate{pair}}}
	}
	if o.blob > 0 {
		srv.Handler = newBlob(o).send
		return srv, nil
	}
	o.hold = srv.Hold
	srv.Accept = o.echo
	// Close, which delivers what was echoed. CloseIdle would not do: a client that sends
	// without waiting may have more on its way, though nothing is to be seen of it yet.
	srv.Drain = func(s *stream.Stream) { s.Close() }
	return srv, nil
}

func (o *options) announce(a net.Addr) {
	with, try := "", fmt.Sprintf("nc %s", a)
	if host, port, err := net.SplitHostPort(a.String()); err == nil {
		try = fmt.Sprintf("nc %s %s", host, port)
	}
	if a.Network() == "unix" {
		try = fmt.Sprintf("nc -U %s", a)
	}
	if o.cert != "" {
		with = " with TLS"
		try = fmt.Sprintf("openssl s_client -quiet -connect %s", a)
		if a.Network() == "unix" {
			try = fmt.Sprintf("openssl s_client -quiet -unix %s", a)
		}
	}
	fmt.Printf("tcpecho: serving on %s://%s%s (try: %s; Ctrl-C ends it)\n", a.Network(), a, with, try)
}
