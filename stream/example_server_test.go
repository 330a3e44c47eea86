package stream_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// counter is a protocol in the style of a Consumer: between lines, a connection has
// neither a coroutine nor a buffer.
type counter struct {
	s     *stream.Stream
	lines int
}

func (c *counter) Consume(p []byte) int {
	end := bytes.IndexByte(p, '\n')
	if end < 0 {
		return 0 // the rest of the line has not come yet
	}
	c.lines++
	c.s.Write(fmt.Appendf(nil, "%d: %s\n", c.lines, p[:end]))
	return end + 1
}

// Ended hears of the peer's last byte, and of the end of the connection.
func (c *counter) Ended(error) { c.s.Close() }

func ExampleServer_accept() {
	l, err := loop.New(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	n := &looptest.Network{} // in a program: leave Network out
	srv := &stream.Server{
		Network: n,
		Accept:  func(s *stream.Stream) { s.SetConsumer(&counter{s: s}) },
		Drain:   (*stream.Stream).CloseIdle,
	}
	_, err = loop.RunSync(l, func(co *loop.Co) (int, error) {
		addr, err := srv.Listen(l, "tcp", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		s, err := stream.Dial(co, n, "tcp", addr.String())
		if err != nil {
			return 0, err
		}
		s.Write([]byte("one\ntwo\n"))
		if err := s.CloseWrite(); err != nil {
			return 0, err
		}
		answer, err := loop.Await(co, s.ReadUntilClose(1000))
		fmt.Print(string(answer))
		return 0, err
	})
	fmt.Println(errors.Join(err, srv.Close()))
	// Output:
	// 1: one
	// 2: two
	// <nil>
}

func ExampleStream_PeerCredentials() {
	dir, err := os.MkdirTemp("", "z")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	l, err := loop.New(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	srv := &stream.Server{Handler: func(co *loop.Co, s *stream.Stream) error {
		peer, err := s.PeerCredentials()
		if err != nil {
			return err
		}
		if peer.UID == os.Getuid() {
			s.Write([]byte("it is me\n"))
		}
		return nil
	}}
	answer, err := loop.RunSync(l, func(co *loop.Co) ([]byte, error) {
		addr, err := srv.Listen(l, "unix", filepath.Join(dir, "socket"))
		if err != nil {
			return nil, err
		}
		s, err := stream.Dial(co, stream.System{}, "unix", addr.String())
		if err != nil {
			return nil, err
		}
		defer s.Close()
		return loop.Await(co, s.ReadUntilClose(1000))
	})
	fmt.Print(string(answer))
	if err != nil {
		fmt.Println(err)
	}
	_ = srv.Close()
}
