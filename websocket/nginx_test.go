//go:build unix

package websocket

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/internal/nginxtest"
	"github.com/zonda-go/zonda/loop"
)

// A behindNginx is a server of ours behind nginx. It and its clients live on one loop.
type behindNginx struct {
	t    *testing.T
	docs string // nginx as docs/http.md has it
	bare string // nginx that gives up soon, or passes no upgrade on
	// For the test that is at it, by the server's end of its connection.
	accepted *loop.Promise[*Conn]
	refused  error
}

// TestNginx has our client talk to our server through nginx, which does not speak WebSocket
// but passes it on.
func TestNginx(t *testing.T) {
	n := nginxtest.New(t)
	l := running(t)
	b := &behindNginx{t: t}
	srv := &http1.Server{Handler: http1.HandlerFunc(b.serve), TrustProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}
	bound, err := loop.Do(t.Context(), l, func(*loop.Co) (net.Addr, error) { return srv.Listen(l, "127.0.0.1:0") })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := srv.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	app := bound.String()
	b.docs, b.bare = n.Listen(), n.Listen()
	n.Start(nginxtest.Documented(t, "../docs/http.md", b.docs, app) + fmt.Sprintf(`server {
		listen %s;
		location / { proxy_pass http://%[2]s; proxy_set_header Host x; }
		location /kept { proxy_pass http://%[2]s; proxy_http_version 1.1; proxy_set_header Host x; }
		proxy_set_header Upgrade $http_upgrade;
		proxy_set_header Connection $connection_upgrade;
		location /short { proxy_pass http://%[2]s; proxy_http_version 1.1; proxy_read_timeout 300ms; }
		location /second { proxy_pass http://%[2]s; proxy_http_version 1.1; proxy_read_timeout 1s; }
	}`, b.bare, app))
	for _, part := range []struct {
		name string
		run  func(*loop.Co) error
	}{
		{"messages", b.messages},
		{"origins", b.origins},
		{"the client closes", b.clientCloses},
		{"the server closes", b.serverCloses},
		{"the client vanishes", b.clientVanishes},
		{"silence", b.silence},
		{"no upgrade", b.noUpgrade},
	} {
		t.Run(part.name, func(t *testing.T) {
			b.t = t
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, err := loop.Do(ctx, l, func(co *loop.Co) (none struct{}, err error) {
				b.accepted = loop.NewPromise[*Conn](l)
				return none, part.run(co)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func (b *behindNginx) serve(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
	o := &AcceptOptions{Subprotocols: []string{"talk"}, Options: Options{Compression: &Compression{Threshold: 1}}}
	if r.Query() == "ping" {
		o.PingInterval = 100 * time.Millisecond
	}
	c, err := Accept(co, w, r, o)
	if err != nil {
		b.refused = err
		return err
	}
	echo(c)
	b.accepted.TrySet(c)
	return nil
}

// dial connects, and gives both ends.
func (b *behindNginx) dial(co *loop.Co, url string, o *DialOptions) (client, server *Conn, err error) {
	if client, err = Dial(co, "ws://"+url, o); err != nil {
		return nil, nil, err
	}
	server, err = loop.Await(co, b.accepted.Future())
	return client, server, err
}

// messages: of all sizes in both directions, one after another and many at once, compressed
// and not.
func (b *behindNginx) messages(co *loop.Co) error {
	for _, compression := range []*Compression{nil, {Threshold: 1}} {
		c, err := Dial(co, "ws://"+b.docs+"/", &DialOptions{Subprotocols: []string{"talk"}, Options: Options{Compression: compression}})
		if err != nil {
			return err
		}
		if c.Subprotocol() != "talk" || c.Compressed() != (compression != nil) {
			b.t.Errorf("agreed on %q, compressed: %v", c.Subprotocol(), c.Compressed())
		}
		for _, n := range []int{0, 1, 125, 126, 65535, 65536, 300_000} {
			text := strings.Repeat("grüß Gott ", n/11+1)
			if err := c.Write(co, Text, []byte(text)); err != nil {
				return err
			}
			if kind, got, err := c.Read(co); err != nil || kind != Text || string(got) != text {
				b.t.Errorf("of %d bytes %d came back, %v", len(text), len(got), err)
			}
		}
		const many = 100
		for i := range many {
			if err := c.Write(co, Binary, fmt.Append(nil, i)); err != nil {
				return err
			}
		}
		for i := range many {
			if _, got, err := c.Read(co); err != nil || string(got) != fmt.Sprint(i) {
				return fmt.Errorf("message %d is %q, %w", i, got, err)
			}
		}
		if _, err := loop.Await(co, c.Close(Normal, "")); err != nil {
			b.t.Error(err)
		}
	}
	return nil
}

// origins: a page of the host that was asked may connect, since nginx passes the host on
// with its port.
func (b *behindNginx) origins(co *loop.Co) error {
	for origin, want := range map[string]int{"http://" + b.docs: 101, "http://other.test": 403, "http://127.0.0.1:1": 403} {
		o := &DialOptions{}
		o.Header.Set("Origin", origin)
		status := 0
		o.OnResponse = func(r *Response) { status = r.Status }
		c, err := Dial(co, "ws://"+b.docs+"/", o)
		if status != want || (err == nil) != (want == 101) {
			b.t.Errorf("a page of %s: %d, %v, want %d", origin, status, err, want)
		}
		if c != nil {
			if _, err := loop.Await(co, c.Close(Normal, "")); err != nil {
				b.t.Error(err)
			}
		}
	}
	return nil
}

// endOf is what an end of a connection reads when there is nothing more.
func endOf(co *loop.Co, c *Conn) error {
	for {
		if _, _, err := c.Read(co); err != nil {
			return err
		}
	}
}

// toldClosed waits until c is over, and says how.
func toldClosed(co *loop.Co, c *Conn) error {
	p := loop.NewPromise[struct{}](co.Loop())
	c.OnClose(func(error) { p.TrySet(struct{}{}) })
	if _, err := loop.Await(co, p.Future()); err != nil {
		return err
	}
	return c.Err()
}

func isClose(err error, code Code, reason string) bool {
	var ce *CloseError
	return errors.As(err, &ce) && ce.Code == code && ce.Reason == reason
}

func (b *behindNginx) clientCloses(co *loop.Co) error {
	c, s, err := b.dial(co, b.docs+"/", nil)
	if err != nil {
		return err
	}
	if _, err := loop.Await(co, c.Close(3001, "that is all")); err != nil {
		b.t.Errorf("Close: %v", err)
	}
	if err := toldClosed(co, s); !isClose(err, 3001, "that is all") {
		b.t.Errorf("the server hears %v", err)
	}
	return nil
}

func (b *behindNginx) serverCloses(co *loop.Co) error {
	c, s, err := b.dial(co, b.docs+"/", nil)
	if err != nil {
		return err
	}
	over := s.Close(GoingAway, "closing time")
	if err := endOf(co, c); !isClose(err, GoingAway, "closing time") {
		b.t.Errorf("the client hears %v", err)
	}
	_, err = loop.Await(co, over)
	return err
}

// clientVanishes: without a close frame, which nginx passes on as the end that it is.
func (b *behindNginx) clientVanishes(co *loop.Co) error {
	c, s, err := b.dial(co, b.docs+"/", nil)
	if err != nil {
		return err
	}
	c.Abort()
	if err := toldClosed(co, s); !isClose(err, Abnormal, "") {
		b.t.Errorf("the server hears %v", err)
	}
	return nil
}

// silence: nginx gives up a connection on which nothing comes from the server, unless that
// sends pings.
func (b *behindNginx) silence(co *loop.Co) error {
	c, s, err := b.dial(co, b.bare+"/short", nil)
	if err != nil {
		return err
	}
	if err := endOf(co, c); !isClose(err, Abnormal, "") {
		b.t.Errorf("the client hears %v", err)
	}
	if err := toldClosed(co, s); !isClose(err, Abnormal, "") {
		b.t.Errorf("the server hears %v", err)
	}
	if !deep() {
		return nil // what follows wants a machine that is not busy
	}
	b.accepted = loop.NewPromise[*Conn](co.Loop())
	if c, _, err = b.dial(co, b.bare+"/second?ping", nil); err != nil {
		return err
	}
	if err := loop.Sleep(co, 3*time.Second); err != nil {
		return err
	}
	if err := c.Err(); err != nil {
		b.t.Errorf("with pings: %v", err)
	}
	_, err = loop.Await(co, c.Close(Normal, ""))
	return err
}

// noUpgrade: nginx takes Upgrade away, and speaks HTTP/1.0, if nothing else is said. The
// server says what it misses.
func (b *behindNginx) noUpgrade(co *loop.Co) error {
	for _, tt := range []struct {
		path   string
		status int
		why    string
	}{
		{"/", 400, "a WebSocket handshake needs HTTP/1.1"},
		{"/kept", 426, "this resource speaks WebSocket only"},
	} {
		_, err := Dial(co, "ws://"+b.bare+tt.path, nil)
		var he *HandshakeError
		if !errors.As(err, &he) || he.Status != tt.status {
			b.t.Errorf("%s: the client is told %v", tt.path, err)
		}
		if !errors.As(b.refused, &he) || he.Reason != tt.why {
			b.t.Errorf("%s: the server says %v", tt.path, b.refused)
		}
	}
	return nil
}
