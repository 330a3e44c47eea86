package websocket

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/zonda-go/zonda/internal/wswire"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// hexes is text of n bytes that compresses to half, and refers to nothing.
func hexes(seed uint64, n int) string {
	r := rand.New(rand.NewPCG(seed, 2))
	var b strings.Builder
	for b.Len() < n {
		fmt.Fprintf(&b, "%016x", r.Uint64())
	}
	return b.String()[:n]
}

// withTakeover makes a connection of which both ends refer to what they have sent.
func withTakeover(t *testing.T, co *loop.Co, o *Options) (server, client *Conn) {
	server, client = conns(t, co, o)
	for _, c := range []*Conn{server, client} {
		set := c.set.deflated(wswire.Deflate{}, &Compression{SendTakeover: true, ReceiveTakeover: true})
		c.set = &set
	}
	return server, client
}

// TestTakeoverWays: messages refer to what was sent before, in whichever way that went, and
// never to what the peer has not decompressed.
func TestTakeoverWays(t *testing.T) {
	ways := map[string]func(co *loop.Co, c *Conn, text string) error{
		"Write": func(co *loop.Co, c *Conn, text string) error { return c.Write(co, Text, []byte(text)) },
		"Send":  func(_ *loop.Co, c *Conn, text string) error { return c.Send(Text, []byte(text)) },
		"NextWriter": func(co *loop.Co, c *Conn, text string) error {
			w, err := c.NextWriter(co, Text)
			if err != nil {
				return err
			}
			if _, err := w.Write([]byte(text)); err != nil {
				return err
			}
			return w.Close()
		},
		"WritePrepared": func(co *loop.Co, c *Conn, text string) error {
			p, err := Prepare(Text, []byte(text))
			if err != nil {
				return err
			}
			return c.WritePrepared(co, p)
		},
	}
	for way, say := range ways {
		for _, n := range []int{100, 3000, 20_000, longMessage + 1, 4 * longMessage} {
			t.Run(fmt.Sprintf("%s of %d", way, n), func(t *testing.T) {
				looptest.Run(t, func(co *loop.Co) error {
					server, client := withTakeover(t, co, nil)
					first := hexes(1, n)
					all := []string{first, first[max(0, n-2000):], "x" + first[:min(n, 1000)], first}
					f := loop.Go(co, func(co *loop.Co) (struct{}, error) {
						for i, text := range all {
							say := say
							if i%2 == 1 {
								say = ways["Write"]
							}
							if err := say(co, server, text); err != nil {
								return struct{}{}, err
							}
						}
						return struct{}{}, nil
					})
					for i, want := range all {
						if _, got, err := client.Read(co); err != nil || string(got) != want {
							t.Fatalf("message %d: %d of %d bytes, %v", i, len(got), len(want), err)
						}
					}
					_, err := loop.Await(co, f)
					client.Abort()
					server.Abort()
					return err
				})
			})
		}
	}
}
