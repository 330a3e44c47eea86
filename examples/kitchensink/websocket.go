package main

import (
	"net/http"

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
	echoMessages(conn)
	return nil
}

func echoMessages(conn *websocket.Conn) {
	conn.OnMessage(func(co *loop.Co, m websocket.Message) error { return conn.Write(co, m.Type, m.Data) })
}

// stdSocket is the same in a handler of net/http: the connection goes to the loop that it
// came from, if the server is ours.
func stdSocket(w http.ResponseWriter, r *http.Request) {
	l, ok := loop.Of(r.Context())
	if !ok {
		http.Error(w, "not served by a loop", http.StatusInternalServerError)
		return
	}
	// A handshake that was refused is answered, and nobody else needs to know.
	_ = websocket.AcceptNetHTTP(l, w, r, accept, func(_ *loop.Co, conn *websocket.Conn) error {
		echoMessages(conn)
		return nil
	})
}
