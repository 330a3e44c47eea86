package main

import (
	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/websocket"
)

// accept is how /ws takes clients in: any, with messages up to 64 MiB.
var accept = &websocket.AcceptOptions{
	Options: websocket.Options{
		MaxMessage:  64 << 20,
		Compression: &websocket.Compression{},
	},
	Subprotocols: []string{"zonda.v1"},
	Origins:      []string{"*"},
}

// socket echoes messages, text as text and bytes as bytes. Without an upgrade it is 426.
func socket(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
	conn, err := websocket.Accept(co, w, r, accept)
	if err != nil {
		return err
	}
	conn.OnMessage(func(co *loop.Co, m websocket.Message) error { return conn.Write(co, m.Type, m.Data) })
	return nil
}
