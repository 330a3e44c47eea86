package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/zonda-go/zonda/loop"
)

const (
	// fileSlice is how much of a file goes in one turn by the system's own transfer.
	// It may have to wait for the disk, and the loop waits with it.
	fileSlice = 256 << 10
	// fileRead is how much of a file is read at once where it has to be copied.
	fileRead = 64 << 10
)

// file is a part of a file that waits in the queue.
type file struct {
	f        *os.File
	p        *loop.Promise[int64]
	progress func(int64)
	offset   int64
	left     int64 // from offset on; negative: up to the end
	sent     int64 // is with the transport
	copied   bool  // the transport cannot take it from the file
	fetching bool  // a goroutine reads from it, into the piece
}

// Sendfile sends n bytes of a regular file from offset on, behind what was written
// before; a negative n is everything up to the file's end. The future has the number
// of bytes when they are with the kernel; f must stay open, and its bytes as they are,
// until then. progress, if it is not nil, is called on the loop with the number of
// bytes that have gone so far, after each slice.
//
// On a Linux socket the system copies from the file, up to 256 KiB in one turn of the
// loop, and the loop waits for the disk if they are not in memory. Elsewhere a
// goroutine reads pieces of 64 KiB; each counts for the queue's limit while it waits,
// the file does not.
//
// A file that ends too early, or cannot be read, breaks the stream off, since the peer
// has been promised n bytes: then the error is io.ErrUnexpectedEOF, or the file's. No
// other failure leaves the stream usable either, but for ErrBufferFull.
func (s *Stream) Sendfile(f *os.File, offset, n int64, progress func(sent int64)) *loop.Future[int64] {
	if offset < 0 {
		panic("stream: Sendfile with a negative offset")
	}
	p := loop.NewPromise[int64](s.l)
	p.Quiet()
	if err := s.refusal(0); err != nil {
		p.Fail(err)
		return p.Future()
	}
	if n == 0 && s.out == nil {
		p.Set(0)
		return p.Future()
	}
	// The first bytes go in the next iteration: nothing here is in a hurry, and
	// whoever calls has not seen the future yet.
	out := s.queue()
	out.count(0, 1)
	out.push(&piece{file: &file{f: f, p: p, progress: progress, offset: offset, left: n}})
	s.refresh()
	return p.Future()
}

// fileSender is a Transport that can take bytes from a file.
type fileSender interface {
	// Sendfile sends up to n bytes of f from offset on. io.EOF says that there are
	// none, errors.ErrUnsupported that it cannot be done with this file.
	Sendfile(f *os.File, offset int64, n int) (int, error)
}

// sendFile goes on with a file none of whose bytes lie in its piece.
func (s *Stream) sendFile(h *piece) (more bool, err error) {
	f := h.file
	if f.left == 0 {
		f.p.Set(f.sent)
		s.out.count(0, -1)
		s.out.pop()
		return true, nil
	}
	t, ok := s.t.(fileSender)
	if !ok || f.copied {
		s.fetch(h)
		return false, nil
	}
	n, err := t.Sendfile(f.f, f.offset, f.slice(fileSlice))
	switch {
	case err == ErrAgain:
		return false, nil
	case err == io.EOF:
		return true, f.ended()
	case errors.Is(err, errors.ErrUnsupported):
		f.copied = true
		return true, nil
	case err != nil:
		return false, err
	}
	s.moved()
	f.taken(n)
	f.advance(s.l, n)
	return f.left == 0, nil
}

// fetch has a goroutine read the next bytes. Meanwhile it is not the peer who is slow.
func (s *Stream) fetch(h *piece) {
	f, out := h.file, s.out
	f.fetching = true
	out.timer.Stop()
	if cap(h.buf) == 0 {
		h.buf = make([]byte, fileRead)
	}
	room, offset := h.buf[:f.slice(fileRead)], f.offset
	loop.Offload(s.l, func(context.Context) (int, error) {
		n, err := f.f.ReadAt(room, offset)
		if err == io.EOF {
			err = nil
		}
		return n, err
	}).OnDone(func(got *loop.Future[int]) {
		f.fetching = false
		if s.out != out {
			return // the stream has ended
		}
		n, err := got.Result()
		h.buf, h.sent = room[:n], 0
		out.count(n, 0)
		f.taken(n)
		if err == nil && n < len(room) {
			err = f.ended()
		}
		if err != nil {
			s.unsendable(err)
			return
		}
		s.moved()
		s.watchPeer()
		s.flush()
		s.refresh()
	})
}

// slice is how many bytes to ask for next.
func (f *file) slice(most int) int {
	if f.left >= 0 {
		return int(min(f.left, int64(most)))
	}
	return most
}

// taken notes that n bytes need not be read again.
func (f *file) taken(n int) {
	f.offset += int64(n)
	if f.left > 0 {
		f.left -= int64(n)
	}
}

// ended is called at the end of the file.
func (f *file) ended() error {
	if f.left > 0 {
		return fmt.Errorf("stream: Sendfile: %d bytes of %s are missing: %w", f.left, f.f.Name(), io.ErrUnexpectedEOF)
	}
	f.left = 0
	return nil
}

// advance notes that n bytes are with the transport.
func (f *file) advance(l *loop.Loop, n int) {
	if f == nil {
		return
	}
	f.sent += int64(n)
	if sent := f.sent; f.progress != nil {
		l.Call(func() { f.progress(sent) })
	}
}
