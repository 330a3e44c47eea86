package websocket_test

import (
	"fmt"
	"log"
	"math/rand/v2"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/websocket"
)

// A ticker of prices, of which a slow consumer gets the newest only. They come from a goroutine
// that is no loop's: it posts them.
func ExampleConn_SendPrepared() {
	l, err := loop.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	consumers := map[*websocket.Conn]bool{} // belongs to the loop
	o := &websocket.AcceptOptions{Options: websocket.Options{Queue: 64 << 10, Slow: websocket.DropOldest}}
	srv := &http1.Server{Handler: http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		conn, err := websocket.Accept(co, w, r, o)
		if err != nil {
			return err
		}
		conn.OnMessage(func(*loop.Co, websocket.Message) error { return nil }) // unread, what it says would hide its end
		conn.OnClose(func(error) {
			fmt.Println("dropped:", conn.Stats().Dropped)
			delete(consumers, conn)
		})
		consumers[conn] = true
		return nil
	})}
	if _, err := srv.Listen(l, "127.0.0.1:8888"); err != nil {
		log.Fatal(err)
	}
	go func() {
		for price := range prices() {
			err := l.Post(func() {
				p, err := websocket.Prepare(websocket.Text, fmt.Append(nil, price))
				if err != nil {
					return
				}
				for conn := range consumers {
					_ = conn.SendPrepared(p) // who has gone hears of it through OnClose
				}
			})
			if err != nil {
				return // the loop is closed
			}
		}
	}()
	log.Fatal(l.Run())
}

func prices() <-chan int { return nil }

// A client that connects again when its connection has ended, later and later, and not all
// clients of a server at once.
func ExampleDial_again() {
	follow := func(co *loop.Co, url string, each func(websocket.Message)) error {
		o := &websocket.DialOptions{Options: websocket.Options{PingInterval: 30 * time.Second}} // a server that is gone is noticed
		const least, most = 100 * time.Millisecond, time.Minute
		for pause := least; ; pause = min(2*pause, most) {
			conn, err := websocket.Dial(co, url, o)
			if err == nil {
				pause = least
				for m, merr := range conn.Messages(co) {
					if err = merr; err == nil {
						each(m)
					}
				}
				conn.Close(websocket.Normal, "")
			}
			if co.Err() != nil {
				return err // co was cancelled: nobody wants any more
			}
			log.Printf("again in %v: %v", pause, err)
			if err := loop.Sleep(co, pause/2+rand.N(pause)); err != nil {
				return err
			}
		}
	}
	_ = follow
}
