//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/zonda-go/zonda/bench/internal/hello"
	"github.com/zonda-go/zonda/bench/internal/payload"
	"github.com/zonda-go/zonda/bench/internal/wsclient"
)

// An exchange is a request and what is known of its answer.
type exchange struct {
	request string
	prefix  string                    // how every answer must begin
	length  int                       // of every answer
	greet   func(io.ReadWriter) error // what each connection begins with; nil: nothing
}

func kinds() []string { return []string{"hello", "post", "download", "echo", "ws", "broadcast"} }

// probe has one exchange of a kind on a connection of its own, and checks the answer
// in full.
func probe(kind, addr string) (exchange, error) {
	if !slices.Contains(kinds(), kind) {
		return exchange{}, fmt.Errorf("no kind %q; there are %s", kind, strings.Join(kinds(), ", "))
	}
	c, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return exchange{}, err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	switch kind {
	case "hello":
		return probeHTTP(c, hello.Request, hello.Body)
	case "post":
		return probeHTTP(c, payload.Post(), hello.Body)
	case "download":
		return probeHTTP(c, hello.Request, payload.Download())
	case "echo":
		return probeEcho(c, exchange{request: payload.Message(), prefix: payload.Message()})
	}
	return probeEcho(c, exchange{
		request: wsclient.Masked(wsclient.Binary, payload.Message()),
		prefix:  wsclient.Plain(wsclient.Binary, payload.Message()),
		greet: func(rw io.ReadWriter) error {
			chosen, err := wsclient.Shake(rw, "")
			if err == nil && chosen != "" {
				err = errors.New("the server chose extensions, and was offered none")
			}
			return err
		},
	})
}

// probeEcho fills in an exchange whose answer is known to its last byte: later ones
// are compared in full as well.
func probeEcho(c net.Conn, x exchange) (exchange, error) {
	x.length = len(x.prefix)
	if x.greet != nil {
		if err := x.greet(c); err != nil {
			return x, err
		}
	}
	if _, err := io.WriteString(c, x.request); err != nil {
		return x, err
	}
	back := make([]byte, x.length)
	if _, err := io.ReadFull(c, back); err != nil {
		return x, fmt.Errorf("first answer: %w", err)
	}
	if string(back) != x.prefix {
		return x, fmt.Errorf("first answer: %q, want %q", back, x.prefix)
	}
	return x, nil
}
