package http1

import (
	"net/http"
	"runtime"
	"testing"
	"unsafe"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// TestWorkersEnd: a goroutine that is still busy when the server is over ends
// after its call, and an idle one at once.
func TestWorkersEnd(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		p := stdWorkers{l: co.Loop()}
		left := func() int {
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.count
		}
		began, end, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
		call := func(h http.HandlerFunc) {
			ex := &exchange{c: &conn{std: &stdConn{}}}
			ex.req.Target, ex.req.Body = "/", &Body{ex: ex}
			p.add(&stdCall{h: &stdHandler{h: h}, ex: ex, l: co.Loop(), ended: loop.NewPromise[error](co.Loop())})
		}
		call(func(http.ResponseWriter, *http.Request) { close(began); <-end })
		<-began
		call(func(http.ResponseWriter, *http.Request) { close(ended) })
		<-ended
		p.close()
		close(end)
		for left() > 0 {
			runtime.Gosched()
		}
		return nil
	})
}

// TestServiceEnds: the goroutines that wait for requests end with the server, not only
// with the loop.
func TestServiceEnds(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		n := &looptest.Network{}
		s := &Server{Handler: Std(http.NotFoundHandler()), Network: n}
		ln, err := s.Listen(co.Loop(), "127.0.0.1:80")
		if err != nil {
			return err
		}
		c, err := stream.Dial(co, n, "tcp", ln.String())
		if err != nil {
			return err
		}
		c.Write([]byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
		if _, err := loop.Await(co, c.ReadSome(1000)); err != nil {
			return err
		}
		sv := s.service(co.Loop())
		idle := func() int {
			sv.workers.mu.Lock()
			defer sv.workers.mu.Unlock()
			return len(sv.workers.idle)
		}
		for idle() != 1 { // the answer is out before its goroutine rests
			runtime.Gosched()
		}
		if s.Stats().Conns != 1 {
			t.Error("no connection is known")
		}
		s.Close()
		if _, err := loop.Await(co, c.ReadSome(1000)); err == nil {
			t.Error("the connection was not broken off")
		}
		if idle() != 0 || s.Stats().Conns != 0 {
			t.Error("something is left")
		}
		return nil
	})
}

// TestIdleSize bounds what a connection without a request keeps alive: itself and
// its stream. The socket and its watch, about 100 bytes, come on top.
func TestIdleSize(t *testing.T) {
	// An exchange fills its size class, the last but one without a header.
	if n := unsafe.Sizeof(exchange{}); n > 480 {
		t.Errorf("an exchange has %d bytes; what few need belongs into rare", n)
	}
	// So does a stdCall, with the 8 bytes that the allocator adds.
	if n := unsafe.Sizeof(stdCall{}); n > 704-8 {
		t.Errorf("a stdCall has %d bytes; what few need belongs behind a pointer", n)
	}
	if n := unsafe.Sizeof(conn{}) + unsafe.Sizeof(stream.Stream{}); n > 250 {
		t.Errorf("a connection's structs have %d bytes", n)
	}
}
