//go:build unix

package websocket_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log"
	"strings"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/websocket"
)

// A large message is written and read in pieces, at the pace of the slower side. A file is read
// by a goroutine, as nothing on a loop may block.
func ExampleConn_NextWriter() {
	var file io.Reader = strings.NewReader(strings.Repeat("0123456789abcdef", 1<<20)) // 16 MiB
	upload := func(co *loop.Co, conn *websocket.Conn) error {
		w, err := conn.NextWriter(co, websocket.Binary)
		if err != nil {
			return err
		}
		for buf := make([]byte, 64<<10); ; {
			n, err := loop.Await(co, loop.Offload(co.Loop(), func(context.Context) (int, error) {
				return io.ReadFull(file, buf)
			}))
			if _, werr := w.Write(buf[:n]); werr != nil {
				return werr
			}
			if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
				return w.Close()
			}
			if err != nil {
				conn.Abort() // a message has begun that cannot be ended
				return err
			}
		}
	}
	accept := &websocket.AcceptOptions{Options: websocket.Options{MaxMessage: 1 << 30}} // 10 MiB otherwise
	receive := func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		conn, err := websocket.Accept(co, w, r, accept)
		if err != nil {
			return err
		}
		defer conn.Close(websocket.Normal, "")
		_, m, err := conn.NextReader(co)
		if err != nil {
			return err
		}
		sum := sha256.New()
		n, err := io.Copy(sum, m)
		if err != nil {
			return err
		}
		return conn.Write(co, websocket.Text, fmt.Appendf(nil, "%d bytes, %.4x", n, sum.Sum(nil)))
	}

	l, err := loop.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	srv := &http1.Server{Handler: http1.HandlerFunc(receive)}
	addr, err := srv.Listen(l, "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	_, err = loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		conn, err := websocket.Dial(co, "ws://"+addr.String(), nil)
		if err != nil {
			return struct{}{}, err
		}
		defer conn.Close(websocket.Normal, "")
		if err := upload(co, conn); err != nil {
			return struct{}{}, err
		}
		_, answer, err := conn.Read(co)
		fmt.Printf("%s\n", answer)
		return struct{}{}, err
	})
	fmt.Println(err)
	// Output:
	// 16777216 bytes, 5673abd9
	// <nil>
}
