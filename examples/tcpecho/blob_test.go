package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// size is more than the system keeps of a connection by itself.
const size = 8 << 20

// Close delivers, to a client that takes its time: every byte, and then the end.
func TestBlob(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		p := start(t, kind, "-blob", fmt.Sprint(size))
		c := p.dial()
		<-time.After(300 * time.Millisecond)
		c.getsBlob(size)
		c.Close()
		p.reports(c, size, "<nil>")
	})
}

// The same when there is input that nobody reads, from before and while the last bytes
// are on their way. If the socket were just closed, there would be a reset.
func TestBlobUnreadInput(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		p := start(t, kind, "-blob", fmt.Sprint(size))
		c := p.dial()
		junk, stop, sent := make([]byte, 1<<20), make(chan struct{}), make(chan error)
		go func() {
			_, err := c.Write(junk)
			sent <- err
			for err == nil {
				select {
				case <-stop:
					return
				default:
					_, err = c.Write(junk[:1000])
				}
			}
		}()
		if kind == "tcp" { // elsewhere the system does not take that much from a client
			if err := <-sent; err != nil {
				t.Fatal(err)
			}
			<-time.After(300 * time.Millisecond)
		} else {
			<-time.After(300 * time.Millisecond)
			go func() { <-sent }()
		}
		c.getsBlob(size)
		close(stop)
		c.Close()
		p.reports(c, size, "<nil>")
	})
}

// A client that leaves early is told of with an error. (With TLS it says no goodbye here:
// after one, as after the end of input over TCP, a reset may come too late to be seen.)
func TestBlobClientLeaves(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		p := start(t, kind, "-blob", fmt.Sprint(size))
		for _, reads := range []int{0, 1, 100_000, size / 2} {
			c := p.dial()
			if _, err := io.CopyN(io.Discard, c, int64(reads)); err != nil {
				t.Fatal(err)
			}
			socket(c.Conn).Close()
			if sent := p.reports(c, -1, "[^<].*"); sent < reads-pieceSize {
				t.Errorf("%d bytes sent, and the client had read %d", sent, reads)
			}
		}
	})
}

// All clients get theirs, on several loops, and small ones too.
func TestBlobMany(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		for _, n := range []int64{1, pieceSize, pieceSize + 1, 300_000} {
			p := start(t, kind, "-loops", "2", "-blob", fmt.Sprint(n))
			const clients = 20
			failed := make(chan error)
			for range clients {
				go func() {
					c, err := p.connect()
					if err == nil {
						err = errors.Join(readBlob(c, n), c.Close())
					}
					failed <- err
				}()
			}
			collect(t, failed, clients)
			p.end(syscall.SIGINT, "")
		}
	})
}

// A slow client gets everything too.
func TestBlobSlowly(t *testing.T) {
	if !deep() {
		t.Skip("takes eight seconds: only with ZONDA_DEEP=1")
	}
	each(t, func(t *testing.T, kind string) {
		const much, perSecond = 64 << 20, 8 << 20
		p := start(t, kind, "-blob", fmt.Sprint(much))
		c := p.dial()
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		c.getsBlobFrom(&slow{r: c, tick: tick.C, each: perSecond / 100}, much)
		c.Close()
		p.reports(c, much, "<nil>")
	})
}

// slow reads so many bytes between two ticks.
type slow struct {
	r          io.Reader
	tick       <-chan time.Time
	each, left int
}

func (s *slow) Read(b []byte) (int, error) {
	if s.left == 0 {
		<-s.tick
		s.left = s.each
	}
	n, err := s.r.Read(b[:min(len(b), s.left)])
	s.left -= n
	return n, err
}

func (c *client) getsBlob(n int64) { c.t.Helper(); c.getsBlobFrom(c, n) }

func (c *client) getsBlobFrom(r io.Reader, n int64) {
	c.t.Helper()
	if err := readBlob(r, n); err != nil {
		c.t.Fatal(err)
	}
}

// readBlob reads n bytes that are as they should be, and then the end.
func readBlob(r io.Reader, n int64) error {
	b := make([]byte, 128<<10)
	for i := int64(0); ; {
		got, err := r.Read(b)
		for _, c := range b[:got] {
			if want := byte('a' + i%26); c != want {
				return fmt.Errorf("byte %d is %q, want %q", i, c, want)
			}
			i++
		}
		switch {
		case err == io.EOF && i == n:
			return nil
		case err != nil:
			return fmt.Errorf("after %d of %d bytes: %w", i, n, err)
		}
	}
}

// reports wants the next line on stdout to be about c, with so many bytes (-1: any
// number) and an error that matches. It gives the number.
func (p *process) reports(c net.Conn, n int, failure string) (sent int) {
	p.t.Helper()
	name := "local"
	if p.addr.Network() == "tcp" {
		name = c.LocalAddr().String()
	}
	number := fmt.Sprint(n)
	if n < 0 {
		number = `\d+`
	}
	want := fmt.Sprintf(`^tcpecho: %s: sent (%s) bytes, error: %s\n$`, regexp.QuoteMeta(name), number, failure)
	line, err := p.stdout.ReadString('\n')
	match := regexp.MustCompile(want).FindStringSubmatch(line)
	if match == nil {
		p.t.Fatalf("it printed %q, %v; want %s", line, err, want)
	}
	_, _ = fmt.Fscan(strings.NewReader(match[1]), &sent) // it matched
	return sent
}
