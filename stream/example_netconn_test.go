package stream_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/textproto"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// Code that is written for a net.Conn and starts no goroutine runs in a coroutine. Here
// it is a protocol of lines, read by package net/textproto.
func ExampleNetConn() {
	l, err := loop.New(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	srv := &stream.Server{Handler: func(co *loop.Co, s *stream.Stream) error {
		c := textproto.NewConn(stream.NetConn(co, s))
		line, err := c.ReadLine() // waits, and the loop goes on
		if err != nil {
			return err
		}
		return c.PrintfLine("you said %q", line)
	}}
	_, err = loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		addr, err := srv.Listen(l, "tcp", "127.0.0.1:0")
		if err != nil {
			return struct{}{}, err
		}
		defer srv.Close()
		s, err := stream.Dial(co, stream.System{}, "tcp", addr.String())
		if err != nil {
			return struct{}{}, err
		}
		c := textproto.NewConn(stream.NetConn(co, s))
		defer c.Close()
		if err := c.PrintfLine("good morning"); err != nil {
			return struct{}{}, err
		}
		answer, err := c.ReadLine()
		fmt.Println(answer)
		return struct{}{}, err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: you said "good morning"
}

// A library that has goroutines of its own is given a GoConn, and used from a goroutine.
func ExampleGoConn() {
	l, err := loop.New(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	srv := &stream.Server{Handler: func(co *loop.Co, s *stream.Stream) error {
		line, err := loop.Await(co, s.ReadUntil("\n", 100))
		if err != nil {
			return err
		}
		_, err = loop.Await(co, s.Write(line))
		return err
	}}
	use := func(c net.Conn) (string, error) { // what the library does
		defer c.Close()
		if _, err := fmt.Fprintln(c, "hello"); err != nil {
			return "", err
		}
		return bufio.NewReader(c).ReadString('\n')
	}
	_, err = loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		addr, err := srv.Listen(l, "tcp", "127.0.0.1:0")
		if err != nil {
			return struct{}{}, err
		}
		defer srv.Close()
		s, err := stream.Dial(co, stream.System{}, "tcp", addr.String())
		if err != nil {
			return struct{}{}, err
		}
		c := stream.GoConn(s)
		answer, err := loop.Await(co, loop.FromFunc(l, func(context.Context) (string, error) { return use(c) }))
		fmt.Print(answer)
		return struct{}{}, err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: hello
}
