package stream_test

import (
	"bytes"
	"errors"
	"io"
	"syscall"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// fills awaits a read that must fill n bytes.
func (p *pair) fills(f *loop.Future[int], n int) {
	p.t.Helper()
	if got, err := loop.Await(p.co, f); got != n || err != nil {
		p.t.Errorf("read %d bytes, %v; want %d", got, err, n)
	}
}

// lacks awaits a read that must fail like want.
func (p *pair) lacks(f *loop.Future[int], want error) {
	p.t.Helper()
	if n, err := loop.Await(p.co, f); !errors.Is(err, want) || n != 0 {
		p.t.Errorf("read %d bytes, %v; want error %v", n, err, want)
	}
}

// Tornado S23, S25: it fills exactly, leftovers stay, nothing is done at once.
func TestReadInto(t *testing.T) {
	everywhere(t, func(p *pair) {
		room := make([]byte, 5)
		if f := p.far.ReadInto(nil); !f.Done() {
			p.t.Error("it waits for nothing")
		}
		p.fills(p.far.ReadInto(nil), 0)
		f := p.far.ReadInto(room)
		p.lacks(p.far.ReadInto(room), stream.ErrReading)
		p.does(p.near.Write([]byte("ab")))
		p.near.Write([]byte("cdefghi"))
		p.fills(f, 5)
		if string(room) != "abcde" {
			p.t.Errorf("got %q", room)
		}
		p.until("more has come", func() bool { return len(p.far.Buffered()) == 4 })
		if f := p.far.ReadInto(room[:3]); !f.Done() {
			p.t.Error("it waits for what is there")
		}
		if string(room) != "fghde" {
			p.t.Errorf("got %q", room)
		}
		p.gets(p.far.ReadFull(1), "i")
		p.near.Write([]byte("jk"))
		p.until("more has come", func() bool { return len(p.far.Buffered()) == 2 })
		f = p.far.ReadInto(room)
		if b := p.far.Buffered(); b != nil || f.Done() {
			p.t.Errorf("%q (of %d) is kept in two places", b, cap(b))
		}
		p.near.Write([]byte("lmn"))
		p.fills(f, 5)
	})
}

// Tornado S24, S25.
func TestReadSomeInto(t *testing.T) {
	everywhere(t, func(p *pair) {
		room := make([]byte, 5)
		p.fills(p.far.ReadSomeInto(nil), 0)
		f := p.far.ReadSomeInto(room)
		p.near.Write([]byte("a"))
		p.fills(f, 1)
		p.near.Write([]byte("bcdefgh"))
		p.until("it has come", func() bool { return len(p.far.Buffered()) == 7 })
		p.fills(p.far.ReadSomeInto(room), 5)
		p.fills(p.far.ReadSomeInto(room), 2)
		if string(room) != "ghdef" {
			p.t.Errorf("got %q", room)
		}
		p.near.Close()
		p.lacks(p.far.ReadSomeInto(room), io.EOF)
	})
}

// Large pieces go straight to where they are wanted.
func TestReadIntoLarge(t *testing.T) {
	everywhere(t, func(p *pair) {
		sent := noise(p.size(4 << 20))
		p.near.Write(sent)
		p.near.Write([]byte("tail"))
		room := make([]byte, len(sent))
		p.fills(p.far.ReadInto(room), len(sent))
		if !bytes.Equal(room, sent) {
			p.t.Error("the bytes differ")
		}
		p.gets(p.far.ReadFull(4), "tail")
	})
}

// A direct reader is a transport that notes where its bytes are wanted.
type directReader struct {
	script
	at []*byte
}

func (d *directReader) Read(p []byte) (int, error) {
	d.at = append(d.at, &p[0])
	return d.script.Read(p)
}

func TestReadIntoWithoutACopy(t *testing.T) {
	d := &directReader{}
	follow(t, d, func(p *pair, s *stream.Stream) {
		room := make([]byte, 40<<10)
		f := s.ReadInto(room)
		for range 4 {
			d.reads = append(d.reads, step{data: string(make([]byte, 10<<10))})
			d.h.Ready(loop.Readable)
		}
		p.fills(f, len(room))
		// What would fill a short rest comes by way of the loop's buffer, and more
		// with it.
		shared := &s.Loop().ReadBuffer()[0]
		for i, want := range []*byte{&room[0], &room[10<<10], &room[20<<10], shared} {
			if d.at[i] != want {
				t.Errorf("read %d went elsewhere", i)
			}
		}
	})
}

// A read that comes to nothing leaves the bytes to the next, also those that were put
// into its slice.
func TestReadIntoPutsBack(t *testing.T) {
	for name, stop := range map[string]func(p *pair, f *loop.Future[int]){
		"withdrawn": func(p *pair, f *loop.Future[int]) {
			co, cancel := p.co.WithTimeout(time.Millisecond)
			defer cancel()
			if _, err := loop.Await(co, f); err == nil {
				p.t.Error("the read succeeded")
			}
			p.near.Write([]byte("!"))
			p.near.Close()
		},
		"at the end": func(p *pair, f *loop.Future[int]) {
			p.near.Write([]byte("!"))
			p.near.Close()
			p.lacks(f, io.ErrUnexpectedEOF)
		},
	} {
		for _, size := range []int{10, 100 << 10} { // by way of the loop's buffer, and straight
			t.Run(name, func(t *testing.T) {
				everywhere(t, func(p *pair) {
					f := p.far.ReadInto(make([]byte, size))
					p.does(p.near.Write([]byte("abc")))
					for range 10 {
						if err := p.turn(); err != nil {
							p.t.Error(err)
						}
					}
					if n := len(p.far.Buffered()); n != 0 {
						p.t.Errorf("%d bytes are in two places", n)
					}
					stop(p, f)
					p.gets(p.far.ReadFull(2), "ab")
					p.gets(p.far.ReadUntilClose(10), "c!")
				})
			})
		}
	}
}

// Tornado S08, S09 for ReadInto: bytes before a reset.
func TestReadIntoBroken(t *testing.T) {
	tr := &script{}
	follow(t, tr, func(p *pair, s *stream.Stream) {
		f := s.ReadInto(make([]byte, 20<<10))
		tr.reads = []step{{data: "abc"}, {err: syscall.ECONNRESET}}
		tr.h.Ready(loop.Readable)
		tr.h.Ready(loop.Readable)
		p.lacks(f, syscall.ECONNRESET)
		p.gets(s.ReadFull(3), "abc")
		p.lacks(s.ReadInto(make([]byte, 1)), syscall.ECONNRESET)
	})
}

// A read that is started inside Consume gets what Consume leaves.
func TestReadIntoInsideConsume(t *testing.T) {
	tr := &script{}
	follow(t, tr, func(p *pair, s *stream.Stream) {
		room := make([]byte, 3)
		var f *loop.Future[int]
		newRecorder(s, func([]byte) int {
			s.SetConsumer(nil)
			f = s.ReadInto(room)
			return 1
		})
		tr.reads = []step{{data: "abcdef"}}
		tr.h.Ready(loop.Readable)
		p.fills(f, 3)
		if string(room) != "bcd" {
			t.Errorf("got %q", room)
		}
		p.gets(s.ReadSome(9), "ef")
	})
}

// Tornado S01, S10: everything up to the end, which may have come already.
func TestReadUntilClose(t *testing.T) {
	everywhere(t, func(p *pair) {
		sent := noise(p.size(300 << 10))
		f := p.far.ReadUntilClose(len(sent))
		p.near.Write(sent)
		p.near.Close()
		p.gets(f, string(sent))
		p.gets(p.far.ReadUntilClose(0), "")
		p.refuses(p.far.ReadSome(1), io.EOF)
	})
	everywhere(t, func(p *pair) {
		p.near.Write([]byte("1234"))
		p.near.Close()
		p.gets(p.far.ReadFull(1), "1")
		p.until("the end has come", p.far.EOF)
		p.gets(p.far.ReadUntilClose(3), "234")
	})
}

// One byte more than the maximum is too many; they all stay.
func TestReadUntilCloseMaximum(t *testing.T) {
	everywhere(t, func(p *pair) {
		f := p.far.ReadUntilClose(3)
		p.near.Write([]byte("1234"))
		p.refuses(f, stream.ErrTooLong)
		p.near.Close()
		p.refuses(p.far.ReadUntilClose(3), stream.ErrTooLong)
		p.gets(p.far.ReadUntilClose(4), "1234")
	})
}

// A stream that breaks has no end up to which one could read.
func TestReadUntilCloseBroken(t *testing.T) {
	everywhere(t, func(p *pair) {
		f := p.far.ReadUntilClose(10)
		p.near.Write([]byte("abc"))
		p.until("it has come", func() bool { return len(p.far.Buffered()) == 3 })
		p.near.Abort()
		p.refuses(f, syscall.ECONNRESET)
		p.refuses(p.far.ReadUntilClose(10), syscall.ECONNRESET)
		p.gets(p.far.ReadSome(10), "abc")
	})
}

// Tornado S21, S22: what is asked for may be more than is read ahead, with delimiters
// too.
func TestReadBeyondReadAhead(t *testing.T) {
	everywhere(t, func(p *pair) {
		sent := append(bytes.Repeat([]byte("x"), p.size(500<<10)), '\n')
		for range 2 {
			p.near.Write(sent)
		}
		p.gets(p.far.ReadUntil("\n", len(sent)), string(sent))
		p.gets(p.far.ReadUntilRegexp(blankOrLine, len(sent)), string(sent))
	})
}
