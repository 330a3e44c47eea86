package main

import (
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/websocket"
)

// A room sends each message to all. It belongs to the server's one loop.
type room struct{ all map[*websocket.Conn]bool }

func (r *room) join(c *websocket.Conn) {
	r.all[c] = true
	c.OnClose(func(error) { delete(r.all, c) })
	c.OnMessage(func(_ *loop.Co, m websocket.Message) error {
		p, err := websocket.Prepare(m.Type, m.Data)
		if err != nil {
			return err
		}
		for other := range r.all {
			if err := other.SendPrepared(p); err != nil {
				other.Abort()
			}
		}
		return nil
	})
}
