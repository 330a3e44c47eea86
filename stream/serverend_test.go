package stream_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// Tornado T03: a server may be ended twice, in either way; then nobody listens.
func TestServerEndTwice(t *testing.T) {
	everywhere(t, func(p *pair) {
		srv := &stream.Server{Handler: echoLines}
		if err := srv.Close(); err != nil {
			p.t.Error(err)
		}
		srv = &stream.Server{Handler: echoLines}
		addr := p.serve(srv)
		p.does(p.shutdown(srv))
		p.does(p.shutdown(srv))
		if err := errors.Join(srv.Close(), srv.Close()); err != nil {
			p.t.Error(err)
		}
		if _, err := p.n.Dial(p.co, "tcp", addr); !errors.Is(err, syscall.ECONNREFUSED) {
			p.t.Errorf("dialling gives %v", err)
		}
	})
}

// Tornado T04: a server that is closed by the first of many connections takes no more
// of them, not even of the same batch.
func TestServerCloseInCallback(t *testing.T) {
	everywhere(t, func(p *pair) {
		served := 0
		var srv *stream.Server
		srv = &stream.Server{Accept: func(s *stream.Stream) {
			served++
			_ = srv.Close()
		}}
		addr := p.serve(srv)
		var dials []*loop.Future[*stream.Stream]
		for range 40 {
			dials = append(dials, loop.Go(p.co, func(co *loop.Co) (*stream.Stream, error) {
				return stream.Dial(co, p.n, "tcp", addr)
			}))
		}
		for i, f := range dials {
			s, err := loop.Await(p.co, f)
			if err == nil {
				_, err = loop.Await(p.co, s.ReadSome(1))
				s.Abort()
			}
			if !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.ECONNREFUSED) {
				p.t.Errorf("client %d: %v", i, err)
			}
		}
		if served != 1 {
			p.t.Errorf("%d were served", served)
		}
		p.over(srv)
	})
}

// Shutdown ends idle handlers at once, and waits for those that work: also for their
// last bytes.
func TestServerShutdown(t *testing.T) {
	withRoom(t, func(p *pair) {
		work := loop.NewPromise[struct{}](p.l)
		answer := strings.Repeat("x", p.size(1<<20))
		var log logbook
		srv := &stream.Server{Handler: func(co *loop.Co, s *stream.Stream) error {
			for {
				if _, err := loop.Await(stream.Idle(co), s.ReadUntil("\n", 100)); err != nil {
					return err
				}
				s.Write([]byte("wait\n"))
				if _, err := loop.Await(co, work.Future()); err != nil {
					return err
				}
				s.Write([]byte(answer))
			}
		}}
		addr := p.serve(srv)
		idle, busy := p.call(addr), p.call(addr)
		busy.Write([]byte("work\n"))
		p.gets(busy.ReadUntil("\n", 100), "wait\n")
		p.until("both are in", func() bool { return srv.Stats().Conns == 2 })
		down := p.shutdown(srv)
		p.refuses(idle.ReadSome(1), io.EOF)
		p.until("the idle one is out", func() bool { return srv.Stats().Conns == 1 })
		if down.Done() || !srv.Draining() {
			p.t.Errorf("done is %v, draining is %v", down.Done(), srv.Draining())
		}
		if _, err := p.n.Dial(p.co, "tcp", addr); !errors.Is(err, syscall.ECONNREFUSED) {
			p.t.Errorf("it still listens: %v", err)
		}
		work.Set(struct{}{})
		p.gets(busy.ReadFull(len(answer)), answer)
		p.refuses(busy.ReadSome(1), io.EOF) // the next wait is Idle's again
		idle.Close()
		busy.Close()
		p.does(down)
		if text := log.all(); text != "" {
			p.t.Errorf("the log says %q", text)
		}
	})
}

// When its context ends, Shutdown cancels the handlers that are left.
func TestServerShutdownGivesUp(t *testing.T) {
	everywhere(t, func(p *pair) {
		fate := loop.NewPromise[error](p.l)
		srv := &stream.Server{Handler: func(co *loop.Co, s *stream.Stream) error {
			_, err := loop.Await(co, s.ReadSome(1)) // not Idle's
			fate.Set(context.Cause(co))
			return err
		}}
		addr := p.serve(srv)
		s := p.call(addr)
		p.until("it is in", func() bool { return srv.Stats().Conns == 1 })
		enough := errors.New("enough")
		ctx, cancel := context.WithCancelCause(context.Background())
		down := p.off(func() error { return srv.Shutdown(ctx) })
		p.until("it is draining", srv.Draining)
		if fate.Future().Done() {
			p.t.Error("the handler was not waited for")
		}
		cancel(enough)
		p.fails(down, enough)
		if cause, err := loop.Await(p.co, fate.Future()); err != nil || !errors.Is(cause, stream.ErrServerClosed) {
			p.t.Errorf("it was cancelled with %v, %v", cause, err)
		}
		p.refuses(s.ReadSome(1), syscall.ECONNRESET)
		p.over(srv)
	})
}

// Idle's Co is the same for the same Co, and knows of a Shutdown that was before.
func TestServerIdle(t *testing.T) {
	everywhere(t, func(p *pair) {
		idled := loop.NewPromise[struct{}](p.l)
		var idle *loop.Co
		srv := &stream.Server{}
		srv.Handler = func(co *loop.Co, s *stream.Stream) error {
			one, two := stream.Idle(co), stream.Idle(co)
			below, cancel := co.WithTimeout(time.Hour)
			three := stream.Idle(below)
			if one != two || three == one {
				p.t.Error("it is another for the same, or the same for another")
			}
			cancel()
			if three.Err() == nil || one.Err() != nil {
				p.t.Errorf("the parents are cancelled: %v, %v", three.Err(), one.Err())
			}
			idle = one
			idled.Set(struct{}{})
			if _, err := loop.Await(co, s.ReadFull(1)); err != nil {
				return err
			}
			if !errors.Is(context.Cause(one), stream.ErrServerClosed) || !errors.Is(context.Cause(stream.Idle(co)), stream.ErrServerClosed) {
				p.t.Errorf("draining, the cause is %v", context.Cause(one))
			}
			late, cancel := co.WithTimeout(time.Hour)
			defer cancel()
			if stream.Idle(late).Err() == nil {
				p.t.Error("one that is made later is not cancelled")
			}
			return nil
		}
		addr := p.serve(srv)
		s := p.call(addr)
		p.does(idled.Future())
		down := p.shutdown(srv)
		p.until("it is draining", func() bool { return idle.Err() != nil })
		s.Write([]byte("x"))
		p.refuses(s.ReadSome(1), io.EOF)
		s.Close()
		p.does(down)
	})
}

// Drain is called for each connection when Shutdown begins.
func TestServerDrain(t *testing.T) {
	everywhere(t, func(p *pair) {
		srv := &stream.Server{
			Accept: func(s *stream.Stream) { newRecorder(s, lines) },
			Drain:  (*stream.Stream).CloseIdle,
		}
		addr := p.serve(srv)
		one, two := p.call(addr), p.call(addr)
		p.until("both are in", func() bool { return srv.Stats().Conns == 2 })
		down := p.shutdown(srv)
		p.refuses(one.ReadSome(1), io.EOF)
		p.refuses(two.ReadSome(1), io.EOF)
		p.does(down)
	})
}

// Close breaks off and cancels; nothing is logged above Debug.
func TestServerClose(t *testing.T) {
	everywhere(t, func(p *pair) {
		var causes []error
		srv := &stream.Server{Handler: func(co *loop.Co, s *stream.Stream) error {
			defer func() { causes = append(causes, context.Cause(co)) }()
			return loop.Sleep(co, time.Hour)
		}}
		addr := p.serve(srv)
		one, two := p.call(addr), p.call(addr)
		p.until("both are in", func() bool { return srv.Stats().Conns == 2 })
		if err := srv.Close(); err != nil {
			p.t.Error(err)
		}
		p.refuses(one.ReadSome(1), syscall.ECONNRESET)
		p.refuses(two.ReadSome(1), syscall.ECONNRESET)
		p.over(srv)
		for _, cause := range causes {
			if !errors.Is(cause, stream.ErrServerClosed) {
				p.t.Errorf("a handler was cancelled with %v", cause)
			}
		}
		if len(causes) != 2 {
			p.t.Errorf("%d handlers have ended", len(causes))
		}
		p.does(p.shutdown(srv))
	})
}

// A handler that runs on when its peer has gone still counts, and is waited for.
func TestServerHandlerOutlivesStream(t *testing.T) {
	everywhere(t, func(p *pair) {
		work := loop.NewPromise[struct{}](p.l)
		srv := &stream.Server{Handler: func(co *loop.Co, s *stream.Stream) error {
			s.Close()
			return loop.Shield(co, time.Hour, func(co *loop.Co) error {
				_, err := loop.Await(co, work.Future())
				return err
			})
		}}
		addr := p.serve(srv)
		p.meets(addr, io.EOF)
		down := p.shutdown(srv)
		for range 20 {
			if err := p.turn(); err != nil {
				p.t.Fatal(err)
			}
		}
		if n := srv.Stats().Conns; n != 1 || down.Done() {
			p.t.Errorf("%d are counted, and Shutdown is done: %v", n, down.Done())
		}
		work.Set(struct{}{})
		p.does(down)
	})
}
