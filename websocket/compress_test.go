package websocket

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/zonda-go/zonda/internal/wswire"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// deflating makes a connection whose two ends have agreed on d.
func deflating(t testing.TB, co *loop.Co, d wswire.Deflate, o *Options) (server, client *Conn, net *looptest.Network) {
	t.Helper()
	a, b := looptest.Pipe(0)
	s, err := stream.New(co.Loop(), a)
	if err != nil {
		t.Fatal(err)
	}
	p, err := stream.New(co.Loop(), b)
	if err != nil {
		t.Fatal(err)
	}
	server = newConn(s, o.settings(co.Loop(), true).deflated(d, o.Compression))
	client = newConn(p, o.settings(co.Loop(), false).deflated(d, o.Compression))
	return server, client, nil
}

// sentence is text that can be compressed, and is not the same twice.
func sentence(r *rand.Rand, n int) []byte {
	words := strings.Fields("the quick brown fox jumps over a lazy dog while seven wizards watch them from afar and say nothing at all")
	var b []byte
	for len(b) < n {
		b = append(append(b, words[r.IntN(len(words))]...), ' ')
	}
	return b[:n]
}

// TestDeflateRoundTrip: every combination of takeover and windows, of messages of many sizes,
// some of which are not compressed.
func TestDeflateRoundTrip(t *testing.T) {
	for _, takeover := range []bool{false, true} {
		for _, bits := range []uint8{0, 8, 9, 12, 15} {
			t.Run(fmt.Sprintf("takeover %v, %d bits", takeover, bits), func(t *testing.T) {
				looptest.Run(t, func(co *loop.Co) error {
					d := wswire.Deflate{ServerNoTakeover: !takeover, ClientNoTakeover: !takeover, ServerBits: bits, ClientBits: bits}
					s, c, _ := deflating(t, co, d, &Options{Compression: &Compression{Threshold: 100}})
					echo(s)
					r := rand.New(rand.NewPCG(uint64(bits), 1))
					for i := range 40 {
						text := sentence(r, 1<<(i%16)+i)
						if i%7 == 3 { // cannot be compressed
							for j := range text {
								text[j] = byte(33 + r.IntN(90))
							}
						}
						var err error
						if p, perr := Prepare(Text, text); i%5 == 4 && perr == nil {
							err = c.WritePrepared(co, p)
						} else {
							err = c.Write(co, Text, text)
						}
						if err != nil {
							return err
						}
						_, got, err := c.Read(co)
						if err != nil || !bytes.Equal(got, text) {
							t.Fatalf("message %d of %d bytes: %d bytes came back, %v", i, len(text), len(got), err)
						}
					}
					if takeover && (len(s.rare.sent) > history || len(s.rare.received) > window || len(s.rare.sent) == 0 || len(s.rare.received) == 0) {
						t.Errorf("it remembers %d and %d bytes", len(s.rare.sent), len(s.rare.received))
					}
					c.Abort()
					s.Abort()
					return nil
				})
			})
		}
	}
}

// TestWindowIsKept decompresses what is sent with a window as small as was agreed on: package
// flate knows 32 KiB only, so the distances are read here.
func TestWindowIsKept(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	text := sentence(r, 100_000)
	for bits := uint8(8); bits <= 15; bits++ {
		for _, dict := range [][]byte{nil, text[:min(history, 1<<bits/2)]} {
			out := appendDeflate(nil, text, dict, bits)
			f := flate.NewReaderDict(bytes.NewReader(append(out, final[4:]...)), dict)
			got, err := io.ReadAll(f)
			if err != nil || !bytes.Equal(got, text) {
				t.Fatalf("%d bits: %d bytes, %v", bits, len(got), err)
			}
			if d := farthest(t, out); d > 1<<bits {
				t.Errorf("%d bits, dictionary of %d: a reference over %d bytes", bits, len(dict), d)
			}
		}
	}
}

// TestTakeoverPays: small messages that are alike become much smaller.
func TestTakeoverPays(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		size := func(takeover bool) (n int) {
			s, c, _ := deflating(t, co, wswire.Deflate{ServerNoTakeover: !takeover}, &Options{Compression: &Compression{Threshold: 1}})
			for i := range 20 {
				out, ok := s.deflate(fmt.Appendf(nil, `{"user":"somebody","room":"lobby","seq":%d,"text":"hello"}`, i))
				if !ok {
					out = make([]byte, 58)
				}
				n += len(out)
			}
			s.Abort()
			c.Abort()
			return n
		}
		if with, without := size(true), size(false); with > without/2 {
			t.Errorf("%d bytes with takeover, %d without", with, without)
		}
		return nil
	})
}

// TestDropOldestTakeover: what is dropped is missing in the peer's past, so nothing may refer
// to it.
func TestDropOldestTakeover(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		a, b := looptest.Pipe(1000)
		s, err := stream.New(co.Loop(), a)
		if err != nil {
			return err
		}
		p, err := stream.New(co.Loop(), b)
		if err != nil {
			return err
		}
		o := &Options{Compression: &Compression{Threshold: 1}, Queue: 150_000, Slow: DropOldest}
		server := newConn(s, o.settings(co.Loop(), true).deflated(wswire.Deflate{}, o.Compression))
		client := newConn(p, o.settings(co.Loop(), false).deflated(wswire.Deflate{}, o.Compression))
		r := rand.New(rand.NewPCG(7, 8))
		sent := map[string]bool{}
		for range 300 {
			text := sentence(r, 4000)
			sent[string(text)] = true
			if err := server.Write(co, Text, text); err != nil {
				return err
			}
			server.uncork()
		}
		if server.Stats().Dropped == 0 {
			t.Error("nothing was dropped")
		}
		for f := server.Close(Normal, ""); ; {
			_, got, err := client.Read(co)
			if errors.Is(err, io.EOF) {
				_, err = loop.Await(co, f)
				return err
			}
			if err != nil || !sent[string(got)] {
				return fmt.Errorf("%.60q, which was not sent: %w", got, err)
			}
		}
	})
}

// TestThreshold: below it, and what grows, is sent as it is.
func TestThreshold(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		c, peer := pair(t, co, true, func(s *settings) {
			*s = s.deflated(wswire.Deflate{ServerNoTakeover: true}, &Compression{})
		})
		long := strings.Repeat("long ", 60)
		noise := make([]byte, 300)
		for i := range noise {
			noise[i] = byte(i*i*7 + i>>3)
		}
		for _, m := range []Message{{Text, []byte(long[:255])}, {Text, []byte(long[:256])}, {Binary, noise}} {
			if err := c.Send(m.Type, m.Data); err != nil {
				return err
			}
		}
		peer.wants(co, "text of 255")
		if got := peer.next(co); !strings.HasPrefix(got, `text compressed "`) {
			t.Error(got)
		}
		peer.wants(co, "binary of 300")
		c.Abort()
		peer.Abort()
		return nil
	})
}

// TestPreparedCompressesOnce for each window.
func TestPreparedCompressesOnce(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		p, err := Prepare(Text, []byte(strings.Repeat("again and ", 100)))
		if err != nil {
			return err
		}
		var first, payload []byte
		for range 3 {
			c, peer := pair(t, co, true, func(s *settings) { *s = s.deflated(wswire.Deflate{ServerNoTakeover: true}, &Compression{}) })
			if err := c.SendPrepared(p); err != nil {
				return err
			}
			f, d := p.frames[window], p.deflated[window]
			if len(f) == 0 || len(d) == 0 || len(f) > 200 {
				t.Fatalf("a frame of %d bytes, of %d", len(f), len(d))
			}
			if first == nil {
				first, payload = f, d
			}
			if &f[0] != &first[0] || &d[0] != &payload[0] {
				t.Error("it was compressed, or encoded, again")
			}
			settle(co)
			c.Abort()
			peer.Abort()
		}
		return nil
	})
}

// TestFinalBlocks: a message may have some, but not as many as to be dear.
func TestFinalBlocks(t *testing.T) {
	f := newInflater()
	block := "\x01\x01\x00\xfe\xffx" // stored, final
	for _, n := range []int{1, 2, maxFinal - 1, maxFinal, 100_000} {
		out, err := f.inflate([]byte(strings.Repeat(block, n)+"\x00"+final), nil, 0)
		if n < maxFinal && (err != nil || len(out) != n) || n >= maxFinal && err != wswire.ErrBadDeflate {
			t.Errorf("%d final blocks: %d bytes, %v", n, len(out), err)
		}
	}
}

// FuzzInflate: no panic, nothing above the limit, and the same as the standard library where
// that understands it.
func FuzzInflate(f *testing.F) {
	f.Add([]byte("\xf2\x48\xcd\xc9\xc9\x07\x00"), []byte("dict"))
	f.Add(appendDeflate(nil, []byte(strings.Repeat("abc", 1000)), nil, 9), []byte{})
	f.Fuzz(func(t *testing.T, p, dict []byte) {
		const limit = 10_000
		out, err := newInflater().inflate(append(bytes.Clone(p), final...), dict, limit)
		if len(out) > limit {
			t.Fatalf("%d bytes", len(out))
		}
		r := bytes.NewReader(append(bytes.Clone(p), final...))
		want, werr := io.ReadAll(io.LimitReader(flate.NewReaderDict(r, dict), limit+1))
		if werr == nil && r.Len() == 0 && len(want) <= limit && (err != nil || !bytes.Equal(out, want)) {
			t.Errorf("%q: %q, %v; the standard library has %q", p, out, err, want)
		}
	})
}

// FuzzDeflate: what is compressed comes out again, whatever the window and the past.
func FuzzDeflate(f *testing.F) {
	f.Add([]byte("hello hello hello"), []byte("hell"), uint8(9))
	f.Fuzz(func(t *testing.T, p, dict []byte, bits uint8) {
		bits = 8 + bits%8
		dict = dict[max(0, len(dict)-min(history, 1<<bits/2)):]
		out := appendDeflate(nil, p, dict, bits)
		if !strings.HasSuffix(string(out), flushTail) {
			t.Fatalf("it ends in %q", out)
		}
		got, err := newInflater().inflate(append(out[:len(out)-4:len(out)-4], final...), dict, 0)
		if err != nil || !bytes.Equal(got, p) {
			t.Errorf("%q, %v", got, err)
		}
	})
}
