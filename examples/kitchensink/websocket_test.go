package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/websocket"
)

// TestSocket: short and long messages, compressed and not, a subprotocol, and no upgrade.
func TestSocket(t *testing.T) {
	eachKind(t, testSocket)
}

func testSocket(t *testing.T, s *server) {
	l, err := loop.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, compression := range []*websocket.Compression{nil, {}} {
		_, err = loop.RunSyncTimeout(l, time.Minute, func(co *loop.Co) (struct{}, error) {
			o := &websocket.DialOptions{Subprotocols: []string{"other", "zonda.v1"}}
			o.Compression, o.MaxMessage = compression, 64<<20
			o.Header.Add("Origin", "http://elsewhere.example")
			c, err := websocket.Dial(co, "ws"+strings.TrimPrefix(s.url, "http")+"/ws", o)
			if err != nil {
				return struct{}{}, err
			}
			if c.Subprotocol() != "zonda.v1" || c.Compressed() != (compression != nil) {
				t.Errorf("%q, compressed %v", c.Subprotocol(), c.Compressed())
			}
			for _, m := range []websocket.Message{
				{Type: websocket.Text, Data: []byte("grüß")}, {Type: websocket.Binary, Data: []byte("\xff\x00")}, {Type: websocket.Binary, Data: make([]byte, 20<<20)},
			} {
				if err := c.Write(co, m.Type, m.Data); err != nil {
					return struct{}{}, err
				}
				kind, data, err := c.Read(co)
				if err != nil || kind != m.Type || string(data) != string(m.Data) {
					t.Errorf("%v of %d bytes came back, %v", kind, len(data), err)
				}
			}
			_, err = loop.Await(co, c.Close(websocket.Normal, ""))
			return struct{}{}, err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	r, err := http.NewRequestWithContext(context.Background(), "GET", s.url+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 426 || resp.Header.Get("Sec-WebSocket-Version") != "13" {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
}
