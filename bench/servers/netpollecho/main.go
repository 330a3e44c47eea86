// Netpollecho sends back what it receives, on netpoll: its poller wakes a
// goroutine of its pool for each connection that has something.
package main

import (
	"context"
	"flag"
	"log"

	"github.com/cloudwego/netpoll"

	"github.com/zonda-go/zonda/bench/internal/live"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	flag.Parse()
	live.Answer()
	ln, err := netpoll.CreateListener("tcp", *addr)
	if err != nil {
		log.Fatal("netpollecho: ", err)
	}
	loop, err := netpoll.NewEventLoop(echo)
	if err != nil {
		log.Fatal("netpollecho: ", err)
	}
	log.Fatal("netpollecho: ", loop.Serve(ln))
}

func echo(_ context.Context, c netpoll.Connection) error {
	r, w := c.Reader(), c.Writer()
	b, err := r.Next(r.Len())
	if err == nil {
		_, err = w.WriteBinary(b)
	}
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = r.Release()
	}
	return err
}
