// Coder is a WebSocket server on coder/websocket and net/http: it sends each message
// back.
package main

import (
	"context"
	"flag"
	"log"
	"net/http"

	"github.com/coder/websocket"

	"github.com/zonda-go/zonda/bench/internal/live"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	flag.Parse()
	live.Answer()
	log.Fatal("coder: ", http.ListenAndServe(*addr, http.HandlerFunc(echo)))
}

func echo(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // it has answered
	}
	defer c.CloseNow()
	ctx := context.Background()
	for {
		kind, message, err := c.Read(ctx)
		if err != nil {
			return
		}
		if err := c.Write(ctx, kind, message); err != nil {
			return
		}
	}
}
