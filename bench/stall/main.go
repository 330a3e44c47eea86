// Stall is an HTTP server that takes its time: it answers no request before it is told
// to, and then all with hello. A number on standard input is answered, with itself, when
// so many requests wait; "release" lets them go.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"sync"

	"github.com/zonda-go/zonda/bench/internal/hello"
)

func main() {
	log.SetFlags(0)
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	flag.Parse()
	s := newStall()
	go func() {
		if err := s.obey(os.Stdin, os.Stdout); err != nil {
			log.Fatal("stall: ", err)
		}
	}()
	log.Fatal("stall: ", http.ListenAndServe(*addr, s))
}

// A stall holds requests. Any goroutine may use it.
type stall struct {
	release chan struct{} // closed when they may go
	come    *sync.Cond    // one more waits

	mu      sync.Mutex // guards waiting
	waiting int
}

func newStall() *stall {
	s := &stall{release: make(chan struct{})}
	s.come = sync.NewCond(&s.mu)
	return s
}

func (s *stall) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	s.waiting++
	s.mu.Unlock()
	s.come.Broadcast()
	<-s.release
	io.WriteString(w, hello.Body)
}

// await returns when n requests have come.
func (s *stall) await(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.waiting < n {
		s.come.Wait()
	}
}

func (s *stall) obey(r io.Reader, w io.Writer) error {
	for in := bufio.NewScanner(r); in.Scan(); {
		line := in.Text()
		n, err := strconv.Atoi(line)
		switch {
		case line == "release":
			close(s.release)
		case err == nil:
			s.await(n)
		default:
			return err
		}
		fmt.Fprintln(w, line)
	}
	return nil
}
