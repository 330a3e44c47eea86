package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// piece is how much is passed on at a time.
const piece = 64 << 10

// A proxy passes connections on. All of it belongs to its loop, so the counts need no
// locks.
type proxy struct {
	target string
	dialer stream.Dialer
	tls    *tls.Config    // nil: plain
	net    stream.Network // nil: the machine's
	log    io.Writer      // for what went wrong
	screen io.Writer      // for the counters; nil: nobody looks

	counters
	ticker *loop.Ticker
}

func (p *proxy) server() *stream.Server {
	p.dialer.Network = p.net
	srv := &stream.Server{Handler: p.serve, Network: p.net}
	if p.tls != nil {
		srv.TLS = &stream.TLSOptions{Config: p.tls}
	}
	return srv
}

// serve is one connection: it ends when both directions have, or when one of them
// breaks.
func (p *proxy) serve(co *loop.Co, client *stream.Stream) error {
	p.watch(co.Loop())
	p.total++
	p.active++
	defer func() { p.active-- }()
	target, err := p.dialer.Dial(co, "tcp", p.target)
	if err != nil {
		p.fail(client, err)
		client.Abort()
		return nil
	}
	err = loop.WithGroup(co, func(g *loop.Group) error {
		g.Go(func(co *loop.Co) error { return pass(co, client, target, &p.up) })
		g.Go(func(co *loop.Co) error { return pass(co, target, client, &p.down) })
		return nil
	})
	if err != nil {
		p.fail(client, err)
		target.Abort() // neither side must take a part for the whole
		client.Abort()
		return nil
	}
	_, err = loop.Await(co, target.Close())
	return err
}

// pass copies one direction. It reads the next piece when the last one is with the
// kernel: so no more than two pieces are held for a reader that is slow, and the sender
// is held back by TCP.
func pass(co *loop.Co, from, to *stream.Stream, count *int64) error {
	for {
		p, err := loop.Await(co, from.ReadSome(piece))
		if err == io.EOF {
			return to.CloseWrite()
		}
		if err != nil {
			return err
		}
		if _, err := loop.Await(co, to.Write(p)); err != nil {
			return err
		}
		*count += int64(len(p))
	}
}

func (p *proxy) fail(client *stream.Stream, err error) {
	p.failed++
	if !errors.Is(err, stream.ErrServerClosed) {
		fmt.Fprintf(p.log, "portproxy: %v: %v\n", client.RemoteAddr(), err)
	}
}
