package http1

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os/exec"
	"slices"
	"sync"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

const (
	// DefaultMaxHead is Server.MaxHead's default in bytes.
	DefaultMaxHead = 64 << 10
	// DefaultMaxBody is Server.MaxBody's default in bytes.
	DefaultMaxBody = 100 << 20
)

// A Handler answers requests. Serve runs as a coroutine of the connection's loop, a
// new one with each request, and may wait. co is cancelled when the client leaves or
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

// A Server serves HTTP/1.1. Set its fields before the first Listen, Serve or
// ListenAndServe and leave them alone then. Shutdown, Close and Stats may be called
// from any goroutine; Listen and Serve belong to the loop. All connections live on one
// loop, so what handlers share needs no locks, unless Loops or Pool is set.
type Server struct {
	// Handler answers the requests. It must be set.
	Handler Handler
	// Network is what addresses mean. Default: the machine's, stream.System{}.
	Network stream.Network
	// TLS makes it a server for https. ALPN offers "http/1.1" unless Config.NextProtos
	// says otherwise. Default: plain HTTP.
	TLS *stream.TLSOptions
	// Logger receives the failures of handlers. Default: the loop's.
	Logger *slog.Logger
	// AccessLog gets one record, "request", for each request when its handler has ended:
	// method, target, proto, status (0: none was sent), bytes of the body as the handler
	// wrote it, received (bytes of the request's body), duration, remote (the
	// connection's address), client (see Request.ClientIP), host and agent. A request
	// that was refused has status, remote and error. Its slog.Handler is called on the
	// loop and must not block: one that writes to something slow needs a queue before it.
	// Default: none, at no cost.
	AccessLog *slog.Logger
	// MaxHead bounds a request's head in bytes; beyond it the answer is 431, or 414
	// if the request line alone is longer. Default: 64 KiB.
	MaxHead int
	// MaxBody bounds a request's body in bytes. Bodies are not collected before the
	// handler runs, so this bounds what it can read: beyond it the error is
	// ErrBodyTooLarge, which is answered 413. See also Request.SetMaxBody. Default: 100 MiB,
	// and as with net/http no limit for what Std's handlers read;
	// negative: no limit.
	MaxBody int64

	// HeadTimeout is how long the head of a request may take from its first byte, and
	// how long the first byte may take on a new connection. Beyond it the answer is 408,
	// or none where nothing had come, and the connection closes. Default: 60 seconds;
	// negative, as with all of these: no limit.
	//
	// Connections are looked through at intervals, an eighth of the shortest timeout,
	// at least a second and at most 30: a timeout may be noticed two of them late, but
	// not early.
	HeadTimeout time.Duration
	// IdleTimeout is how long a connection may stay open between two requests. Then it
	// closes without a word. Default: one hour.
	IdleTimeout time.Duration
	// BodyTimeout is how long a client may send nothing of a request's body while the
	// handler waits for it; the error is ErrBodyTimeout. Default: 60 seconds.
	BodyTimeout time.Duration
	// MinRate is how many bytes of a body a client must send per second, on the average
	// of the time that the handler has waited for it, once that is 5 seconds; the error
	// is ErrBodyTimeout. Default: 240.
	MinRate int
	// WriteTimeout is how long a client may take nothing of a response that waits for it.
	// Then the connection is broken off. Default: 60 seconds.
	WriteTimeout time.Duration
	// RequestTimeout is how long a handler may take, from the end of the request's head
	// on: its co has that deadline, and is cancelled then with the cause ErrRequestTimeout; returned by the
	// handler, that is answered 503. A handler that has taken its connection away
	// (Hijack, Upgrade, Tunnel) has all the time it wants. Default: no limit.
	RequestTimeout time.Duration

	// MaxConns is how many connections there may be. Beyond it none is accepted until
	// one has ended; clients wait in the system's backlog. Default: no limit.
	MaxConns int
	// MaxConnsPerAddr is how many of them may come from one IP address. Beyond it they
	// are reset at once. Default: no limit.
	MaxConnsPerAddr int

	// TrustProxies is the addresses of proxies in front of the server whose word counts in
	// Request.ClientIP, Scheme and ClientHost. If there are any, so does that of whoever comes through
	// a Unix socket. Anyone can write the fields that say it: trust only proxies that set
	// them. Default: none.
	TrustProxies []netip.Prefix
	// TrustForwarded says that the trusted proxies set the field Forwarded (RFC 7239). Then it
	// alone counts, and the fields X-Forwarded-For, X-Real-IP and so on, which such a proxy
	// may pass on as the client has written them, do not. Default: those fields count, and
	// Forwarded does not, for the same reason.
	TrustForwarded bool
	// ProxyFrom is the addresses of proxies that begin each connection with a header of the
	// PROXY protocol, which has the client's address: Request.RemoteAddr then. See
	// stream.Server. Default: none.
	ProxyFrom []netip.Prefix

	// Loops spreads the connections over so many loops of the server's own, each on a
	// goroutine; Pool over loops of yours. A connection stays on its loop, so what
	// handlers share needs locks then. Default: all connections live on the loop that
	// Listen got.
	Loops int
	Pool  *loop.Pool

	// HTTP2 opens a door to net/http's HTTP/2: connections on which the client chooses
	// it, by ALPN or, without TLS, by its preface, are net/http's from then on, with the
	// same handler, and cost what they cost there: two goroutines and some 20 KiB for
	// each while it is idle. A native Handler runs behind AsHTTP. Shutdown or Close must be
	// called in the end. Default: false.
	HTTP2 bool

	// OnListen is told the address that ListenAndServe has bound. Default: nil.
	OnListen func(net.Addr)

	mu       sync.Mutex              // guards the rest
	conns    *stream.Server          // accepts and counts; nil before the first Listen
	services map[*loop.Loop]*service // one for each loop that has had connections
	std      *http.Server            // made by stdServer
	stdOnce  sync.Once
	door     door
}

// ListenAndServe serves on address, host:port, on a loop of its own, until
// Shutdown or Close; then it returns ErrServerClosed. Other errors say why it could
// not listen.
func (s *Server) ListenAndServe(address string) error {
	conns, err := s.begin()
	if err != nil {
		return err
	}
	return outcome(conns.ListenAndServe("tcp", address))
}

// ListenAndServeTLS is ListenAndServe for https with the certificate and the key in two
// PEM files, in addition to those in TLS.
func (s *Server) ListenAndServeTLS(address, certFile, keyFile string) error {
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return err
	}
	o := stream.TLSOptions{}
	if s.TLS != nil {
		o = *s.TLS
	}
	if o.Config = o.Config.Clone(); o.Config == nil {
		o.Config = &tls.Config{}
	}
	o.Config.Certificates = append(o.Config.Certificates, cert)
	s.TLS = &o
	return s.ListenAndServe(address)
}

// Listen begins to serve on address, host:port, on the loop l, and returns the
// address that was bound. It does not wait: requests are answered while l runs. It
// may be called again for further addresses on the same loop.
func (s *Server) Listen(l *loop.Loop, address string) (net.Addr, error) {
	conns, err := s.begin()
	if err != nil {
		return nil, err
	}
	addr, err := conns.Listen(l, "tcp", address)
	return addr, outcome(err)
}

// Serve is Listen for a listener of l that accepts nothing yet, on a Unix socket or
// one that was inherited (stream.System.ListenFD). It is the server's from now on,
// unless there is an error.
func (s *Server) Serve(l *loop.Loop, ln stream.Listener) error {
	conns, err := s.begin()
	if err != nil {
		return err
	}
	return outcome(conns.Serve(l, ln))
}

// begin is the part that accepts connections, made from the fields at the first call.
func (s *Server) begin() (*stream.Server, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.Handler == nil:
		return nil, errors.New("http1: Server without a Handler")
	case s.conns != nil:
		return s.conns, nil
	}
	s.services = make(map[*loop.Loop]*service)
	s.conns = &stream.Server{
		Accept:          s.accept,
		Drain:           drain,
		Network:         s.Network,
		TLS:             withALPN(s.TLS, s.HTTP2),
		Logger:          s.Logger,
		MaxConns:        s.MaxConns,
		MaxConnsPerAddr: s.MaxConnsPerAddr,
		ProxyFrom:       s.ProxyFrom,
		Loops:           s.Loops,
		Pool:            s.Pool,
		OnListen:        s.OnListen,
		WriteLimits:     stream.WriteLimits{Stall: s.WriteTimeout},
	}
	return s.conns, nil
}

// withALPN is o with "http/1.1" on offer (RFC 7301), unless o offers something, and
// before that "h2" if that is spoken.
func withALPN(o *stream.TLSOptions, h2 bool) *stream.TLSOptions {
	if o == nil || o.Config == nil || len(o.Config.NextProtos) > 0 && !h2 {
		return o
	}
	with := *o
	with.Config = o.Config.Clone()
	if len(o.Config.NextProtos) == 0 {
		with.Config.NextProtos = []string{"http/1.1"}
	}
	if h2 && !slices.Contains(with.Config.NextProtos, "h2") {
		with.Config.NextProtos = append([]string{"h2"}, with.Config.NextProtos...)
	}
	return &with
}

// accept takes in a connection, on its loop.
func (s *Server) accept(st *stream.Stream) { s.service(st.Loop()).accept(st) }

// service is the server's state on l, made when l has its first connection.
func (s *Server) service(l *loop.Loop) *service {
	s.mu.Lock()
	defer s.mu.Unlock()
	sv := s.services[l]
	if sv == nil {
		sv = newService(s, l)
		s.services[l] = sv
	}
	return sv
}

// outcome is an error of the stream.Server as one of this package.
func outcome(err error) error {
	if errors.Is(err, stream.ErrServerClosed) {
		return ErrServerClosed
	}
	return err
}

// Shutdown ends the server without breaking anything off: it stops accepting,
// closes the idle connections, lets the requests under way finish, tells upgraded
// connections (see ResponseWriter.Hijack), and waits for that. When ctx is done first,
// it returns a *ShutdownError, which says who has not finished and matches
// context.Cause(ctx), and the rest is left running; Close ends that. It must not
// be called by whoever holds a loop of the server.
func (s *Server) Shutdown(ctx context.Context) error {
	conns := s.each((*service).drain)
	if conns == nil {
		return nil
	}
	door := make(chan error, 1)
	go func() { door <- s.stdServer().Shutdown(ctx) }()
	if err := cmp.Or(conns.Shutdown(ctx), <-door); err != nil {
		return s.unfinished(cmp.Or(context.Cause(ctx), err))
	}
	return nil
}

// Close ends the server at once: connections are broken off, and their handlers
// cancelled with the cause ErrServerClosed. It does not wait for that. To close the
// loop does the same. The error is always nil.
func (s *Server) Close() error {
	if conns := s.each((*service).abort); conns != nil {
		_ = conns.Close()
	}
	return s.stdServer().Close()
}

// each has every service do something, on its loop, before the server ends.
func (s *Server) each(do func(*service)) *stream.Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns == nil {
		s.conns = &stream.Server{} // which the caller ends; nothing can begin then
	}
	for _, sv := range s.services {
		_ = sv.l.Post(func() { do(sv) }) // a closed loop has broken everything off
	}
	return s.conns
}

// Handover starts another process that takes the listening sockets over, and waits
// until that serves: stream.Server.Handover says how, and what the new process does to
// find them. Shutdown then ends this one, and no client is refused in between.
func (s *Server) Handover(ctx context.Context, cmd *exec.Cmd) error {
	conns, err := s.begin()
	if err != nil {
		return err
	}
	return outcome(conns.Handover(ctx, cmd))
}

// Stats gives the counts of this moment.
func (s *Server) Stats() stream.ServerStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns == nil {
		return stream.ServerStats{}
	}
	return s.conns.Stats()
}

func (s *Server) maxHead() int { return cmp.Or(s.MaxHead, DefaultMaxHead) }

func (s *Server) maxBody() int64 {
	return cmp.Or(s.MaxBody, DefaultMaxBody)
}
