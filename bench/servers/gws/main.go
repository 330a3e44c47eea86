// Gws is a WebSocket server on gws's own server, with a goroutine for each connection:
// it sends each message back, or with -kind broadcast to everybody.
package main

import (
	"flag"
	"log"
	"sync"

	"github.com/lxzan/gws"

	"github.com/zonda-go/zonda/bench/internal/live"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	kind := flag.String("kind", "ws", "ws (echo) or broadcast")
	flag.Parse()
	live.Answer()
	var h gws.Event = echo{}
	if *kind == "broadcast" {
		h = &room{all: make(map[*gws.Conn]bool)}
	}
	log.Fatal("gws: ", gws.NewServer(h, nil).Run(*addr))
}

type echo struct{ gws.BuiltinEventHandler }

func (echo) OnMessage(c *gws.Conn, m *gws.Message) {
	defer m.Close()
	if err := c.WriteMessage(m.Opcode, m.Bytes()); err != nil {
		c.NetConn().Close()
	}
}

// room sends each message to all by gws's Broadcaster, which encodes it once and has
// each connection write it on a goroutine of gws's.
type room struct {
	gws.BuiltinEventHandler

	mu  sync.Mutex // guards all
	all map[*gws.Conn]bool
}

func (r *room) OnOpen(c *gws.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all[c] = true
}

func (r *room) OnClose(c *gws.Conn, _ error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.all, c)
}

func (r *room) OnMessage(_ *gws.Conn, m *gws.Message) {
	defer m.Close()
	b := gws.NewBroadcaster(m.Opcode, m.Bytes())
	defer b.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.all {
		if err := b.Broadcast(c); err != nil {
			c.NetConn().Close()
		}
	}
}
