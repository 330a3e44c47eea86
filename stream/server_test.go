package stream_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// logbook keeps what is logged, one line each: the level, the message, the error.
type logbook struct {
	mu    sync.Mutex
	lines []string
}

func (b *logbook) Enabled(context.Context, slog.Level) bool { return true }
func (b *logbook) WithAttrs([]slog.Attr) slog.Handler       { return b }
func (b *logbook) WithGroup(string) slog.Handler            { return b }

func (b *logbook) Handle(_ context.Context, r slog.Record) error {
	line := r.Level.String() + " " + r.Message
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "error" {
			line += ": " + a.Value.String()
		}
		return true
	})
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines = append(b.lines, line)
	return nil
}

// has reports whether there is one line, of that beginning and with that text.
func (b *logbook) has(begin, text string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.lines) == 1 && strings.HasPrefix(b.lines[0], begin) && strings.Contains(b.lines[0], text)
}

func (b *logbook) all() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.lines, "\n")
}

// serve starts srv on p's network and loop, and ends it with the test's body.
func (p *pair) serve(srv *stream.Server) (address string) {
	p.t.Helper()
	if srv.Network == nil {
		srv.Network = p.n
	}
	addr, err := srv.Listen(p.l, "tcp", "127.0.0.1:0")
	if err != nil {
		p.t.Fatal(err)
	}
	return addr.String()
}

// call dials.
func (p *pair) call(address string) *stream.Stream {
	p.t.Helper()
	s, err := stream.Dial(p.co, p.n, "tcp", address)
	if err != nil {
		p.t.Fatal(err)
	}
	return s
}

// meets dials, and wants the server to end the connection like want. A reset may be
// there before the dial is done.
func (p *pair) meets(address string, want error) {
	p.t.Helper()
	s, err := stream.Dial(p.co, p.n, "tcp", address)
	if err == nil {
		_, err = loop.Await(p.co, s.ReadSome(1))
		s.Close()
	}
	if !errors.Is(err, want) {
		p.t.Errorf("got %v, want %v", err, want)
	}
}

// over waits until the server has no connection.
func (p *pair) over(srv *stream.Server) {
	p.t.Helper()
	p.until("all connections have ended", func() bool { return srv.Stats().Conns == 0 })
}

// shutdown calls Shutdown.
func (p *pair) shutdown(srv *stream.Server) *loop.Future[struct{}] {
	return p.off(func() error { return srv.Shutdown(context.Background()) })
}

// off calls fn where it may block. In memory, the clock goes on in small steps
// meanwhile, where otherwise it would jump.
func (p *pair) off(fn func() error) *loop.Future[struct{}] {
	f := loop.FromFunc(p.l, func(context.Context) (struct{}, error) { return struct{}{}, fn() })
	if p.memory() {
		p.creep(f)
	}
	return f
}

func (p *pair) creep(f *loop.Future[struct{}]) {
	if !f.Done() {
		runtime.Gosched()
		p.l.After(time.Nanosecond, func() { p.creep(f) })
	}
}

// echoLines answers each line with itself.
func echoLines(co *loop.Co, s *stream.Stream) error {
	for {
		line, err := loop.Await(stream.Idle(co), s.ReadUntil("\n", 1<<20))
		if err != nil {
			return err
		}
		s.Write(line)
	}
}

// A handler is a coroutine for each connection. What it wrote is delivered, also if
// it returns because the peer has sent its last byte.
func TestServerHandler(t *testing.T) {
	withRoom(t, func(p *pair) {
		srv := &stream.Server{Handler: echoLines}
		addr := p.serve(srv)
		defer srv.Close()
		long := strings.Repeat("x", p.size(1<<20)-1) + "\n"
		var clients []*stream.Stream
		for range 5 {
			s := p.call(addr)
			s.Write([]byte("one\n" + long))
			if err := s.CloseWrite(); err != nil {
				p.t.Error(err)
			}
			clients = append(clients, s)
		}
		for _, s := range clients {
			p.gets(s.ReadUntilClose(2<<20), "one\n"+long)
		}
		p.over(srv)
		if st := srv.Stats(); st != (stream.ServerStats{Accepted: 5}) {
			p.t.Errorf("the counts are %+v", st)
		}
	})
}

var errMine = errors.New("mine")

// Tornado T01, T02: how a handler ends is what the peer sees, and what is logged.
func TestServerHandlerEnds(t *testing.T) {
	type end struct {
		handler func(co *loop.Co, s *stream.Stream) error
		peer    error // that the client sees
		begin   string
		text    string
	}
	for name, c := range map[string]end{
		"nil": {func(*loop.Co, *stream.Stream) error { return nil }, io.EOF, "", ""},
		"error": {func(*loop.Co, *stream.Stream) error { return errMine },
			syscall.ECONNRESET, "ERROR zonda: handler failed", "mine"},
		"panic": {func(*loop.Co, *stream.Stream) error { panic("oops") },
			syscall.ECONNRESET, "ERROR zonda: handler panicked", "oops"},
		"own cancellation": {func(co *loop.Co, s *stream.Stream) error {
			co, cancel := co.WithCancel()
			cancel(nil)
			return loop.Sleep(co, time.Second)
		}, syscall.ECONNRESET, "DEBUG zonda: handler ended early", "canceled"},
		"closed itself": {func(co *loop.Co, s *stream.Stream) error {
			s.Close()
			_, err := loop.Await(co, s.ReadSome(1))
			return err
		}, io.EOF, "DEBUG zonda: connection ended", "closed"},
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(p *pair) {
				var log logbook
				srv := &stream.Server{Handler: c.handler, Logger: slog.New(&log)}
				addr := p.serve(srv)
				defer srv.Close()
				p.meets(addr, c.peer)
				p.over(srv)
				if c.begin == "" && log.all() != "" || c.begin != "" && !log.has(c.begin, c.text) {
					p.t.Errorf("the log says %q", log.all())
				}
				p.meets(addr, c.peer) // the server lives
				p.over(srv)
			})
		})
	}
}

// A peer that goes is no failure of the handler, whatever that does with the error.
func TestServerPeerGoes(t *testing.T) {
	for name, leave := range map[string]func(s *stream.Stream){
		"ends":   func(s *stream.Stream) { s.Close() },
		"midway": func(s *stream.Stream) { s.Write([]byte("half")); s.Close() },
		"resets": func(s *stream.Stream) { s.Abort() },
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(p *pair) {
				var log logbook
				srv := &stream.Server{Handler: echoLines, Logger: slog.New(&log)}
				addr := p.serve(srv)
				defer srv.Close()
				s := p.call(addr)
				p.until("it is accepted", func() bool { return srv.Stats().Conns == 1 })
				leave(s)
				p.over(srv)
				if text := log.all(); !strings.HasPrefix(text, "DEBUG ") || strings.Contains(text, "\n") {
					p.t.Errorf("the log says %q", text)
				}
			})
		})
	}
}

// The end of input does not cancel a handler, which may still have something to say. A
// connection that breaks does, also if the handler is not looking.
func TestServerCancelsWhenLost(t *testing.T) {
	at(t, site.tellsFailed, func(p *pair) {
		fate := loop.NewPromise[error](p.l)
		srv := &stream.Server{Handler: func(co *loop.Co, s *stream.Stream) error {
			defer func() { fate.TrySet(context.Cause(co)) }()
			return loop.Sleep(co, 20*time.Millisecond)
		}}
		addr := p.serve(srv)
		defer srv.Close()
		s := p.call(addr)
		if err := s.CloseWrite(); err != nil {
			p.t.Error(err)
		}
		p.refuses(s.ReadSome(1), io.EOF)
		if cause, _ := fate.Future().Result(); cause != nil {
			p.t.Errorf("the end of input has cancelled it: %v", cause)
		}

		fate = loop.NewPromise[error](p.l)
		s = p.call(addr)
		p.until("it is accepted", func() bool { return srv.Stats().Conns == 1 })
		s.Abort()
		cause, err := loop.Await(p.co, fate.Future())
		if err != nil || !errors.Is(cause, syscall.ECONNRESET) {
			p.t.Errorf("a reset has cancelled it with %v, %v", cause, err)
		}
		p.over(srv)
	})
}

// Accept only hands connections over; the server counts them until they are closed.
func TestServerAccept(t *testing.T) {
	everywhere(t, func(p *pair) {
		var all []*recorder
		srv := &stream.Server{Accept: func(s *stream.Stream) { all = append(all, newRecorder(s, lines)) }}
		addr := p.serve(srv)
		defer srv.Close()
		s := p.call(addr)
		s.Write([]byte("a line\n"))
		p.until("the line is there", func() bool { return len(all) == 1 && string(all[0].text) == "a line\n" })
		if n := srv.Stats().Conns; n != 1 {
			p.t.Errorf("there are %d connections", n)
		}
		s.Abort()
		p.over(srv)
	})
}

// Accept that panics leaves no connection behind, and the server lives.
func TestServerAcceptPanics(t *testing.T) {
	for _, s := range sites() {
		s.trouble = true // the loop reports it
		t.Run(s.name, func(t *testing.T) {
			s.run(t, func(p *pair) {
				srv := &stream.Server{Accept: func(*stream.Stream) { panic("oops") }}
				addr := p.serve(srv)
				defer srv.Close()
				for range 3 {
					p.meets(addr, syscall.ECONNRESET)
				}
				p.over(srv)
			})
		})
	}
}

func TestServerMistakes(t *testing.T) {
	inMemory(t, func(p *pair) {
		pool, err := loop.NewPool(1, nil)
		if err != nil {
			p.t.Fatal(err)
		}
		defer pool.Close()
		for name, srv := range map[string]*stream.Server{
			"neither":        {},
			"both":           {Handler: echoLines, Accept: func(*stream.Stream) {}},
			"Loops and Pool": {Handler: echoLines, Loops: 1, Pool: pool},
		} {
			srv.Network = p.n
			if addr, err := srv.Listen(p.l, "tcp", ":0"); err == nil {
				p.t.Errorf("%s: it listens at %v", name, addr)
			}
		}
		srv := &stream.Server{Handler: echoLines, Network: p.n}
		if srv.Stats() != (stream.ServerStats{}) || srv.Draining() {
			p.t.Error("it has served before it listens")
		}
		addr := p.serve(srv)
		if _, err := srv.Listen(p.l, "tcp", addr); !errors.Is(err, syscall.EADDRINUSE) {
			p.t.Errorf("the same address: %v", err)
		}
		other, err := loop.New(&loop.Options{Poller: "chan"})
		if err != nil {
			p.t.Fatal(err)
		}
		defer other.Close()
		if _, err := srv.Listen(other, "tcp", ":0"); err == nil || !strings.Contains(err.Error(), "second loop") {
			p.t.Errorf("a second loop: %v", err)
		}
		_ = srv.Close()
		if !srv.Draining() {
			p.t.Error("it does not know that it was closed")
		}
		if _, err := srv.Listen(p.l, "tcp", ":0"); !errors.Is(err, stream.ErrServerClosed) {
			p.t.Errorf("after Close: %v", err)
		}
	})
}

// Beyond MaxConns clients wait, and come in as others leave.
func TestServerMaxConns(t *testing.T) {
	everywhere(t, func(p *pair) {
		const most, crowd = 3, 8
		srv := &stream.Server{Handler: echoLines, MaxConns: most}
		addr := p.serve(srv)
		defer srv.Close()
		var clients []*stream.Stream
		for range crowd {
			s := p.call(addr)
			s.Write([]byte("hello\n"))
			clients = append(clients, s)
		}
		for i, s := range clients {
			p.gets(s.ReadUntil("\n", 10), "hello\n")
			if n := srv.Stats().Conns; n > most {
				p.t.Errorf("there are %d connections", n)
			}
			for j, other := range clients[min(i+most, crowd):] {
				if len(other.Buffered()) > 0 {
					p.t.Errorf("with client %d, number %d is in too", i, i+most+j)
				}
			}
			s.Close()
		}
		p.over(srv)
		st := srv.Stats()
		if st.Accepted != crowd || st.Refused != 0 || st.Full == 0 {
			p.t.Errorf("the counts are %+v", st)
		}
	})
}

// Beyond MaxConnsPerAddr a client is reset.
func TestServerMaxConnsPerAddr(t *testing.T) {
	everywhere(t, func(p *pair) {
		srv := &stream.Server{Handler: echoLines, MaxConnsPerAddr: 2}
		addr := p.serve(srv)
		defer srv.Close()
		hello := func() *stream.Stream {
			s := p.call(addr)
			s.Write([]byte("hello\n"))
			return s
		}
		one, two := hello(), hello()
		p.gets(one.ReadUntil("\n", 10), "hello\n")
		p.gets(two.ReadUntil("\n", 10), "hello\n")
		p.meets(addr, syscall.ECONNRESET)
		if st := srv.Stats(); st != (stream.ServerStats{Conns: 2, Accepted: 2, Refused: 1}) {
			p.t.Errorf("the counts are %+v", st)
		}
		one.Close()
		p.until("one has left", func() bool { return srv.Stats().Conns == 1 })
		three := hello()
		p.gets(three.ReadUntil("\n", 10), "hello\n")
		two.Close()
		three.Close()
		p.over(srv)
		for range 2 { // nothing is left of those who were there
			s := hello()
			p.gets(s.ReadUntil("\n", 10), "hello\n")
			defer s.Close()
		}
	})
}

// A server may listen on several addresses of its loop.
func TestServerSeveralAddresses(t *testing.T) {
	everywhere(t, func(p *pair) {
		srv := &stream.Server{Handler: echoLines, MaxConns: 1}
		first := p.serve(srv)
		s := p.call(first)
		s.Write([]byte("one\n"))
		p.gets(s.ReadUntil("\n", 10), "one\n")
		second := p.serve(srv) // while it is full
		other := p.call(second)
		other.Write([]byte("two\n"))
		s.Close()
		p.gets(other.ReadUntil("\n", 10), "two\n")
		_ = srv.Close()
		p.refuses(other.ReadSome(1), syscall.ECONNRESET)
		for _, addr := range []string{first, second} {
			if _, err := p.n.Dial(p.co, "tcp", addr); !errors.Is(err, syscall.ECONNREFUSED) {
				p.t.Errorf("it still listens on %s: %v", addr, err)
			}
		}
	})
}

// Outside a server's handler, Idle is the Co itself.
func TestIdleElsewhere(t *testing.T) {
	inMemory(t, func(p *pair) {
		if stream.Idle(p.co) != p.co {
			p.t.Error("it is another")
		}
	})
}

func ExampleServer() {
	srv := &stream.Server{Handler: func(co *loop.Co, s *stream.Stream) error {
		for {
			// While nothing is asked, Shutdown need not wait.
			name, err := loop.Await(stream.Idle(co), s.ReadUntil("\n", 100))
			if err != nil {
				return err // io.EOF: the client has no more questions
			}
			s.Write([]byte("hello, " + string(name)))
		}
	}}
	srv.OnListen = func(addr net.Addr) {
		go func() {
			c, err := net.Dial(addr.Network(), addr.String())
			if err != nil {
				fmt.Println(err)
				return
			}
			defer c.Close()
			fmt.Fprintln(c, "world")
			answer := make([]byte, len("hello, world\n"))
			_, err = io.ReadFull(c, answer)
			fmt.Print(string(answer))
			if err != nil {
				fmt.Println(err)
			}
			_ = srv.Shutdown(context.Background())
		}()
	}
	err := srv.ListenAndServe("tcp", "localhost:0")
	fmt.Println(err)
	// Output:
	// hello, world
	// stream: server closed
}
