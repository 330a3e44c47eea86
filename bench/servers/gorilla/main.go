// Gorilla is a WebSocket server on gorilla/websocket and net/http: it sends each message
// back, or with -kind broadcast to everybody.
package main

import (
	"flag"
	"log"
	"net/http"

	"github.com/gorilla/websocket"

	"github.com/zonda-go/zonda/bench/internal/live"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	kind := flag.String("kind", "ws", "ws (echo) or broadcast")
	flag.Parse()
	live.Answer()
	serve := echo
	if *kind == "broadcast" {
		h := newHub()
		go h.run()
		serve = h.join
	}
	up := websocket.Upgrader{}
	log.Fatal("gorilla: ", http.ListenAndServe(*addr, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := up.Upgrade(w, r, nil)
		if err != nil {
			return // it has answered
		}
		defer c.Close()
		serve(c)
	})))
}

func echo(c *websocket.Conn) {
	for {
		kind, message, err := c.ReadMessage()
		if err != nil {
			return
		}
		if err := c.WriteMessage(kind, message); err != nil {
			return
		}
	}
}
