// Package askertest tests clients that are built on package asker.
package askertest

import (
	"bufio"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zonda-go/zonda/bench/internal/asker"
	"github.com/zonda-go/zonda/bench/internal/hello"
)

// Test has a client ask. What it sends must be the hello request, but for the order of
// fields: bench/limit counts its bytes.
func Test(t *testing.T, open asker.Open) {
	s := serve(t, "200 OK")
	run, err := asker.Drive(s.options(), open)
	if err != nil || run.Requests == 0 || run.Errors != 0 || run.P50 <= 0 || run.ServerCPU <= 0 {
		t.Errorf("%+v, %v", run, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if run.Requests > s.answered {
		t.Errorf("%d answers were counted, %d were given", run.Requests, s.answered)
	}
	if got, want := sorted(s.request), sorted(hello.Request); !slices.Equal(got, want) {
		t.Errorf("it asked %q, want %q", got, want)
	}
	if run, err := asker.Drive(serve(t, "404 Not Found").options(), open); err == nil {
		t.Errorf("answered 404: no error, %+v", run)
	}
}

// server answers hello with a status, until the test ends.
type server struct {
	ln     net.Listener
	status string

	mu       sync.Mutex // guards the rest
	request  string     // the last one
	answered int64
}

func serve(t *testing.T, status string) *server {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	s := &server{ln: ln, status: status}
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go s.answer(c)
		}
	}()
	return s
}

func (s *server) options() asker.Options {
	return asker.Options{Addr: s.ln.Addr().String(), Conns: 3, Warmup: 10 * time.Millisecond, Window: 50 * time.Millisecond}
}

func (s *server) answer(c net.Conn) {
	defer c.Close()
	for r := bufio.NewReader(c); ; {
		var head strings.Builder
		for !strings.HasSuffix(head.String(), "\r\n\r\n") {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			head.WriteString(line)
		}
		s.mu.Lock()
		s.request = head.String()
		s.answered++
		s.mu.Unlock()
		io.WriteString(c, "HTTP/1.1 "+s.status+"\r\nContent-Length: 13\r\nContent-Type: text/plain\r\n\r\n"+hello.Body)
	}
}

// sorted are the lines of a request: the first one, and fields in any order.
func sorted(request string) []string {
	lines := strings.Split(request, "\r\n")
	slices.Sort(lines[1:])
	return lines
}
