package stream_test

import (
	"errors"
	"testing"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// WriteV is one write, on every transport.
func TestWriteV(t *testing.T) {
	everywhere(t, func(p *pair) {
		sent := noise(p.size(300 << 10))
		var want []byte
		var done []*loop.Future[struct{}]
		pieces := 20 // more than a socket takes at once
		if p.memory() {
			pieces = 8
		}
		for i := 0; i+3 < len(sent); i += 1 + len(sent)/pieces {
			bufs := [][]byte{sent[:i], nil, sent[i : i+1], sent[i+1 : i+3]}
			done = append(done, p.near.WriteV(bufs...))
			for _, b := range bufs {
				want = append(want, b...)
			}
		}
		many := make([][]byte, 100) // more than a system call takes
		for i := range many {
			many[i] = []byte{byte(i)}
			want = append(want, byte(i))
		}
		done = append(done, p.near.WriteV(many...), p.near.WriteV(), p.near.WriteV(nil, nil))
		p.gets(p.far.ReadFull(len(want)), string(want))
		for _, f := range done {
			p.does(f)
		}
		p.near.Abort()
		p.fails(p.near.WriteV([]byte("x")), stream.ErrClosed)
	})
}

// A vector is a transport that takes slices.
type vector struct {
	script
	bufs [][][]byte
	take int
	fail error
}

func (v *vector) Writev(bufs [][]byte) (int, error) {
	v.bufs = append(v.bufs, bufs)
	return v.take, v.fail
}

// A transport that takes several slices is given them as they are; what it leaves
// waits.
func TestWriteVTogether(t *testing.T) {
	for _, c := range []struct {
		take   int
		fail   error
		unsent int
	}{{take: 6}, {take: 4, unsent: 2}, {fail: stream.ErrAgain, unsent: 6}} {
		tr := &vector{take: c.take, fail: c.fail}
		tr.write = func([]byte) (int, error) { return 0, stream.ErrAgain }
		follow(t, tr, func(p *pair, s *stream.Stream) {
			f := s.WriteV([]byte("abc"), []byte("d"), []byte("ef"))
			if len(tr.bufs) != 1 || len(tr.bufs[0]) != 3 || s.Unsent() != c.unsent || f.Done() != (c.unsent == 0) {
				t.Errorf("%v: called with %q, %d wait", c, tr.bufs, s.Unsent())
			}
			s.WriteV([]byte("g")) // behind what waits
			if c.unsent > 0 && (len(tr.bufs) != 1 || s.Unsent() != c.unsent+1) {
				t.Errorf("%v: it overtakes", c)
			}
			if c.unsent == 0 {
				return
			}
			var got []byte
			tr.write = func(p []byte) (int, error) { got = append(got, p...); return len(p), nil }
			tr.h.Ready(loop.Writable)
			if string(got) != "abcdefg"[c.take:] {
				t.Errorf("%v: then came %q", c, got)
			}
		})
	}
	broken := errors.New("broken")
	follow(t, &vector{fail: broken}, func(p *pair, s *stream.Stream) {
		p.fails(s.WriteV([]byte("abc")), broken)
		p.until("the stream ends", s.Closed)
	})
}
