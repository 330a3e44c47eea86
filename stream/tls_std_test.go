//go:build unix

package stream_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// versions is what both ends may be made to speak.
func versions(t *testing.T, body func(t *testing.T, version uint16)) {
	for _, v := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(v), func(t *testing.T) { body(t, v) })
	}
}

// Our client and a server of package net, with goroutines.
func TestTLSClientToStd(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		onSockets(t, func(p *pair) {
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				p.t.Fatal(err)
			}
			defer ln.Close()
			server := loop.FromFunc(p.l, func(context.Context) (int64, error) { return stdEcho(ln) })
			s, err := stream.Dial(p.co, p.n, "tcp", ln.Addr().String())
			if err != nil {
				p.t.Fatal(err)
			}
			defer s.Abort()
			e := usual()
			e.client.Config.MaxVersion = version
			p.does(s.StartTLS(e.client))
			sent := noise(3 << 20)
			s.Write(sent)
			if err := s.CloseWrite(); err != nil {
				p.t.Error(err)
			}
			if got := p.drain(s); !bytes.Equal(got, sent) {
				p.t.Errorf("%d bytes of %d", len(got), len(sent))
			}
			if n, err := loop.Await(p.co, server); err != nil || n != int64(len(sent)) {
				p.t.Errorf("the server: %d, %v", n, err)
			}
		})
	})
}

// stdEcho serves one client.
func stdEcho(ln net.Listener) (int64, error) {
	raw, err := ln.Accept()
	if err != nil {
		return 0, err
	}
	c := tls.Server(raw, serverConfig())
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return 0, err
	}
	all, err := io.ReadAll(c)
	if err != nil {
		return 0, err
	}
	n, err := c.Write(all)
	return int64(n), errors.Join(err, c.Close())
}

// Our server and a client of package net.
func TestTLSServerToStd(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		for _, offload := range []bool{false, true} {
			onSockets(t, func(p *pair) {
				ln, err := p.n.Listen(p.l, "tcp", "127.0.0.1:0")
				if err != nil {
					p.t.Fatal(err)
				}
				defer ln.Close()
				served := loop.NewPromise[struct{}](p.l)
				if err := ln.Accept(func(t stream.Transport) {
					loop.Go(p.co, func(co *loop.Co) (struct{}, error) {
						err := echoTLS(co, t, offload)
						if err != nil {
							served.Fail(err)
						} else {
							served.Set(struct{}{})
						}
						return struct{}{}, nil
					})
				}); err != nil {
					p.t.Fatal(err)
				}
				sent := noise(3 << 20)
				addr := ln.Addr().String()
				if _, err := loop.Await(p.co, loop.FromFunc(p.l, func(context.Context) (struct{}, error) {
					return struct{}{}, stdAsk(addr, version, sent)
				})); err != nil {
					p.t.Error(err)
				}
				p.does(served.Future())
			})
		}
	})
}

// echoTLS serves one client.
func echoTLS(co *loop.Co, t stream.Transport, offload bool) error {
	s, err := stream.New(co.Loop(), t)
	if err != nil {
		return errors.Join(err, t.Close(true))
	}
	defer s.Abort()
	if _, err := loop.Await(co, s.StartTLS(stream.TLSOptions{Config: serverConfig(), Server: true, Offload: offload})); err != nil {
		return err
	}
	for {
		b, err := loop.Await(co, s.ReadSome(64<<10))
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if _, err := loop.Await(co, s.Write(b)); err != nil {
			return err
		}
	}
	_, err = loop.Await(co, s.Close())
	return err
}

func stdAsk(addr string, version uint16, sent []byte) error {
	config := clientConfig()
	config.MaxVersion = version
	c, err := tls.Dial("tcp", addr, config)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return err
	}
	writing := make(chan error, 1)
	go func() {
		_, err := c.Write(sent)
		writing <- errors.Join(err, c.CloseWrite())
	}()
	got, err := io.ReadAll(c)
	if err = errors.Join(err, <-writing); err != nil {
		return err
	}
	if !bytes.Equal(got, sent) {
		return fmt.Errorf("%d bytes of %d", len(got), len(sent))
	}
	return nil
}
