package looptest_test

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"syscall"
	"testing"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// An ear is a handler that counts what it is told.
type ear struct {
	heard []loop.Events
	on    func(loop.Events)
}

func (e *ear) Ready(ev loop.Events) {
	e.heard = append(e.heard, ev)
	if e.on != nil {
		e.on(ev)
	}
}

// piped runs body with the two ends of a pipe, started.
func piped(t *testing.T, window int, body func(co *loop.Co, a, b stream.Transport, ha, hb *ear)) {
	t.Helper()
	looptest.NoLeaks(t)
	looptest.Run(t, func(co *loop.Co) error {
		a, b := looptest.Pipe(window)
		ha, hb := &ear{}, &ear{}
		if err := errors.Join(a.Start(co.Loop(), ha), b.Start(co.Loop(), hb)); err != nil {
			return err
		}
		body(co, a, b, ha, hb)
		_, _ = a.Close(true), b.Close(true) // a level that nobody heeds keeps the loop busy
		return nil
	})
}

func yield(t *testing.T, co *loop.Co) {
	t.Helper()
	if err := loop.Yield(co); err != nil {
		t.Fatal(err)
	}
}

func last(h *ear) loop.Events {
	if len(h.heard) == 0 {
		return 0
	}
	return h.heard[len(h.heard)-1]
}

// read is Read as text.
func read(tr stream.Transport, n int) (string, error) {
	p := make([]byte, n)
	n, err := tr.Read(p)
	return string(p[:n]), err
}

func TestPipeWindow(t *testing.T) {
	piped(t, 5, func(co *loop.Co, a, b stream.Transport, ha, hb *ear) {
		if n, err := a.Write([]byte("abc")); n != 3 || err != nil {
			t.Error(n, err)
		}
		if n, err := a.Write([]byte("defg")); n != 2 || err != nil {
			t.Errorf("partial write: %d, %v", n, err)
		}
		if n, err := a.Write([]byte("fg")); n != 0 || err != stream.ErrAgain {
			t.Errorf("write into a full pipe: %d, %v", n, err)
		}
		_ = a.Want(loop.Writable)
		yield(t, co)
		if len(ha.heard) != 0 {
			t.Error("full, and yet writable")
		}
		if s, err := read(b, 4); s != "abcd" || err != nil {
			t.Error(s, err)
		}
		yield(t, co)
		if last(ha) != loop.Writable {
			t.Errorf("heard %v", ha.heard)
		}
		if s, err := read(b, 4); s != "e" || err != nil {
			t.Error(s, err)
		}
		if s, err := read(b, 4); s != "" || err != stream.ErrAgain {
			t.Error(s, err)
		}
	})
}

// The default holds 64 KiB.
func TestPipeDefaultWindow(t *testing.T) {
	piped(t, 0, func(co *loop.Co, a, b stream.Transport, ha, hb *ear) {
		if n, err := a.Write(make([]byte, 1<<20)); n != 64<<10 || err != nil {
			t.Error(n, err)
		}
	})
}

// Readiness is a level: told in each iteration, for as long as it is asked for.
func TestPipeIsLevelTriggered(t *testing.T) {
	piped(t, 5, func(co *loop.Co, a, b stream.Transport, ha, hb *ear) {
		_, _ = a.Write([]byte("abc"))
		yield(t, co)
		if len(hb.heard) != 0 {
			t.Error("told what was not asked for")
		}
		_ = b.Want(loop.Readable)
		for range 5 {
			yield(t, co)
		}
		if n := len(hb.heard); n < 4 {
			t.Errorf("told %d times in 5 iterations", n)
		}
		_ = b.Want(0)
		n := len(hb.heard)
		for range 3 {
			yield(t, co)
		}
		if len(hb.heard) != n {
			t.Error("told what is not asked for any more")
		}
	})
}

// Bytes arrive in the iteration after they were sent, never within Write.
func TestPipeTakesAnIteration(t *testing.T) {
	piped(t, 5, func(co *loop.Co, a, b stream.Transport, ha, hb *ear) {
		_ = b.Want(loop.Readable)
		_, _ = a.Write([]byte("abc"))
		if len(hb.heard) != 0 {
			t.Error("told from within Write")
		}
		yield(t, co)
		if last(hb) != loop.Readable {
			t.Errorf("heard %v", hb.heard)
		}
	})
}

func TestPipeEnds(t *testing.T) {
	piped(t, 5, func(co *loop.Co, a, b stream.Transport, ha, hb *ear) {
		_, _ = a.Write([]byte("abc"))
		if err := a.CloseWrite(); err != nil {
			t.Error(err)
		}
		if _, err := a.Write([]byte("d")); err != syscall.EPIPE {
			t.Errorf("write after the end: %v", err)
		}
		_ = b.Want(loop.Readable)
		yield(t, co)
		if last(hb) != loop.Readable {
			t.Errorf("heard %v: one side has ended, that is no failure", hb.heard)
		}
		if s, err := read(b, 9); s != "abc" || err != nil {
			t.Error(s, err)
		}
		for range 2 {
			if s, err := read(b, 9); s != "" || err != io.EOF {
				t.Error(s, err)
			}
		}
		if n, err := b.Write([]byte("answ")); n != 4 || err != nil {
			t.Errorf("half a pipe: %d, %v", n, err)
		}
		_ = b.Want(0)
		_ = b.CloseWrite()
		_ = b.Want(0)
		yield(t, co)
		if last(hb)&loop.Failed == 0 {
			t.Errorf("heard %v: both sides have ended", hb.heard)
		}
		if s, err := read(a, 9); s != "answ" || err != nil {
			t.Error(s, err)
		}
		if err := errors.Join(a.Close(false), b.Close(false)); err != nil {
			t.Error(err)
		}
	})
}

// To close is an end for the peer if all was read, and else a reset, as with TCP.
func TestPipeClose(t *testing.T) {
	for name, c := range map[string]struct {
		unread, abort bool
		want          error
	}{
		"all read": {false, false, io.EOF},
		"unread":   {true, false, syscall.ECONNRESET},
		"abort":    {false, true, syscall.ECONNRESET},
	} {
		t.Run(name, func(t *testing.T) {
			piped(t, 5, func(co *loop.Co, a, b stream.Transport, ha, hb *ear) {
				_ = b.Want(loop.Readable)
				if c.unread {
					_, _ = b.Write([]byte("x"))
				}
				_, _ = a.Write([]byte("abc"))
				if err := a.Close(c.abort); err != nil {
					t.Error(err)
				}
				yield(t, co)
				if failed := last(hb)&loop.Failed != 0; failed != (c.want != io.EOF) {
					t.Errorf("heard %v", hb.heard)
				}
				s, err := read(b, 9)
				if c.want == io.EOF {
					if s != "abc" || err != nil {
						t.Error(s, err)
					}
					s, err = read(b, 9)
				}
				if s != "" || err != c.want {
					t.Errorf("read %q, %v; want %v", s, err, c.want)
				}
				if n, err := b.Write([]byte("more")); c.want != io.EOF && (n != 0 || err != syscall.ECONNRESET) {
					t.Errorf("write: %d, %v", n, err)
				}
			})
		})
	}
}

// The first bytes to an end that was closed vanish, and are answered by a reset.
func TestPipeWriteToClosed(t *testing.T) {
	piped(t, 5, func(co *loop.Co, a, b stream.Transport, ha, hb *ear) {
		_ = b.Close(false)
		if n, err := a.Write([]byte("vanishes")); n != 8 || err != nil {
			t.Error(n, err)
		}
		if _, err := a.Write([]byte("x")); err != syscall.ECONNRESET {
			t.Error(err)
		}
		yield(t, co)
		if last(ha)&loop.Failed == 0 {
			t.Errorf("heard %v", ha.heard)
		}
	})
}

func TestPipeAfterClose(t *testing.T) {
	piped(t, 5, func(co *loop.Co, a, b stream.Transport, ha, hb *ear) {
		_ = a.Want(loop.Writable)
		_ = a.Close(false)
		if _, err := a.Read(make([]byte, 1)); err == nil {
			t.Error("Read")
		}
		if _, err := a.Write(make([]byte, 1)); err == nil {
			t.Error("Write")
		}
		if a.CloseWrite() == nil || a.Close(false) == nil {
			t.Error("CloseWrite or Close")
		}
		if err := a.Start(co.Loop(), ha); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Start: %v", err)
		}
		yield(t, co)
		if len(ha.heard) != 0 {
			t.Errorf("a closed end was told %v", ha.heard)
		}
	})
}

// A handler that panics is told again, as with a descriptor.
func TestPipeHandlerPanics(t *testing.T) {
	l, err := loop.New(&loop.Options{
		Poller:  "chan",
		Clock:   looptest.NewClock(),
		Logger:  slog.New(slog.DiscardHandler),
		OnError: func(error) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = loop.RunSync(l, func(co *loop.Co) (int, error) {
		a, b := looptest.Pipe(5)
		h := &ear{on: func(loop.Events) { panic("oops") }}
		if err := errors.Join(b.Start(l, h), b.Want(loop.Readable)); err != nil {
			return 0, err
		}
		_, _ = a.Write([]byte("x"))
		for range 4 {
			yield(t, co)
		}
		if len(h.heard) < 2 {
			t.Errorf("told %d times", len(h.heard))
		}
		return 0, b.Close(true)
	})
	if err != nil {
		t.Error(err)
	}
}
