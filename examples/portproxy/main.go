// Command portproxy passes the connections of one port on to another address, in both
// directions and no faster than each side takes what it is sent. With -cert and -key it
// speaks TLS to its clients and plain TCP to the target. On a terminal it shows what it
// is doing.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/zonda-go/zonda/stream"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:9000", "the address to listen on")
	cert := flag.String("cert", "", "a file with the certificate for TLS")
	key := flag.String("key", "", "a file with its key")
	timeout := flag.Duration("timeout", 10*time.Second, "how long connecting to the target may take")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: portproxy [flags] HOST:PORT")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 || (*cert == "") != (*key == "") {
		flag.Usage()
		os.Exit(2)
	}
	p := &proxy{target: flag.Arg(0), dialer: stream.Dialer{Timeout: *timeout}, log: os.Stderr}
	if *cert != "" {
		pair, err := tls.LoadX509KeyPair(*cert, *key)
		if err != nil {
			fatal(err)
		}
		p.tls = &tls.Config{Certificates: []tls.Certificate{pair}}
	}
	if err := run(p, *addr); err != nil {
		fatal(err)
	}
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, "portproxy:", err)
	os.Exit(1)
}

// run serves until an interrupt, and then lets the connections end for some seconds.
func run(p *proxy, address string) error {
	srv := p.server()
	srv.OnListen = func(a net.Addr) {
		fmt.Printf("portproxy: %v -> %s (Ctrl-C ends it)\n", a, p.target)
	}
	if isTerminal(os.Stdout) {
		p.screen, p.log = os.Stdout, io.Discard
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
	if err := srv.ListenAndServe("tcp", address); !errors.Is(err, stream.ErrServerClosed) {
		return err
	}
	if p.screen != nil {
		fmt.Fprintln(p.screen)
	}
	return nil
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
