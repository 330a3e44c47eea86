package stream_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// Tornado S14, S15, S31: who wants to know the end is told it once, in an iteration of
// its own, with the reason, also while a read waits, and also afterwards.
func TestOnClose(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(p *pair)
		want error
	}{
		"close":       {func(p *pair) { p.near.Close(); p.far.Close() }, stream.ErrClosed},
		"close idle":  {func(p *pair) { p.near.CloseIdle() }, stream.ErrClosed},
		"abort":       {func(p *pair) { p.near.Abort() }, stream.ErrClosed},
		"both end":    {func(p *pair) { p.far.Close(); _ = p.near.CloseWrite() }, io.EOF},
		"peer aborts": {func(p *pair) { p.far.Abort() }, syscall.ECONNRESET},
		"peer aborts a close": {func(p *pair) {
			p.near.Close()
			p.far.Abort()
		}, syscall.ECONNRESET},
		"abort of a close": {func(p *pair) { p.near.Close(); p.near.Abort() }, stream.ErrClosed},
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(p *pair) {
				var told []string
				inside := true
				note := func(who string) func(error) {
					return func(err error) {
						if inside {
							p.t.Error("it is called from within a method")
						}
						if !errors.Is(err, c.want) || !p.near.Closed() {
							p.t.Errorf("%s was told %v, want %v", who, err, c.want)
						}
						told = append(told, who)
					}
				}
				if name != "close idle" {
					p.near.ReadSome(1)
				}
				p.near.OnClose(note("first"))
				p.near.OnClose(note("second"))
				c.end(p)
				inside = false
				p.until("near is closed", p.near.Closed)
				p.until("all are told", func() bool { return len(told) == 2 })
				inside = true
				p.near.OnClose(note("late"))
				p.near.Abort()
				inside = false
				for range 5 {
					if err := p.turn(); err != nil {
						p.t.Error(err)
					}
				}
				if got := fmt.Sprint(told); got != "[first second late]" {
					p.t.Errorf("told %v", got)
				}
			})
		})
	}
}

// The peer's end is not the end of the stream.
func TestOnCloseNotAtEOF(t *testing.T) {
	everywhere(t, func(p *pair) {
		told := false
		p.near.OnClose(func(error) { told = true })
		if err := p.far.CloseWrite(); err != nil {
			p.t.Error(err)
		}
		p.refuses(p.near.ReadSome(1), io.EOF)
		p.near.Write([]byte("x"))
		p.gets(p.far.ReadSome(1), "x")
		if told || p.near.Closed() {
			p.t.Error("the stream has ended")
		}
	})
}

// pending is one of each thing that can wait on a stream.
type pending struct {
	read, until, regexp *loop.Future[[]byte]
	into                *loop.Future[int]
	write, low, close   *loop.Future[struct{}]
	file                *loop.Future[int64]
}

// Whatever waits, and whatever ends it: each future is settled, and its error matches
// what the standard library has for that.
func TestPendingAndCause(t *testing.T) {
	type want struct{ read, write, close error } // nil: no error; of Close: of a Close that comes later
	reset, gone, late := syscall.ECONNRESET, net.ErrClosed, os.ErrDeadlineExceeded
	for name, c := range map[string]struct {
		end    func(p *pair)
		want   want
		closes bool // Close is under way
		time   bool // wants virtual time
	}{
		"close here": {func(p *pair) { p.near.Close(); p.collect(p.far); p.far.CloseWrite() }, want{gone, nil, nil}, false, false},
		"abort":      {func(p *pair) { p.near.Abort() }, want{gone, gone, nil}, false, false},
		"peer's end": {func(p *pair) {
			p.far.CloseWrite()
			p.until("", p.near.EOF)
			p.collect(p.far)
		}, want{io.EOF, nil, nil}, false, false},
		"peer's reset":   {func(p *pair) { p.far.Abort() }, want{reset, reset, reset}, false, false},
		"stall":          {func(p *pair) {}, want{late, late, late}, false, true},
		"close, abort":   {func(p *pair) { p.near.Abort() }, want{gone, gone, gone}, true, false},
		"close, reset":   {func(p *pair) { p.far.Abort() }, want{gone, reset, reset}, true, false},
		"linger expires": {func(p *pair) {}, want{gone, late, late}, true, true},
	} {
		for _, reading := range []string{"read", "until", "regexp", "into"} {
			t.Run(name+"/"+reading, func(t *testing.T) {
				at(t, func(s site) bool { return s.roomy() && (s.memory() || !c.time) }, func(p *pair) {
					f := onDisk(p.t, noise(1000))
					x := p.waitFor(reading, f)
					if c.closes {
						x.close = p.near.Close()
					}
					c.end(p)
					if c.time {
						p.until("near is closed", func() bool {
							_ = loop.Sleep(p.co, time.Second)
							return p.near.Closed()
						})
					}
					p.spin("all are settled", x.settled)
					x.check(p, c.want.read, c.want.write)
					if x.close == nil {
						x.close = p.near.Close()
						p.far.Close()
					}
					p.spin("it is closed", x.close.Done)
					_, err := x.close.Result()
					x.matches(p, "close", err, c.want.close)
				})
			})
		}
	}
}

// waitFor has everything wait that can: for a peer that neither reads nor writes.
func (p *pair) waitFor(reading string, f *os.File) *pending {
	newRecorder(p.far, nil)
	p.stuff(p.near, 100<<10)
	x := &pending{write: p.near.Write([]byte("x")), low: p.near.Writable()}
	x.file = p.near.Sendfile(f, 0, -1, nil)
	switch reading {
	case "read":
		x.read = p.near.ReadSome(1)
	case "until":
		x.until = p.near.ReadUntil("x", 1)
	case "regexp":
		x.regexp = p.near.ReadUntilRegexp(blankLine, 9)
	case "into":
		x.into = p.near.ReadInto(make([]byte, 9))
	}
	p.far.SetConsumer(nil)
	return x
}

func (x *pending) reads() []*loop.Future[[]byte] {
	return []*loop.Future[[]byte]{x.read, x.until, x.regexp}
}

func (x *pending) settled() bool {
	for _, f := range x.reads() {
		if f != nil && !f.Done() {
			return false
		}
	}
	return x.write.Done() && x.low.Done() && x.file.Done() && (x.into == nil || x.into.Done())
}

func (x *pending) check(p *pair, read, write error) {
	p.t.Helper()
	for _, f := range x.reads() {
		if f != nil {
			_, err := f.Result()
			x.matches(p, "read", err, read)
		}
	}
	if x.into != nil {
		_, err := x.into.Result()
		x.matches(p, "read", err, read)
	}
	_, err := x.write.Result()
	x.matches(p, "write", err, write)
	_, err = x.low.Result()
	x.matches(p, "writable", err, write)
	_, err = x.file.Result()
	x.matches(p, "sendfile", err, write)
}

func (x *pending) matches(p *pair, what string, err, want error) {
	p.t.Helper()
	if want == syscall.ECONNRESET && errors.Is(err, syscall.EPIPE) {
		return // whoever writes to a connection that was reset may be told so
	}
	if (err == nil) != (want == nil) || !errors.Is(err, want) {
		p.t.Errorf("%s: got %v, want %v", what, err, want)
	}
}

// The loop is closed under the stream: whoever has the stream ends it.
func TestPendingOnClosedLoop(t *testing.T) {
	for _, s := range sites() {
		if !s.roomy() {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			looptest.NoLeaks(t)
			p := &pair{site: s, t: t, l: s.loop(t), n: s.network()}
			f := onDisk(t, noise(1000))
			var x *pending
			_, err := loop.RunSync(p.l, func(co *loop.Co) (int, error) {
				ln, err := p.n.Listen(p.l, "tcp", "127.0.0.1:0")
				if err != nil {
					return 0, err
				}
				defer ln.Close()
				p.co = co
				if p.near, p.far, err = connect(co, p.n, ln); err == nil {
					x = p.waitFor("into", f)
				}
				return 0, err
			})
			if err := errors.Join(err, p.l.Close()); err != nil {
				t.Fatal(err)
			}
			p.near.OnClose(func(error) { t.Error("nothing runs on a closed loop") })
			p.near.Abort()
			p.far.Abort()
			x.check(p, net.ErrClosed, net.ErrClosed)
		})
	}
}
