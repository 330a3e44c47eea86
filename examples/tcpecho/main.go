// Command tcpecho gives each client back what it sends, line by line: over TCP or a
// Unix socket, with TLS or without. With -blob it sends each client many bytes instead,
// and says what became of them. It shows a stream.Server in both of its styles, and how
// memory stays bounded when clients do not read.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"time"
)

const defaultAddr = "127.0.0.1:9888"

// options are the flags.
type options struct {
	network, addr string
	cert, key     string
	loops         int
	maxConns      int
	idle          time.Duration
	raw           bool
	blob          int64

	hold func() (release func()) // the server's
}

func main() {
	o := parse()
	if err := o.check(); err != nil {
		fmt.Fprintln(flag.CommandLine.Output(), "tcpecho:", err)
		flag.Usage()
		os.Exit(2)
	}
	if err := o.serve(); err != nil {
		fmt.Fprintln(os.Stderr, "tcpecho:", err)
		os.Exit(1)
	}
}

func parse() *options {
	o := &options{}
	flag.StringVar(&o.network, "network", "tcp", "tcp or unix")
	flag.StringVar(&o.addr, "addr", defaultAddr, "the address to serve on; for unix, the path")
	flag.StringVar(&o.cert, "cert", "", "the file with the certificate; with -key: serve TLS")
	flag.StringVar(&o.key, "key", "", "the file with the certificate's key")
	flag.IntVar(&o.loops, "loops", 1, "how many loops the connections are spread over")
	flag.IntVar(&o.maxConns, "max-conns", 0, "how many clients there may be at a time, while others wait; 0: no limit")
	flag.DurationVar(&o.idle, "idle", 0, "end a connection over which nothing has gone for so long; 0: never")
	flag.BoolVar(&o.raw, "raw", false, "echo bytes as they come, instead of lines")
	flag.Int64Var(&o.blob, "blob", 0, "do not echo, but send each client so many bytes; 0: echo")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: tcpecho [flags]")
		flag.PrintDefaults()
	}
	flag.Parse()
	return o
}

// check finds what does not make sense.
func (o *options) check() error {
	switch {
	case flag.NArg() > 0:
		return fmt.Errorf("what is %q?", flag.Arg(0))
	case o.network != "tcp" && o.network != "unix":
		return fmt.Errorf("no network %q", o.network)
	case o.network == "unix" && o.addr == defaultAddr:
		return errors.New("-network unix wants a path as -addr")
	case (o.cert == "") != (o.key == ""):
		return errors.New("-cert and -key go together")
	case o.loops < 1:
		return errors.New("-loops: at least 1")
	case o.maxConns < 0 || o.idle < 0 || o.blob < 0:
		return errors.New("-max-conns, -idle and -blob cannot be negative")
	case o.raw && o.blob > 0:
		return errors.New("-raw is for echoing, and -blob does not echo")
	}
	return nil
}
