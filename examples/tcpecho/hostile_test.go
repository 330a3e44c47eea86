package main

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// A client that ends its side gets its answer: printf 'x\n' | nc -N.
func TestHalfClose(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		c := start(t, kind).dial()
		c.send("x\n")
		c.halfClose()
		c.getsRest([]byte("x\n"))
	})
}

// A client that is reset, in the middle of a line or of much that goes both ways,
// disturbs nobody, and is no line in the log.
func TestReset(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		if kind == "unix" {
			t.Skip("Unix sockets know no reset")
		}
		p := start(t, kind)
		good := p.dial()
		for i := range 50 {
			c := p.dial()
			c.send("whole\nhalf")
			if i%2 == 0 {
				go io.WriteString(c, strings.Repeat("many lines\n", 100_000))
			}
			c.gets("whole\n")
			c.reset()
			good.send("good\n")
			good.gets("good\n")
		}
	})
}

func (c *client) reset() {
	c.t.Helper()
	conn := socket(c.Conn)
	if err := errors.Join(conn.(*net.TCPConn).SetLinger(0), conn.Close()); err != nil {
		c.t.Fatal(err)
	}
}

// A line may come in any number of pieces, in any time.
func TestTrickle(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		c := start(t, kind).dial()
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for range 3 {
			const line = "slowly\n"
			for i := range line {
				<-tick.C
				c.send(line[i : i+1])
			}
			c.gets(line)
		}
	})
}

// Who does not speak TLS is let go, others are served meanwhile, and nothing is logged:
// anybody could fill a log with that.
func TestTLSGarbage(t *testing.T) {
	p := start(t, "tls")
	good := p.dial()
	for _, garbage := range []string{
		"GET / HTTP/1.1\r\n\r\n",
		strings.Repeat("\xff", 100_000),
		"\x16\x03\x01\xff\xff" + strings.Repeat("\x00", 70_000),
		"\x16\x03\x01\x00\x05", // and then nothing
		"",
	} {
		bad, err := p.plain()
		if err != nil {
			t.Fatal(err)
		}
		defer bad.Close()
		go io.WriteString(bad, garbage)
		good.send("good\n")
		good.gets("good\n")
		if len(garbage) > 10 {
			// It may get an alert and then the end or a reset, but it gets an end.
			if _, err := io.Copy(io.Discard, bad); errors.Is(err, net.ErrClosed) || isTimeout(err) {
				t.Errorf("after %.10q: %v", garbage, err)
			}
		}
	}
}

func isTimeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}

// A client that sends without reading finds that it cannot go on. When it reads, it gets
// everything, in order.
func TestReadsLate(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		c := start(t, kind, "-raw").dial()
		much := numbered(32 << 20)
		sent, err := sendUntilStuck(c, much)
		if err != nil || sent == len(much) {
			t.Fatalf("%d of %d bytes were taken from a client that does not read, %v", sent, len(much), err)
		}
		if kind == "tls" {
			// An interrupted write has left TLS in the middle of a record.
			read := make([]byte, sent-64<<10)
			if _, err := io.ReadFull(c, read); err != nil || same(read, much) != len(read) {
				t.Errorf("%v; the same up to %d", err, same(read, much))
			}
			return
		}
		failed := make(chan error, 1)
		go func() {
			_, err := c.Write(much[sent:])
			failed <- errors.Join(err, c.Conn.(interface{ CloseWrite() error }).CloseWrite())
		}()
		c.getsRest(much)
		if err := <-failed; err != nil {
			t.Error(err)
		}
	})
}

// sendUntilStuck sends until the program has taken nothing for a while, and gives how
// much that was.
func sendUntilStuck(c net.Conn, b []byte) (sent int, err error) {
	for sent < len(b) {
		if err := c.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
			return sent, err
		}
		n, err := c.Write(b[sent:min(len(b), sent+pieceSize)])
		sent += n
		if isTimeout(err) {
			break
		} else if err != nil {
			return sent, err
		}
	}
	return sent, c.SetWriteDeadline(time.Now().Add(bound))
}
