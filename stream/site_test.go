package stream_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/zonda-go/zonda/internal/poll"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// A site is a network and a loop on which the behaviours of streams are tested.
type site struct {
	name   string
	window int    // of the network in memory, with a virtual clock; 0: real sockets
	poller string // of real sockets

	trouble bool // is expected in the log
}

// sites is memory with windows so small that almost every transfer is a partial
// one, and TCP over the loopback on each backend of the platform.
func sites() []site {
	var all []site
	for _, window := range []int{1, 7, 1000} {
		all = append(all, site{name: fmt.Sprintf("memory/%d", window), window: window})
	}
	for _, name := range poll.Names() {
		if name != "chan" { // it watches no descriptors
			all = append(all, site{name: "tcp/" + name, poller: name})
		}
	}
	return all
}

func (s site) memory() bool { return s.window > 0 }

// tellsFailed: a connection that breaks is noticed also by those who neither read
// nor write. Package poll says which backends do not tell.
func (s site) tellsFailed() bool { return s.poller != "select" && s.poller != "kqueue" }

func (s site) roomy() bool { return !s.memory() || s.window >= 1000 }

// size is n bytes where that is cheap, and less where each byte costs iterations.
func (s site) size(n int) int {
	if s.memory() {
		return min(n, 300*s.window)
	}
	return n
}

func (s site) loop(t testing.TB) *loop.Loop {
	t.Helper()
	if s.memory() {
		return looptest.New(t)
	}
	l, err := loop.New(&loop.Options{
		Poller: s.poller,
		Strict: true,
		Logger: slog.New(watchful{slog.NewTextHandler(t.Output(), nil), t, s.trouble}),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// watchful is a log in which nothing bad may stand.
type watchful struct {
	slog.Handler
	t       testing.TB
	trouble bool
}

func (w watchful) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn && !w.trouble {
		w.t.Errorf("the log says: %s", r.Message)
	}
	return w.Handler.Handle(ctx, r)
}

func (s site) network() stream.Network {
	if s.memory() {
		return &looptest.Network{Window: s.window}
	}
	return stream.System{}
}

// patience bounds a test: on the loop's clock, so that one which is stuck in
// virtual time fails at once.
func (s site) patience() time.Duration {
	if s.memory() {
		return 24 * time.Hour
	}
	return time.Minute
}

// A pair is two ends of a connection, and who tests them.
type pair struct {
	site
	t         *testing.T
	co        *loop.Co
	l         *loop.Loop
	n         stream.Network
	near, far *stream.Stream // dialled and accepted
}

// everywhere runs body at every site, with a connection of its own.
func everywhere(t *testing.T, body func(p *pair)) {
	at(t, func(site) bool { return true }, body)
}

// withRoom is everywhere for what takes more bytes than the smallest windows carry
// in good time.
func withRoom(t *testing.T, body func(p *pair)) { at(t, site.roomy, body) }

// inMemory is everywhere for what only virtual time can show.
func inMemory(t *testing.T, body func(p *pair)) { at(t, site.memory, body) }

// onSockets is everywhere for what is the kernel's doing.
func onSockets(t *testing.T, body func(p *pair)) {
	at(t, func(s site) bool { return !s.memory() }, body)
}

func at(t *testing.T, which func(site) bool, body func(p *pair)) {
	for _, s := range sites() {
		if which(s) {
			t.Run(s.name, func(t *testing.T) { s.run(t, body) })
		}
	}
}

func (s site) run(t *testing.T, body func(p *pair)) {
	looptest.NoLeaks(t)
	l := s.loop(t)
	_, err := loop.RunSyncTimeout(l, s.patience(), func(co *loop.Co) (struct{}, error) {
		p := &pair{site: s, t: t, co: co, l: l, n: s.network()}
		ln, err := p.n.Listen(l, "tcp", "127.0.0.1:0")
		if err != nil {
			return struct{}{}, err
		}
		defer ln.Close()
		if p.near, p.far, err = connect(co, p.n, ln); err != nil {
			return struct{}{}, err
		}
		defer p.near.Abort()
		defer p.far.Abort()
		body(p)
		return struct{}{}, nil
	})
	if err != nil {
		t.Error(err)
	}
}

// connect makes a connection to a listener that accepts nothing yet.
func connect(co *loop.Co, n stream.Network, ln stream.Listener) (near, far *stream.Stream, err error) {
	accepted := loop.NewPromise[*stream.Stream](co.Loop())
	if err := ln.Accept(func(t stream.Transport) {
		s, err := stream.New(co.Loop(), t)
		if err != nil {
			accepted.Fail(errors.Join(err, t.Close(true)))
			return
		}
		accepted.Set(s)
	}); err != nil {
		return nil, nil, err
	}
	if near, err = stream.Dial(co, n, "tcp", ln.Addr().String()); err != nil {
		return nil, nil, err
	}
	far, err = loop.Await(co, accepted.Future())
	return near, far, err
}

// gets awaits a read that must bring want.
func (p *pair) gets(f *loop.Future[[]byte], want string) {
	p.t.Helper()
	got, err := loop.Await(p.co, f)
	if err != nil || string(got) != want {
		p.t.Errorf("read %q, %v; want %q", clip(got), err, clip([]byte(want)))
	}
}

// refuses awaits a read that must fail like want.
func (p *pair) refuses(f *loop.Future[[]byte], want error) {
	p.t.Helper()
	if got, err := loop.Await(p.co, f); !errors.Is(err, want) {
		p.t.Errorf("read %q, %v; want error %v", clip(got), err, want)
	}
}

// does awaits a write or a close that must succeed.
func (p *pair) does(f *loop.Future[struct{}]) {
	p.t.Helper()
	if _, err := loop.Await(p.co, f); err != nil {
		p.t.Error(err)
	}
}

// fails awaits a write or a close that must fail like each of want.
func (p *pair) fails(f *loop.Future[struct{}], want ...error) {
	p.t.Helper()
	_, err := loop.Await(p.co, f)
	for _, w := range want {
		if !errors.Is(err, w) {
			p.t.Errorf("got error %v, want %v", err, w)
		}
	}
}

// until lets the loop turn until ok.
func (p *pair) until(what string, ok func() bool) {
	p.t.Helper()
	for range maxTurns {
		if ok() {
			return
		}
		if err := p.turn(); err != nil {
			p.t.Fatalf("waiting until %s: %v", what, err)
		}
	}
	p.t.Fatalf("waiting until %s: it never is", what)
}

// maxTurns bounds loops that wait for something.
const maxTurns = 200_000

// turn is an iteration: in memory, bytes move in each.
func (p *pair) turn() error {
	if p.memory() {
		return loop.Sleep(p.co, time.Nanosecond)
	}
	return loop.Sleep(p.co, 100*time.Microsecond)
}

// stuff writes from s until the transports are full and want bytes more wait.
func (p *pair) stuff(s *stream.Stream, want int) (total int) {
	p.t.Helper()
	piece := make([]byte, 64<<10)
	for range 1000 {
		if s.Unsent() >= want {
			return total
		}
		s.Write(piece)
		total += len(piece)
		if err := p.turn(); err != nil {
			p.t.Fatal(err)
		}
	}
	p.t.Fatal("somebody reads")
	return 0
}

// drain reads from s to its end.
func (p *pair) drain(s *stream.Stream) []byte {
	p.t.Helper()
	var all bytes.Buffer
	for {
		got, err := loop.Await(p.co, s.ReadSome(1<<20))
		if err != nil {
			if !isEnd(err) {
				p.t.Errorf("after %d bytes: %v", all.Len(), err)
			}
			return all.Bytes()
		}
		all.Write(got)
	}
}

func clip(b []byte) []byte { return b[:min(len(b), 60)] }

// noise is bytes in which a lost or doubled piece shows.
func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(b) // it never fails
	return b
}

// deep says that the full counts are wanted.
func deep() bool { return os.Getenv("ZONDA_DEEP") != "" }
