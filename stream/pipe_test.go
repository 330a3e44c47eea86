//go:build unix

package stream_test

import (
	"errors"
	"io"
	"os"
	"syscall"
	"testing"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// pipe is the two ends of one, as streams.
func (p *pair) pipe() (r, w *stream.Stream) {
	p.t.Helper()
	rf, wf, err := os.Pipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if r, err = stream.NewPipe(p.l, rf); err != nil {
		p.t.Fatal(err)
	}
	if w, err = stream.NewPipe(p.l, wf); err != nil {
		p.t.Fatal(err)
	}
	if err := rf.Close(); !errors.Is(err, os.ErrClosed) {
		p.t.Errorf("the file is still open: %v", err)
	}
	return r, w
}

// onPipes runs body with the ends of a pipe, after which no descriptor may be left.
func onPipes(t *testing.T, body func(p *pair, r, w *stream.Stream)) {
	onSockets(t, func(p *pair) {
		before := openDescriptors()
		r, w := p.pipe()
		body(p, r, w)
		if after := openDescriptors(); after != before {
			p.t.Errorf("%d descriptors were open, now %d", before, after)
		}
	})
}

// Tornado S41, test_pipe_iostream: reads as of any stream, and the end; each end is
// closed as it has nothing more to do.
func TestPipe(t *testing.T) {
	onPipes(t, func(p *pair, r, w *stream.Stream) {
		w.Write([]byte("hel"))
		w.Write([]byte("lo world\r\nand "))
		p.gets(r.ReadUntil("\r\n", 100), "hello world\r\n")
		p.gets(r.ReadFull(4), "and ")
		w.Write([]byte("more"))
		p.does(w.Close())
		p.gets(r.ReadUntilClose(100), "more")
		p.refuses(r.ReadSome(1), io.EOF)
		p.until("the read end is closed", r.Closed)
	})
}

// Tornado S41, test_pipe_iostream_big_write.
func TestPipeBigWrite(t *testing.T) {
	onPipes(t, func(p *pair, r, w *stream.Stream) {
		want := noise(1 << 20)
		sent := w.Write(want)
		if sent.Done() {
			p.t.Error("the system has taken 1 MiB at once")
		}
		p.gets(r.ReadFull(len(want)), string(want))
		p.does(sent)
		if err := w.CloseWrite(); err != nil {
			p.t.Error(err)
		}
		p.refuses(r.ReadSome(1), io.EOF)
	})
}

// Each end does what it is for.
func TestPipeWrongWay(t *testing.T) {
	onPipes(t, func(p *pair, r, w *stream.Stream) {
		p.fails(r.Write([]byte("x")), stream.ErrClosed)
		p.refuses(w.ReadSome(1), io.EOF)
		if _, err := w.PeerCredentials(); !errors.Is(err, errors.ErrUnsupported) {
			p.t.Errorf("credentials: %v", err)
		}
		if _, _, err := r.Detach(); !errors.Is(err, errors.ErrUnsupported) {
			p.t.Errorf("detaching: %v", err)
		}
		if c := stream.NetConn(p.co, r); c.RemoteAddr().Network() != "pipe" {
			p.t.Errorf("its address is %v", c.RemoteAddr())
		}
		if closed := r.Close(); !closed.Done() {
			p.t.Error("closing waits, and there is nothing to wait for")
		}
		p.until("writing fails, as the reader has gone", func() bool {
			_, err := w.Write([]byte("x")).Result()
			return errors.Is(err, syscall.EPIPE)
		})
		p.until("the write end is closed", w.Closed)
	})
}

// A reader that goes is noticed also by those who do not write, where the backend tells.
func TestPipeReaderGoes(t *testing.T) {
	onPipes(t, func(p *pair, r, w *stream.Stream) {
		p.stuff(w, 1)
		low := w.Writable()
		waits := w.Write([]byte("x"))
		r.Abort()
		p.fails(waits, syscall.EPIPE)
		if _, err := loop.Await(p.co, low); err != nil && !errors.Is(err, syscall.EPIPE) {
			p.t.Error(err)
		}
		p.until("the write end is closed", w.Closed)
	})
}

// A file is always ready, and blocks: it is no pipe.
func TestPipeOfFile(t *testing.T) {
	onSockets(t, func(p *pair) {
		f := onDisk(p.t, []byte("x"))
		before := openDescriptors()
		if _, err := stream.NewPipe(p.l, f); !errors.Is(err, errors.ErrUnsupported) {
			p.t.Errorf("%v", err)
		}
		if n, err := f.ReadAt(make([]byte, 1), 0); n != 1 || err != nil {
			p.t.Errorf("the file is not as it was: %d, %v", n, err)
		}
		if after := openDescriptors(); after != before {
			p.t.Errorf("%d descriptors were open, now %d", before, after)
		}
	})
}

// A descriptor of both directions is told of the end by Close alone, which does not wait.
func TestPipeBothWays(t *testing.T) {
	onSockets(t, func(p *pair) {
		name := socketName(p.t)
		if err := syscall.Mkfifo(name, 0o600); err != nil {
			p.t.Fatal(err)
		}
		f, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			p.t.Fatal(err)
		}
		s, err := stream.NewPipe(p.l, f)
		if err != nil {
			p.t.Fatal(err)
		}
		p.does(s.Write([]byte("to itself")))
		p.gets(s.ReadFull(9), "to itself")
		if err := s.CloseWrite(); !errors.Is(err, errors.ErrUnsupported) {
			p.t.Errorf("half a close: %v", err)
		}
		if closed := s.Close(); !closed.Done() {
			p.t.Error("closing waits, and there is nothing to wait for")
		}
	})
}
