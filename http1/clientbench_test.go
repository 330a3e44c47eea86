package http1_test

import (
	"net"
	"testing"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

const cannedHello = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\nDate: Sat, 01 Jan 2000 00:00:00 GMT\r\n\r\nHello, World!"

// canned answers every request on every connection with the same bytes, on goroutines.
func canned(b testing.TB, response string) net.Listener {
	b.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				room, answer := make([]byte, 4096), []byte(response)
				for {
					if _, err := c.Read(room); err != nil {
						return
					}
					if _, err := c.Write(answer); err != nil {
						return
					}
				}
			}()
		}
	}()
	return ln
}

// A small GET on a connection that is kept: what it allocates is the client's alone.
func BenchmarkClientDo(b *testing.B) {
	benchmarkClient(b, 1)
}

// The same with 64 at a time.
func BenchmarkClientDo64(b *testing.B) {
	benchmarkClient(b, 64)
}

func benchmarkClient(b *testing.B, workers int) {
	ln := canned(b, cannedHello)
	defer ln.Close()
	l, err := loop.New(nil)
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	client := &http1.Client{}
	req := &http1.ClientRequest{URL: "http://" + ln.Addr().String() + "/"}
	b.ReportAllocs()
	_, err = loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		defer client.Close()
		left := b.N
		return struct{}{}, loop.WithGroup(co, func(g *loop.Group) error {
			for range workers {
				g.Go(func(co *loop.Co) error {
					for ; left > 0; left-- {
						if _, err := client.Do(co, req); err != nil {
							return err
						}
					}
					return nil
				})
			}
			return nil
		})
	})
	if err != nil {
		b.Fatal(err)
	}
}

// A request leaves its response behind, the text of the head and the body, and nothing
// else.
func TestClientAllocs(t *testing.T) {
	ln := canned(t, cannedHello)
	defer ln.Close()
	l, err := loop.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client := &http1.Client{}
	req := &http1.ClientRequest{URL: "http://" + ln.Addr().String() + "/"}
	_, err = loop.RunSync(l, func(co *loop.Co) (none struct{}, err error) {
		defer client.Close()
		n := testing.AllocsPerRun(100, func() {
			if _, e := client.Do(co, req); e != nil {
				err = e
			}
		})
		if n > 5 { // three, and in builds with the race detector two more
			t.Errorf("%v allocations", n)
		}
		return none, err
	})
	if err != nil {
		t.Fatal(err)
	}
}
