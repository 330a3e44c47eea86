// Zondaws is a WebSocket server on zonda: it sends each message back, or with -kind
// broadcast to everybody.
package main

import (
	"flag"
	"log"

	"github.com/zonda-go/zonda/bench/internal/live"
	"github.com/zonda-go/zonda/bench/internal/selfsigned"
	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
	"github.com/zonda-go/zonda/websocket"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	kind := flag.String("kind", "ws", "ws (echo) or broadcast")
	read := flag.Bool("read", false, "echo in a coroutine of each connection, instead of OnMessage")
	deflate := flag.Bool("deflate", false, "accept compression where it is offered")
	secure := flag.Bool("tls", false, "speak TLS, with a certificate made at the start")
	flag.Parse()
	live.Answer()
	options := &websocket.AcceptOptions{}
	if *deflate {
		options.Compression = &websocket.Compression{Threshold: 1}
	}
	serve := onMessage
	switch {
	case *kind == "broadcast":
		serve = (&room{all: make(map[*websocket.Conn]bool)}).join
	case *read:
		serve = reads
	}
	srv := &http1.Server{Handler: http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		c, err := websocket.Accept(co, w, r, options)
		if err == nil {
			serve(c)
		}
		return err
	})}
	if *secure {
		config, err := selfsigned.Config()
		if err != nil {
			log.Fatal("zondaws: ", err)
		}
		srv.TLS = &stream.TLSOptions{Config: config}
	}
	log.Fatal("zondaws: ", srv.ListenAndServe(*addr))
}

// onMessage holds nothing between messages.
func onMessage(c *websocket.Conn) {
	c.OnMessage(func(co *loop.Co, m websocket.Message) error { return c.Write(co, m.Type, m.Data) })
}

// reads has a coroutine of its own.
func reads(c *websocket.Conn) {
	loop.Go(c.Loop(), func(co *loop.Co) (struct{}, error) {
		for m, err := range c.Messages(co) {
			if err == nil {
				err = c.Write(co, m.Type, m.Data)
			}
			if err != nil {
				c.Abort()
				return struct{}{}, nil
			}
		}
		return struct{}{}, nil
	})
}
