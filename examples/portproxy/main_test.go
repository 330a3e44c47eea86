package main

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

const front, back = "10.0.0.1:80", "10.0.0.2:8080"

// between runs body with a proxy before a target that serves each connection with
// handler, all in memory.
func between(t *testing.T, handler func(co *loop.Co, s *stream.Stream) error, body func(co *loop.Co, p *proxy, client *stream.Stream) error) {
	looptest.NoLeaks(t)
	looptest.Run(t, func(co *loop.Co) error {
		network := &looptest.Network{}
		if handler != nil {
			target := &stream.Server{Handler: handler, Network: network}
			if _, err := target.Listen(co.Loop(), "tcp", back); err != nil {
				return err
			}
			defer target.Close()
		}
		p := &proxy{target: back, net: network, log: io.Discard}
		srv := p.server()
		if _, err := srv.Listen(co.Loop(), "tcp", front); err != nil {
			return err
		}
		defer srv.Close()
		client, err := stream.Dial(co, network, "tcp", front)
		if err != nil {
			return err
		}
		defer client.Abort()
		return body(co, p, client)
	})
}

// upper answers with what it got, in upper case, when the client has ended.
func upper(co *loop.Co, s *stream.Stream) error {
	p, err := loop.Await(co, s.ReadUntilClose(1<<20))
	if err != nil {
		return err
	}
	_, err = loop.Await(co, s.Write(bytes.ToUpper(p)))
	return err
}

// Bytes pass both ways, and so does each end by itself.
func TestProxy(t *testing.T) {
	between(t, upper, func(co *loop.Co, p *proxy, client *stream.Stream) error {
		client.Write([]byte("hello"))
		if err := client.CloseWrite(); err != nil {
			return err
		}
		got, err := loop.Await(co, client.ReadUntilClose(100))
		if string(got) != "HELLO" {
			t.Errorf("got %q", got)
		}
		if err := loop.Sleep(co, time.Second); err != nil {
			return err
		}
		if p.active != 0 || p.total != 1 || p.failed != 0 || p.up != 5 || p.down != 5 {
			t.Errorf("counted %+v", p.counters)
		}
		return err
	})
}

// A fast sender behind the proxy is held back by a slow reader before it: what has been
// sent and not yet read stays bounded, however much it is.
func TestProxyHoldsLittle(t *testing.T) {
	const total, most = 64 << 20, 1 << 20
	var sent, read int
	sender := func(co *loop.Co, s *stream.Stream) error {
		block := make([]byte, 256<<10)
		for sent < total {
			if _, err := loop.Await(co, s.Write(block)); err != nil {
				return err
			}
			sent += len(block)
		}
		return nil
	}
	between(t, sender, func(co *loop.Co, p *proxy, client *stream.Stream) error {
		for read < total {
			p, err := loop.Await(co, client.ReadSome(100_000))
			if err != nil {
				return err
			}
			read += len(p)
			if sent-read > most {
				t.Fatalf("%d sent, %d read", sent, read)
			}
			if n := stream.LoopUnsent(co.Loop()); n > most {
				t.Fatalf("%d bytes wait", n)
			}
			if err := loop.Sleep(co, 10*time.Millisecond); err != nil {
				return err
			}
		}
		_, err := loop.Await(co, client.ReadSome(1))
		if err != io.EOF {
			t.Errorf("after the last byte: %v", err)
		}
		return nil
	})
}

// A target that cannot be reached, and one that breaks off, end the client's connection
// with a reset.
func TestProxyFailures(t *testing.T) {
	for name, handler := range map[string]func(co *loop.Co, s *stream.Stream) error{
		"refused": nil,
		"broken":  func(co *loop.Co, s *stream.Stream) error { s.Abort(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			between(t, handler, func(co *loop.Co, p *proxy, client *stream.Stream) error {
				_, err := loop.Await(co, client.ReadSome(1))
				if !errors.Is(err, syscall.ECONNRESET) || p.failed != 1 {
					t.Errorf("%v, %d failed", err, p.failed)
				}
				return nil
			})
		})
	}
}

// The screen has a line, written over and over while there is something to see.
func TestScreen(t *testing.T) {
	var screen strings.Builder
	between(t, upper, func(co *loop.Co, p *proxy, client *stream.Stream) error {
		p.screen = &screen
		client.Write(bytes.Repeat([]byte("x"), 12_345))
		if err := loop.Sleep(co, 5*time.Second); err != nil {
			return err
		}
		client.Abort()
		return loop.Sleep(co, 5*time.Second)
	})
	lines := strings.Split(screen.String(), "\r")
	if len(lines) < 5 || !strings.Contains(lines[2], "1 open, 1 so far, 0 failed, up 12.3 kB, down 0 B") {
		t.Errorf("the screen has %q", lines)
	}
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, "0 open") || len(lines) > 9 {
		t.Errorf("at the end it has %q, after %d lines", last, len(lines))
	}
}
