package wsclient

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// TestExchange has a server that somebody else wrote.
func TestExchange(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		up := websocket.Upgrader{EnableCompression: true}
		c, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		for {
			kind, data, err := c.ReadMessage()
			if err != nil {
				return
			}
			c.EnableWriteCompression(false)
			c.WriteMessage(kind, data)
		}
	}))
	defer s.Close()
	for offer, want := range map[string]bool{"": false, Deflate: true} {
		c := dial(t, s)
		chosen, err := Shake(c, offer)
		if err != nil || strings.Contains(chosen, "permessage-deflate") != want {
			t.Fatalf("offered %q: chosen %q, %v", offer, chosen, err)
		}
		message := strings.Repeat("a message ", 6)
		if _, err := io.WriteString(c, Masked(Binary, message)); err != nil {
			t.Fatal(err)
		}
		back := make([]byte, len(Plain(Binary, message)))
		if _, err := io.ReadFull(c, back); err != nil || string(back) != Plain(Binary, message) {
			t.Errorf("%q came back, %v", back, err)
		}
	}
}

func TestShakeRefuses(t *testing.T) {
	head := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
	good := head + AcceptKey("em9uZGEtYmVuY2gta2V5IQ==") + "\r\n\r\n"
	if _, err := Shake(script(good), ""); err != nil {
		t.Fatal(err)
	}
	for name, answer := range map[string]string{
		"another status": strings.Replace(good, "101", "200", 1),
		"another key":    head + AcceptKey("") + "\r\n\r\n",
		"speaks first":   good + "x",
		"ends":           good[:20],
		"has no end":     head + strings.Repeat("x", maxHead),
	} {
		if chosen, err := Shake(script(answer), ""); err == nil {
			t.Errorf("%s: no error, %q", name, chosen)
		}
	}
}

// script is a server that answers without listening.
func script(answer string) io.ReadWriter {
	return struct {
		io.Reader
		io.Writer
	}{strings.NewReader(answer), io.Discard}
}

func dial(t *testing.T, s *httptest.Server) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(10 * time.Second))
	return c
}

func TestMaskedRoundTrip(t *testing.T) {
	got := Masked(Binary, "payload")
	if got[0] != Binary || got[1] != 0x80|7 {
		t.Fatalf("begins with % x", got[:2])
	}
	var plain []byte
	for i := range 7 {
		plain = append(plain, got[6+i]^got[2+i%4])
	}
	if string(plain) != "payload" || strings.Contains(got, "payload") {
		t.Errorf("unmasked %q of %q", plain, got)
	}
}
