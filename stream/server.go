package stream

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"

	"github.com/zonda-go/zonda/loop"
)

// ErrServerClosed is what a Server that Shutdown or Close has ended gives to those who
// listen, and the cause with which its handlers are cancelled.
var ErrServerClosed = errors.New("stream: server closed")

// A Server accepts connections and looks after them. Set its fields before the first
// Listen, Serve or ListenAndServe and leave them alone then. Shutdown, Close, Stats,
// Draining and Hold may be called from any goroutine; Listen and Serve belong to the
// loop, Each to whoever holds the one it is given.
//
// Exactly one of Handler and Accept must be set. A Handler is a coroutine for each
// connection, for as long as that lives: straight-line code, and some kilobytes of
// stack while the connection is idle. Accept costs nothing of that: it is for protocols
// with many connections of which few are busy, which set a Consumer.
type Server struct {
	// Handler serves one connection, as a queued coroutine of the connection's loop.
	// The end of input is an ordinary result of reading, so it does not cancel co; a
	// connection that breaks does, with what broke it as the cause.
	//
	// When it returns nil, or because the peer has gone (io.EOF, a reset), the stream
	// is closed and what was written is delivered. Another error, and a panic, is logged
	// and breaks the connection off, so that the peer does not take a part for the
	// whole.
	Handler func(co *loop.Co, s *Stream) error
	// Accept is given each connection, on its loop, and must not wait. The server then
	// only counts it until it is closed.
	Accept func(s *Stream)
	// TLS begins each connection with a handshake; TLSOptions.Server is implied.
	// Handler and Accept are called when it is done. One that fails is a line in the
	// log, at the level Debug. Default: none.
	TLS *TLSOptions
	// Network is what addresses mean. Default: the machine's, System{}.
	Network Network
	// Logger receives the failures of handlers. Default: that of the loop which Listen
	// got.
	Logger *slog.Logger

	// MaxConns is how many connections there may be. Beyond it none is accepted until
	// one has ended; clients wait in the system's backlog. Default: no limit.
	MaxConns int
	// MaxConnsPerAddr is how many of them may come from one IP address. Beyond it they
	// are reset at once. Unix sockets have no addresses and are not concerned. Through a
	// proxy of ProxyFrom the client's address counts, and a connection that the proxy
	// makes for itself does not. Default: no limit.
	MaxConnsPerAddr int
	// ProxyFrom is the addresses of proxies in front of the server that begin each
	// connection, also one of TLS, with a header of the PROXY protocol, version 1 or 2.
	// The addresses in it are the stream's LocalAddr and RemoteAddr then; where it names
	// none, as for a proxy's check whether the server lives, they are the socket's. A
	// connection from there without a header, or whose header has not come within 5
	// seconds, is reset. From other addresses, and through Unix sockets, no header is
	// looked for: a client can claim any address in it, so trust nobody else, and not a
	// whole network that clients are in. Default: none.
	ProxyFrom []netip.Prefix

	// Loops spreads the connections over so many loops of the server's own, each on a
	// goroutine; Pool over loops of yours. A connection goes to the loop that has the
	// fewest and stays there, so what handlers share needs locks. The loop that Listen
	// got accepts for all; with System.ReusePort each of the others also listens by
	// itself. Default: all connections live on the loop that Listen got.
	Loops int
	Pool  *loop.Pool

	// WriteLimits are those of each connection; Stream.SetWriteLimits changes them for
	// one. The zero value has the defaults.
	WriteLimits WriteLimits

	// Drain is called for each connection, on its loop, when Shutdown begins: a
	// protocol that knows its connections closes the idle ones there. Default: nil,
	// Shutdown waits. See also Idle.
	Drain func(s *Stream)
	// OnListen is told the address that ListenAndServe has bound. Default: nil.
	OnListen func(net.Addr)

	mu     sync.Mutex // guards the rest
	sv     *serving   // nil before the first Listen
	closed bool
}

// Listen begins to serve on an address, as Network.Listen takes it, and returns the
// one that was bound. It does not wait: connections are accepted while l runs. It
// may be called again for further addresses on the same loop.
func (s *Server) Listen(l *loop.Loop, network, address string) (net.Addr, error) {
	sv, err := s.begin(l)
	if err != nil {
		return nil, err
	}
	ln, err := sv.network.Listen(l, network, address)
	if err != nil {
		s.giveUp(sv)
		return nil, err
	}
	if err := sv.home.listen(ln); err != nil {
		s.giveUp(sv)
		return nil, errors.Join(err, ln.Close())
	}
	if sv.everywhere {
		sv.listenEverywhere(network, ln.Addr().String())
	}
	return ln.Addr(), nil
}

// Serve is Listen for a listener of l that is there already and accepts nothing yet,
// such as System.ListenFD gives. It is the server's from now on, unless there is an
// error.
func (s *Server) Serve(l *loop.Loop, ln Listener) error {
	sv, err := s.begin(l)
	if err != nil {
		return err
	}
	if err := sv.home.listen(ln); err != nil {
		s.giveUp(sv)
		return err
	}
	return nil
}

// begin is the server's state: a new one if it does not listen yet.
func (s *Server) begin(l *loop.Loop) (*serving, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, ErrServerClosed
	case s.sv == nil:
		sv, err := newServing(s, l)
		if err != nil {
			return nil, err
		}
		s.sv = sv
	case s.sv.home.l != l:
		return nil, errors.New("stream: Server on a second loop; it listens on one, see Loops and Pool for more")
	}
	return s.sv, nil
}

// giveUp takes begin back if nothing listens: another Listen may have more luck, also
// on another loop.
func (s *Server) giveUp(sv *serving) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(sv.home.listeners) == 0 && s.sv == sv {
		s.sv = nil
		sv.books.drain(true)
		sv.each((*site).drain)
	}
}

// ListenAndServe serves on an address, on a loop of its own, until Shutdown or Close;
// then it returns ErrServerClosed. A host's name is looked up first. Other errors say
// why it could not listen.
func (s *Server) ListenAndServe(network, address string) error {
	if _, system := s.network().(System); system {
		var err error // nothing runs yet that this could hold up
		if address, err = LookUp(context.Background(), network, address); err != nil {
			return err
		}
	}
	l, err := loop.New(&loop.Options{Logger: s.Logger})
	if err != nil {
		return err
	}
	defer l.Close()
	addr, err := s.Listen(l, network, address)
	if err != nil {
		return err
	}
	if s.OnListen != nil {
		s.OnListen(addr)
	}
	s.sv.home.ended.Future().OnDone(func(*loop.Future[struct{}]) { l.Stop() })
	err = l.Run()
	_ = s.Close() // always nil; if Run has failed, it was not called yet
	if pool := s.sv.own; pool != nil {
		_ = pool.Shutdown(context.Background()) // its loops log their failures
	}
	if err != nil && !errors.Is(err, loop.ErrClosed) {
		return err
	}
	return ErrServerClosed
}

func (s *Server) network() Network {
	if s.Network != nil {
		return s.Network
	}
	return System{}
}
