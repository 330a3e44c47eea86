package http1

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

const (
	// DefaultMaxHead is Server.MaxHead's default in bytes.
	DefaultMaxHead = 64 << 10
	// DefaultMaxBody is Server.MaxBody's default in bytes.
	DefaultMaxBody = 100 << 20
)

// A Handler answers requests. Serve runs as a coroutine of the server's loop, a new
// one with each request, and may wait. co is cancelled when the client leaves or
// the server is closed.
//
// When Serve returns nil, the response is sent. An error is answered by its status
// if it is an *HTTPError; not at all if co was cancelled; and else it is logged and
// answered 500. If the response had begun, an error breaks the connection instead,
// so that the client does not take a part for the whole.
type Handler interface {
	// Serve answers one request.
	Serve(co *loop.Co, w *ResponseWriter, r *Request) error
}

// HandlerFunc makes a function a Handler.
type HandlerFunc func(co *loop.Co, w *ResponseWriter, r *Request) error

// Serve calls f.
func (f HandlerFunc) Serve(co *loop.Co, w *ResponseWriter, r *Request) error { return f(co, w, r) }

// A Server serves HTTP/1.1. Set its fields before the first Listen or
// ListenAndServe and leave them alone then. Shutdown and Close may be called from
// any goroutine; Listen belongs to the loop. All connections live on one loop, so
// what handlers share needs no locks.
type Server struct {
	// Handler answers the requests. It must be set.
	Handler Handler
	// Network is what addresses mean. Default: the machine's, stream.System{}.
	Network stream.Network
	// Logger receives the failures of handlers. Default: the loop's.
	Logger *slog.Logger
	// MaxHead bounds a request's head in bytes; beyond it the answer is 431, or 414
	// if the request line alone is longer. Default: 64 KiB.
	MaxHead int
	// MaxBody bounds a request's body in bytes; beyond it the answer is 413. Bodies
	// are not collected before the handler runs, so this bounds what it can read.
	// Default: 100 MiB, or as with net/http no limit if Handler comes from Std;
	// negative: no limit.
	MaxBody int64
	// OnListen is told the address that ListenAndServe has bound. Default: nil.
	OnListen func(net.Addr)

	mu      sync.Mutex // guards the rest
	serving *service   // nil before the first Listen
	closed  bool
}

// ListenAndServe serves on address, host:port, on a loop of its own, until
// Shutdown or Close; then it returns ErrServerClosed. Other errors say why it could
// not listen.
func (s *Server) ListenAndServe(address string) error {
	if s.Network == nil {
		var err error // nothing runs yet that looking up a name could hold up
		if address, err = stream.LookUp(context.Background(), "tcp", address); err != nil {
			return err
		}
	}
	l, err := loop.New(&loop.Options{Logger: s.Logger})
	if err != nil {
		return err
	}
	defer l.Close()
	addr, err := s.Listen(l, address)
	if err != nil {
		return err
	}
	if s.OnListen != nil {
		s.OnListen(addr)
	}
	s.serving.ended.Future().OnDone(func(*loop.Future[struct{}]) { l.Stop() })
	if err := l.Run(); err != nil && !errors.Is(err, loop.ErrClosed) {
		return err
	}
	return ErrServerClosed
}

// Listen begins to serve on address, host:port, on the loop l, and returns the
// address that was bound. It does not wait: requests are answered while l runs. It
// may be called again for further addresses on the same loop.
func (s *Server) Listen(l *loop.Loop, address string) (net.Addr, error) {
	sv, err := s.service(l)
	if err != nil {
		return nil, err
	}
	var n stream.Network = stream.System{}
	if s.Network != nil {
		n = s.Network
	}
	ln, err := n.Listen(l, "tcp", address)
	if err != nil {
		return nil, err
	}
	if err := cmp.Or(ln.Accept(sv.accept), s.start(sv)); err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	sv.listeners = append(sv.listeners, ln)
	return ln.Addr(), nil
}

// service is the server's state on l: a new one if it does not listen yet.
func (s *Server) service(l *loop.Loop) (*service, error) {
	if s.Handler == nil {
		return nil, errors.New("http1: Server without a Handler")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, ErrServerClosed
	case s.serving == nil:
		return newService(s, l), nil
	case s.serving.l != l:
		return nil, errors.New("http1: Server.Listen on a second loop; a server lives on one")
	}
	return s.serving, nil
}

// start makes sv the server's, unless that has been ended meanwhile.
func (s *Server) start(sv *service) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrServerClosed
	}
	if s.serving == nil {
		s.serving = sv
		loop.Go(sv.l, sv.followLoop)
	}
	return nil
}

// Shutdown ends the server without breaking anything off: it stops accepting,
// closes the idle connections, lets the requests under way finish, and waits for
// that. When ctx is done first, it returns context.Cause(ctx), and the rest is left
// running; Close ends that. It must not be called by whoever holds the loop.
func (s *Server) Shutdown(ctx context.Context) error {
	sv := s.end((*service).drain)
	if sv == nil {
		return nil
	}
	select {
	case <-sv.gone:
		return nil
	case <-sv.l.Closed():
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Close ends the server at once: connections are broken off, and their handlers
// cancelled. It does not wait for that. To close the loop does the same. The error
// is always nil.
func (s *Server) Close() error {
	s.end((*service).abort)
	return nil
}

// end has the service, if there is one on a loop that is not closed, end in the
// way how.
func (s *Server) end(how func(*service)) *service {
	s.mu.Lock()
	s.closed = true
	sv := s.serving
	s.mu.Unlock()
	if sv == nil || sv.l.Post(func() { how(sv) }) != nil {
		return nil
	}
	return sv
}

func (s *Server) maxHead() int { return cmp.Or(s.MaxHead, DefaultMaxHead) }

func (s *Server) maxBody() int64 {
	if _, std := s.Handler.(stdHandler); std && s.MaxBody == 0 {
		return -1
	}
	return cmp.Or(s.MaxBody, DefaultMaxBody)
}
