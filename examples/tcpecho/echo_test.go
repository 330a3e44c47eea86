package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
)

// Lines come back when they are whole; what is left at the end comes back too.
func TestLines(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		c := start(t, kind).dial()
		c.send("one\ntwo\nthr")
		c.gets("one\ntwo\n")
		c.getsNothing()
		c.send("ee\n\nrest")
		c.gets("three\n\n")
		c.halfClose()
		c.getsRest([]byte("rest"))
	})
}

// Bytes come back as they are.
func TestRaw(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		c := start(t, kind, "-raw").dial()
		c.send("no line")
		c.gets("no line")
		c.send("\x00\n\xff")
		c.gets("\x00\n\xff")
		c.halfClose()
		c.getsRest(nil)
	})
}

// More than any buffer holds comes back whole and in order, while it is sent.
func TestMuch(t *testing.T) {
	for _, mode := range []string{"-raw=false", "-raw=true"} {
		t.Run(mode, func(t *testing.T) {
			each(t, func(t *testing.T, kind string) {
				c := start(t, kind, mode).dial()
				much := numbered(8 << 20)
				failed := make(chan error, 1)
				go func() {
					_, err := c.Write(much)
					failed <- errors.Join(err, c.Conn.(interface{ CloseWrite() error }).CloseWrite())
				}()
				c.getsRest(much)
				if err := <-failed; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// numbered is n bytes of lines that are all different, the last without its end.
func numbered(n int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() <= n; i++ {
		fmt.Fprintf(&b, "%d%s\n", i, strings.Repeat(".", i%200))
	}
	return b.Bytes()[:n-1]
}

// A line may be 64 KiB long. A longer one is not echoed, what was before it is, and the
// connection ends in good order.
func TestLongLine(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		p := start(t, kind)
		c := p.dial()
		longest := strings.Repeat("x", maxLine-1) + "\n"
		c.send(longest + longest)
		c.gets(longest + longest)
		c.send("before\n" + strings.Repeat("x", maxLine) + "\nbehind\n")
		c.getsRest([]byte("before\n"))
		c.Close()
		p.end(syscall.SIGTERM, `tcpecho: (local|127\.0\.0\.1:\d+): a line of more than 65536 bytes\n`)
	})
}

// Many clients are served at once: none leaves before all have been answered.
func TestMany(t *testing.T) {
	for _, loops := range []string{"1", "2"} {
		t.Run("loops "+loops, func(t *testing.T) {
			each(t, func(t *testing.T, kind string) {
				p := start(t, kind, "-loops", loops)
				const clients = 200
				answered := make(chan error)
				leave, left := make(chan struct{}), make(chan error)
				for i := range clients {
					go func() {
						c, err := p.connect()
						if err == nil {
							err = talk(c, fmt.Sprint(i))
						}
						answered <- err
						<-leave
						if err == nil {
							err = c.Close()
						}
						left <- err
					}()
				}
				collect(t, answered, clients)
				close(leave)
				collect(t, left, clients)
			})
		})
	}
}

// collect wants n times nil.
func collect(t *testing.T, errs <-chan error, n int) {
	t.Helper()
	wrong := 0
	for range n {
		if err := <-errs; err != nil {
			if wrong++; wrong == 1 {
				t.Error(err)
			}
		}
	}
	if wrong > 0 {
		t.Errorf("%d of %d failed", wrong, n)
	}
}

// talk says some lines, each when the one before has come back.
func talk(c net.Conn, id string) error {
	r := bufio.NewReader(c)
	for i := range 10 {
		line := fmt.Sprintf("%s says %d\n", id, i)
		if _, err := io.WriteString(c, line); err != nil {
			return err
		}
		if got, err := r.ReadString('\n'); err != nil || got != line {
			return fmt.Errorf("%q came back as %q, %w", line, got, err)
		}
	}
	return nil
}
