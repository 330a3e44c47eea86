// Command chat serves a page on which people talk: by WebSocket, and where that does not get
// through, by long polling. The last 200 messages are kept.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8888", "the address to serve on")
	flag.Parse()
	if err := serve(*addr); err != nil {
		fmt.Fprintln(os.Stderr, "chat:", err)
		os.Exit(1)
	}
}

// serve serves until an interrupt, and then closes the connections in good order.
func serve(addr string) error {
	var c *chat
	srv := &http1.Server{
		Handler: http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
			if c == nil { // the loop is there with the first request
				c = newChat(co.Loop())
			}
			return c.Serve(co, w, r)
		}),
		OnListen: func(a net.Addr) {
			fmt.Printf("chat: serving on http://%v (open it in two windows; http://%v/?transport=poll talks without WebSocket; Ctrl-C ends it)\n", a, a)
		},
	}
	interrupted, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(interrupted, func() {
		patience, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if srv.Shutdown(patience) != nil {
			srv.Close()
		}
	})
	if err := srv.ListenAndServe(addr); !errors.Is(err, http1.ErrServerClosed) {
		return err
	}
	return nil
}
