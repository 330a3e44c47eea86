//go:build unix

package stream_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// A filter of another language, as a child process: its standard files are streams.
func ExampleStartProcess() {
	l, err := loop.New(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	_, err = loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		child, err := stream.StartProcess(co, exec.Command("sort"), stream.ProcessOptions{Stdin: true, Stdout: true})
		if err != nil {
			return struct{}{}, err
		}
		child.Stdin.Write([]byte("pear\napple\n"))
		child.Stdin.Close()
		sorted, err := loop.Await(co, child.Stdout.ReadUntilClose(1<<20))
		if err != nil {
			return struct{}{}, err
		}
		fmt.Print(string(sorted))
		_, err = loop.Await(co, child.Wait()) // *exec.ExitError, if it has failed
		return struct{}{}, err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// apple
	// pear
}

func ExampleNewPipe() {
	l, err := loop.New(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	_, err = loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		rf, wf, err := os.Pipe()
		if err != nil {
			return struct{}{}, err
		}
		r, err := stream.NewPipe(l, rf) // os.Stdin would do as well
		if err != nil {
			return struct{}{}, err
		}
		fmt.Fprintln(wf, "a line")
		wf.Close()
		line, err := loop.Await(co, r.ReadUntil("\n", 100))
		fmt.Print(string(line))
		r.Close()
		return struct{}{}, err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: a line
}

// A connection goes from package net to a loop, and back.
func ExampleAdopt() {
	near, far := tcpPair()
	defer far.Close()
	l, err := loop.New(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	conn, err := loop.RunSync(l, func(co *loop.Co) (net.Conn, error) {
		s, err := stream.Adopt(l, near.(*net.TCPConn))
		if err != nil {
			return nil, err
		}
		if _, err := loop.Await(co, s.Write([]byte("from the loop, "))); err != nil {
			return nil, err
		}
		conn, _, err := s.Detach() // nothing had come
		return conn, err
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Fprintln(conn, "and from a goroutine")
	conn.Close()
	all, _ := io.ReadAll(far)
	fmt.Print(string(all))
	// Output: from the loop, and from a goroutine
}

// tcpPair is the two ends of a connection.
func tcpPair() (near, far net.Conn) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer ln.Close()
	if near, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		panic(err)
	}
	if far, err = ln.Accept(); err != nil {
		panic(err)
	}
	return near, far
}

// What no loop can watch, such as one end of net.Pipe or a *tls.Conn, is pumped.
func ExamplePump() {
	near, far := net.Pipe()
	l, err := loop.New(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	_, err = loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		s, err := stream.Pump(l, near)
		if err != nil {
			return struct{}{}, err
		}
		s.Write([]byte("through the pump"))
		closed := s.Close() // delivers
		all, err := loop.Await(co, loop.FromFunc(l, func(context.Context) ([]byte, error) { return io.ReadAll(far) }))
		if err != nil {
			return struct{}{}, err
		}
		fmt.Println(string(all))
		_, err = loop.Await(co, closed)
		return struct{}{}, err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: through the pump
}
