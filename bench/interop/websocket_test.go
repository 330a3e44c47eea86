package interop

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	coder "github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/websocket"
)

// said is what goes there and back: of all sizes of header, and such as is compressed well.
func said() []websocket.Message {
	var all []websocket.Message
	for _, n := range []int{0, 1, 125, 126, 1000, 65535, 65536, 1 << 20} {
		text := strings.Repeat("grüß Gott, ", n/10+1)[:n]
		all = append(all, websocket.Message{Type: websocket.Text, Data: []byte(strings.ToValidUTF8(text, "?"))},
			websocket.Message{Type: websocket.Binary, Data: []byte(text)})
	}
	return all
}

// compressions is what a zonda end speaks.
var compressions = map[string]*websocket.Compression{
	"plain":    nil,
	"deflate":  {Threshold: 10},
	"takeover": {Threshold: 10, SendTakeover: true, ReceiveTakeover: true},
	"narrow":   {Threshold: 10, SendBits: 9, ReceiveBits: 10},
}

// zondaServer echoes, on a loop of its own.
func zondaServer(t *testing.T, c *websocket.Compression) string {
	o := &websocket.AcceptOptions{Options: websocket.Options{Compression: c}, Subprotocols: []string{"echo"}}
	srv := &http1.Server{Handler: http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		conn, err := websocket.Accept(co, w, r, o)
		if err != nil {
			return err
		}
		conn.OnMessage(func(co *loop.Co, m websocket.Message) error { return conn.Write(co, m.Type, m.Data) })
		return nil
	})}
	l, err := loop.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	addr, err := srv.Listen(l, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = l.Run() }()
	t.Cleanup(func() {
		_ = srv.Shutdown(context.Background())
		l.Close()
		<-ended
	})
	return "ws://" + addr.String() + "/"
}

// talk is zonda as the client.
func talk(t *testing.T, url string, c *websocket.Compression) {
	t.Helper()
	l, err := loop.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = loop.RunSyncTimeout(l, time.Minute, func(co *loop.Co) (struct{}, error) {
		conn, err := websocket.Dial(co, url, &websocket.DialOptions{Options: websocket.Options{Compression: c}, Subprotocols: []string{"echo"}})
		if err != nil {
			return struct{}{}, err
		}
		if conn.Subprotocol() != "echo" {
			t.Errorf("subprotocol %q", conn.Subprotocol())
		}
		for range 2 {
			for _, m := range said() {
				if err := conn.Write(co, m.Type, m.Data); err != nil {
					return struct{}{}, err
				}
				kind, data, err := conn.Read(co)
				if err != nil || kind != m.Type || string(data) != string(m.Data) {
					return struct{}{}, fmt.Errorf("%d bytes, %d came back: %w", len(m.Data), len(data), err)
				}
			}
		}
		_, err = loop.Await(co, conn.Close(websocket.Normal, "bye"))
		return struct{}{}, err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestGorillaClient(t *testing.T) {
	for name, c := range compressions {
		for _, deflate := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, %v", name, deflate), func(t *testing.T) {
				d := &gorilla.Dialer{EnableCompression: deflate, Subprotocols: []string{"echo"}}
				conn, resp, err := d.DialContext(t.Context(), zondaServer(t, c), nil)
				if err != nil {
					t.Fatal(err, resp)
				}
				defer conn.Close()
				for range 2 {
					for _, m := range said() {
						if err := conn.WriteMessage(int(m.Type), m.Data); err != nil {
							t.Fatal(err)
						}
						kind, data, err := conn.ReadMessage()
						if err != nil || kind != int(m.Type) || string(data) != string(m.Data) {
							t.Fatalf("%d bytes, %d came back: %v", len(m.Data), len(data), err)
						}
					}
				}
				conn.WriteControl(gorilla.CloseMessage, gorilla.FormatCloseMessage(4000, "bye"), time.Now().Add(time.Minute))
				if _, _, err := conn.ReadMessage(); !gorilla.IsCloseError(err, 4000) {
					t.Error(err)
				}
			})
		}
	}
}

func TestGorillaServer(t *testing.T) {
	for _, deflate := range []bool{false, true} {
		up := &gorilla.Upgrader{EnableCompression: deflate, Subprotocols: []string{"echo"}}
		var handlers sync.WaitGroup // srv.Close does not wait for connections that were taken away
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			handlers.Add(1)
			defer handlers.Done()
			conn, err := up.Upgrade(w, r, nil)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			for {
				kind, data, err := conn.ReadMessage()
				if err != nil {
					if !gorilla.IsCloseError(err, 1000) {
						t.Error(err)
					}
					return
				}
				if err := conn.WriteMessage(kind, data); err != nil {
					t.Error(err)
					return
				}
			}
		}))
		for name, c := range compressions {
			if deflate && name == "narrow" {
				continue // it accepts the offer and passes over server_max_window_bits, which RFC 7692, 7.1.2.1 forbids: we hang up
			}
			t.Run(fmt.Sprintf("%s, %v", name, deflate), func(t *testing.T) { talk(t, "ws"+strings.TrimPrefix(srv.URL, "http"), c) })
		}
		srv.Close()
		handlers.Wait()
	}
}

// coderModes is what the other end speaks.
var coderModes = []coder.CompressionMode{coder.CompressionDisabled, coder.CompressionNoContextTakeover, coder.CompressionContextTakeover}

func TestCoderClient(t *testing.T) {
	for name, c := range compressions {
		for _, mode := range coderModes {
			t.Run(fmt.Sprintf("%s, %v", name, mode), func(t *testing.T) {
				conn, _, err := coder.Dial(t.Context(), zondaServer(t, c), &coder.DialOptions{CompressionMode: mode, CompressionThreshold: 10, Subprotocols: []string{"echo"}})
				if err != nil {
					t.Fatal(err)
				}
				defer conn.CloseNow()
				conn.SetReadLimit(10 << 20)
				for range 2 {
					for _, m := range said() {
						if err := conn.Write(t.Context(), coder.MessageType(m.Type), m.Data); err != nil {
							t.Fatal(err)
						}
						kind, data, err := conn.Read(t.Context())
						if err != nil || kind != coder.MessageType(m.Type) || string(data) != string(m.Data) {
							t.Fatalf("%d bytes, %d came back: %v", len(m.Data), len(data), err)
						}
					}
				}
				if err := conn.Ping(conn.CloseRead(t.Context())); err != nil {
					t.Error(err)
				}
				if err := conn.Close(4000, "bye"); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func TestCoderServer(t *testing.T) {
	for _, mode := range coderModes {
		var handlers sync.WaitGroup // srv.Close does not wait for connections that were taken away
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			handlers.Add(1)
			defer handlers.Done()
			conn, err := coder.Accept(w, r, &coder.AcceptOptions{CompressionMode: mode, CompressionThreshold: 10, Subprotocols: []string{"echo"}})
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.CloseNow()
			conn.SetReadLimit(10 << 20)
			for {
				kind, data, err := conn.Read(r.Context())
				var ce coder.CloseError
				if errors.As(err, &ce) && ce.Code == 1000 {
					return
				}
				if err == nil {
					err = conn.Write(r.Context(), kind, data)
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		}))
		for name, c := range compressions {
			t.Run(fmt.Sprintf("%s, %v", name, mode), func(t *testing.T) { talk(t, "ws"+strings.TrimPrefix(srv.URL, "http"), c) })
		}
		srv.Close()
		handlers.Wait()
	}
}
