package websocket_test

import (
	"fmt"
	"log"
	"net/http"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/websocket"
)

// In a coroutine, a connection is read like a queue.
func ExampleConn_Messages() {
	handler := func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		conn, err := websocket.Accept(co, w, r, nil)
		if err != nil {
			return err // it is answered already
		}
		defer conn.Close(websocket.Normal, "")
		for m, err := range conn.Messages(co) {
			if err != nil {
				return err
			}
			if err := conn.Write(co, m.Type, m.Data); err != nil {
				return err
			}
		}
		return nil
	}
	srv := &http1.Server{Handler: http1.HandlerFunc(handler)}
	log.Fatal(srv.ListenAndServe("127.0.0.1:8888"))
}

// Where connections are idle most of the time, a function is called with each message, and
// nothing is kept between them.
func ExampleConn_OnMessage() {
	handler := func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		conn, err := websocket.Accept(co, w, r, &websocket.AcceptOptions{
			Options: websocket.Options{Compression: &websocket.Compression{}},
		})
		if err != nil {
			return err
		}
		conn.OnMessage(func(co *loop.Co, m websocket.Message) error {
			return conn.Write(co, m.Type, m.Data) // it may wait
		})
		return nil
	}
	srv := &http1.Server{Handler: http1.HandlerFunc(handler)}
	log.Fatal(srv.ListenAndServe("127.0.0.1:8888"))
}

// A message for many is encoded, and compressed, once.
func ExamplePrepare() {
	var members []*websocket.Conn // of a room, on this loop
	say := func(text string) error {
		p, err := websocket.Prepare(websocket.Text, []byte(text))
		if err != nil {
			return err
		}
		for _, m := range members {
			_ = m.SendPrepared(p) // who has gone hears of it through OnClose
		}
		return nil
	}
	fmt.Println(say("hello, all"))
	// Output: <nil>
}

// A client.
func ExampleDial() {
	l, err := loop.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	_, err = loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		conn, err := websocket.Dial(co, "wss://example.com/chat", nil)
		if err != nil {
			return struct{}{}, err
		}
		if err := conn.Write(co, websocket.Text, []byte("hello")); err != nil {
			return struct{}{}, err
		}
		kind, data, err := conn.Read(co)
		fmt.Println(kind, len(data), err)
		_, err = loop.Await(co, conn.Close(websocket.Normal, ""))
		return struct{}{}, err
	})
	fmt.Println(err)
}

// A handler of net/http gives its connection to a loop, where it costs little while it is
// idle.
func ExampleAcceptNetHTTP() {
	l, err := loop.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	go l.Run()
	http.HandleFunc("/ws", func(w http.ResponseWriter, r *http.Request) {
		_ = websocket.AcceptNetHTTP(l, w, r, nil, func(co *loop.Co, conn *websocket.Conn) error {
			conn.OnMessage(func(co *loop.Co, m websocket.Message) error {
				return conn.Write(co, m.Type, m.Data)
			})
			return nil
		}) // an error was answered
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:8888", nil))
}
