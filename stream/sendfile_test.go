package stream_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// onDisk is a file with these bytes, open until the end of the test.
func onDisk(t *testing.T, content []byte) *os.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// spin lets the loop turn until ok. Where a goroutine reads a file, virtual time must
// not jump as far as the test's own limit.
func (p *pair) spin(what string, ok func() bool) {
	p.t.Helper()
	for begin := time.Now(); !ok(); {
		if time.Since(begin) > time.Minute {
			p.t.Fatalf("waiting until %s: it never is", what)
		}
		if err := p.turn(); err != nil {
			p.t.Fatal(err)
		}
	}
}

// collect reads from s in the background, to its end.
func (p *pair) collect(s *stream.Stream) *loop.Future[[]byte] { return s.ReadUntilClose(1 << 30) }

// A file goes out in its place between writes, and Close delivers it.
func TestSendfile(t *testing.T) {
	everywhere(t, func(p *pair) {
		content := noise(p.size(3 << 20))
		f := onDisk(p.t, content)
		got := p.collect(p.far)
		var progress []int64
		var order []string
		note := func(what string) func(*loop.Future[struct{}]) {
			return func(*loop.Future[struct{}]) { order = append(order, what) }
		}
		p.near.Write([]byte("before ")).OnDone(note("before"))
		sent := p.near.Sendfile(f, 3, int64(len(content)-5), func(n int64) { progress = append(progress, n) })
		sent.OnDone(func(*loop.Future[int64]) { order = append(order, "file") })
		if sent.Done() || progress != nil {
			p.t.Error("it does not wait for its turn")
		}
		p.near.Write([]byte(" after")).OnDone(note("after"))
		rest := p.near.Sendfile(f, int64(len(content)-2), -1, nil)
		closed := p.near.Close()
		p.spin("it has come", got.Done)
		p.far.Close()
		want := slices.Concat([]byte("before "), content[3:len(content)-2], []byte(" after"), content[len(content)-2:])
		p.gets(got, string(want))
		p.does(closed)
		if n, err := sent.Result(); n != int64(len(content)-5) || err != nil {
			p.t.Errorf("sent %d, %v", n, err)
		}
		if n, err := rest.Result(); n != 2 || err != nil {
			p.t.Errorf("sent %d of the rest, %v", n, err)
		}
		if !slices.Equal(order, []string{"before", "file", "after"}) {
			p.t.Errorf("done in the order %v", order)
		}
		if !slices.IsSorted(progress) || progress[len(progress)-1] != int64(len(content)-5) {
			p.t.Errorf("progress %v of %d", progress, len(content)-5)
		}
		if held := stream.LoopUnsent(p.l); held != 0 {
			p.t.Errorf("%d bytes are counted", held)
		}
	})
}

// Nothing, an empty file, and the place behind the last byte.
func TestSendfileNothing(t *testing.T) {
	everywhere(t, func(p *pair) {
		full, empty := onDisk(p.t, []byte("abc")), onDisk(p.t, nil)
		if f := p.near.Sendfile(full, 0, 0, nil); !f.Done() {
			p.t.Error("it waits for nothing")
		}
		for _, f := range []*loop.Future[int64]{
			p.near.Sendfile(full, 3, -1, nil),
			p.near.Sendfile(empty, 0, -1, nil),
			p.near.Sendfile(empty, 0, 0, nil), // behind others
			p.near.Sendfile(full, 9, -1, nil),
		} {
			p.spin("it is done", f.Done)
			if n, err := f.Result(); n != 0 || err != nil {
				p.t.Errorf("sent %d, %v", n, err)
			}
		}
		p.near.Write([]byte("x"))
		p.gets(p.far.ReadSome(9), "x")
		for end, s := range map[string]*stream.Stream{"near": p.near, "far": p.far} {
			if held := stream.Held(s); held != nil {
				p.t.Errorf("%s holds %v", end, held)
			}
		}
	})
}

// The peer was promised more than there is: it must not see an orderly end.
func TestSendfileTooShort(t *testing.T) {
	everywhere(t, func(p *pair) {
		content := noise(p.size(300 << 10))
		f := onDisk(p.t, content)
		got := p.collect(p.far)
		sent := p.near.Sendfile(f, 0, int64(len(content))+1, nil)
		behind := p.near.Write([]byte("behind"))
		p.spin("it fails", sent.Done)
		if _, err := sent.Result(); !errors.Is(err, io.ErrUnexpectedEOF) {
			p.t.Errorf("got %v", err)
		}
		p.fails(behind, io.ErrUnexpectedEOF)
		p.until("the stream has ended", p.near.Closed)
		p.fails(p.near.Close(), stream.ErrNotDelivered, io.ErrUnexpectedEOF)
		p.refuses(got, syscall.ECONNRESET)
	})
}

// A file that cannot be read breaks the stream off as well.
func TestSendfileUnreadable(t *testing.T) {
	everywhere(t, func(p *pair) {
		f := onDisk(p.t, []byte("abc"))
		if err := f.Close(); err != nil {
			p.t.Fatal(err)
		}
		sent := p.near.Sendfile(f, 0, 3, nil)
		p.spin("it fails", sent.Done)
		if _, err := sent.Result(); !errors.Is(err, os.ErrClosed) {
			p.t.Errorf("got %v", err)
		}
		p.until("the stream has ended", p.near.Closed)
	})
}

// A sender is a transport that can send files, or says that it cannot.
type sender struct {
	script
	asked []int
	fail  error
	file  []byte // what was sent of files
	other []byte
}

func newSender() *sender {
	s := &sender{}
	s.write = func(p []byte) (int, error) { s.other = append(s.other, p...); return len(p), nil }
	return s
}

func (s *sender) Sendfile(f *os.File, offset int64, n int) (int, error) {
	s.asked = append(s.asked, n)
	if s.fail != nil {
		return 0, s.fail
	}
	p := make([]byte, n)
	n, err := f.ReadAt(p, offset)
	if n > 0 {
		err = nil
	}
	s.file = append(s.file, p[:n]...)
	return n, err
}

// In one turn goes one slice.
func TestSendfileInSlices(t *testing.T) {
	content := noise(600 << 10)
	f := onDisk(t, content)
	tr := newSender()
	follow(t, tr, func(p *pair, s *stream.Stream) {
		var progress []int64
		sent := s.Sendfile(f, 0, -1, func(n int64) { progress = append(progress, n) })
		for turn := range 4 {
			if len(tr.asked) != turn || tr.want&loop.Writable == 0 {
				t.Errorf("turn %d: asked for %v", turn, tr.asked)
			}
			tr.h.Ready(loop.Writable)
		}
		if n, err := sent.Result(); n != 600<<10 || err != nil || !bytes.Equal(tr.file, content) {
			t.Errorf("sent %d, %v", n, err)
		}
		if err := loop.Yield(p.co); err != nil || fmt.Sprint(progress) != "[262144 524288 614400]" {
			t.Errorf("progress %v, %v", progress, err)
		}
		if slices.Max(tr.asked) != 256<<10 {
			t.Errorf("asked for %v", tr.asked)
		}
	})
}

// What a transport cannot send is copied, by a goroutine; meanwhile nothing watches
// the peer, and nothing is wanted of the transport.
func TestSendfileUnsupported(t *testing.T) {
	content := noise(150 << 10)
	f := onDisk(t, content)
	tr := newSender()
	tr.fail = fmt.Errorf("no: %w", errors.ErrUnsupported)
	follow(t, tr, func(p *pair, s *stream.Stream) {
		sent := s.Sendfile(f, 0, 150<<10, nil)
		for !sent.Done() {
			if tr.want&loop.Writable != 0 {
				tr.h.Ready(loop.Writable)
			}
			if !sent.Done() && (tr.want&loop.Writable != 0 || stream.TimerPending(s)) {
				t.Fatal("it waits for the peer, not for the file")
			}
			if err := p.turn(); err != nil {
				t.Fatal(err)
			}
		}
		if n, err := sent.Result(); n != 150<<10 || err != nil || !bytes.Equal(tr.other, content) {
			t.Errorf("sent %d, %v", n, err)
		}
		if len(tr.asked) != 1 {
			t.Errorf("asked %d times", len(tr.asked))
		}
	})
}

// The stream ends while a goroutine reads: nobody minds.
func TestSendfileEndsWhileReading(t *testing.T) {
	f := onDisk(t, noise(100<<10))
	for name, end := range map[string]func(*stream.Stream){
		"abort": (*stream.Stream).Abort,
		"close": func(s *stream.Stream) {
			s.Close()
			if stream.TimerPending(s) {
				t.Error("the disk is taken for the peer")
			}
			s.Abort()
		},
	} {
		t.Run(name, func(t *testing.T) {
			tr := &script{}
			follow(t, tr, func(p *pair, s *stream.Stream) {
				sent := s.Sendfile(f, 0, -1, nil)
				tr.h.Ready(loop.Writable)
				end(s)
				if _, err := sent.Result(); !errors.Is(err, stream.ErrClosed) {
					t.Errorf("got %v", err)
				}
				for range 1000 {
					if err := p.turn(); err != nil {
						t.Error(err)
					}
				}
			})
		})
	}
}

func TestSendfileRefused(t *testing.T) {
	withRoom(t, func(p *pair) {
		f := onDisk(p.t, []byte("abc"))
		if msg := panicOf(func() { p.near.Sendfile(f, -1, 1, nil) }); msg != "stream: Sendfile with a negative offset" {
			p.t.Errorf("panic %q", msg)
		}
		p.stuff(p.near, 10)
		p.near.SetWriteLimits(stream.WriteLimits{Queue: 1})
		if _, err := p.near.Sendfile(f, 0, 3, nil).Result(); !errors.Is(err, stream.ErrBufferFull) {
			p.t.Errorf("beyond the limit: %v", err)
		}
		p.near.Abort()
		if _, err := p.near.Sendfile(f, 0, 3, nil).Result(); !errors.Is(err, stream.ErrClosed) {
			p.t.Errorf("closed: %v", err)
		}
	})
}
