package looptest_test

import (
	"bytes"
	"testing"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// A large write through a small window, followed at once by Close, arrives whole.
func TestNetworkDeliversAcrossClose(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		n := &looptest.Network{Window: 1000}
		ln, err := n.Listen(l, "tcp", "127.0.0.1:80")
		if err != nil {
			return err
		}
		sent := bytes.Repeat([]byte("0123456789"), 10_000)
		if err := ln.Accept(func(tr stream.Transport) {
			s, err := stream.New(l, tr)
			if err != nil {
				t.Error(err)
				return
			}
			s.Write(sent)
			s.Close()
		}); err != nil {
			return err
		}
		s, err := stream.Dial(co, n, "tcp", "127.0.0.1:80")
		if err != nil {
			return err
		}
		got, err := loop.Await(co, s.ReadFull(len(sent)))
		if err != nil {
			return err
		}
		if !bytes.Equal(got, sent) {
			t.Error("the bytes differ")
		}
		_, err = loop.Await(co, s.Close())
		return err
	})
}
