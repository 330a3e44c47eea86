package http1

import (
	"net/http"
	"runtime"
	"testing"
	"time"
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

// TestFinishPanics: when finishing a call panics (a user's Logger, perhaps), those behind
// it are finished all the same.
func TestFinishPanics(t *testing.T) {
	panics := 0
	l, err := loop.New(&loop.Options{Poller: "chan", OnError: func(error) { panics++ }})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p := stdWorkers{l: l}
	var ended []*loop.Promise[error]
	for i := range 5 {
		e := loop.NewPromise[error](l)
		if i%2 == 0 {
			e.Set(nil) // to be fulfilled twice is a panic
		}
		ended = append(ended, e)
		first := p.ran(&stdCall{ex: &exchange{c: &conn{}}, err: errAborted, ended: e})
		if first != (i == 0) {
			t.Errorf("call %d: first %v", i, first)
		}
	}
	p.tell(true)
	_, err = loop.RunSyncTimeout(l, 10*time.Second, func(co *loop.Co) (struct{}, error) {
		for _, e := range ended {
			if _, err := loop.Await(co, e.Future()); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, loop.Sleep(co, 1)
	})
	if err != nil || panics != 3 || len(p.ended) != 0 {
		t.Errorf("%v, %d panics, %d calls are left", err, panics, len(p.ended))
	}
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
