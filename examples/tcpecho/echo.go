package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// maxLine is how long a line may be, its end included. It is also what a stream keeps
// of input at least, so a Consumer gets to see such a line whole.
const maxLine = 64 << 10

// An echo is a client that is echoed to. It is all that an idle connection costs,
// besides its stream.
type echo struct {
	s    *stream.Stream
	o    *options
	held bool  // the client does not read, so nothing is taken from it
	idle *idle // nil: it may be silent
}

func (o *options) echo(s *stream.Stream) {
	e := &echo{s: s, o: o}
	if o.idle > 0 {
		e.idle = watch(s, o.idle)
	}
	s.SetConsumer(e)
}

// Consume gives back what may be given back now. What it leaves stays with the stream,
// which reads no more when that is 64 KiB: then the client finds that it cannot send.
func (e *echo) Consume(p []byte) int {
	e.idle.heard()
	if e.held {
		return 0
	}
	n, long := len(p), false
	if !e.o.raw {
		n, long = lines(p)
	}
	e.write(p[:n])
	if long {
		e.complain(fmt.Sprintf("a line of more than %d bytes", maxLine))
		e.s.Close() // what was echoed is delivered
	}
	return n
}

// Ended is called when the client has sent its last byte, or is gone. It may still be
// reading, as in: printf 'x\n' | nc -N. There is no more than what the stream keeps, so
// that needs no room: all of it is written, also a line without an end.
func (e *echo) Ended(err error) {
	if err != io.EOF {
		return
	}
	e.held = false
	e.s.Offer()
	e.write(e.s.Buffered())
	e.s.Close()
}

// write sends p, and holds the client if it takes its echo too slowly.
func (e *echo) write(p []byte) {
	if len(p) == 0 {
		return
	}
	sent := e.s.Write(p)
	if sent.Done() {
		if _, err := sent.Result(); err != nil {
			e.lost(err)
			return
		}
	}
	if room := e.s.Writable(); !room.Done() {
		e.held = true
		room.OnDone(e.resume)
	}
}

func (e *echo) resume(*loop.Future[struct{}]) {
	if e.held {
		e.held = false
		e.s.Offer()
	}
}

// lost breaks the connection off: an echo with a hole in it is worse than none. If all
// clients together leave too much unread, that is worth a line; that a client is gone
// is not.
func (e *echo) lost(err error) {
	if errors.Is(err, stream.ErrBufferFull) {
		e.complain(err.Error())
	}
	e.s.Abort()
}

// complain says what is wrong with a client. The program does not end before that is said.
func (e *echo) complain(what string) {
	release := e.o.hold()
	report(e.s.Loop(), os.Stderr, fmt.Sprintf("tcpecho: %s: %s", name(e.s), what)).OnDone(func(*loop.Future[int]) { release() })
}

// lines is how many bytes of p are whole lines, up to one that is too long.
func lines(p []byte) (n int, long bool) {
	for n < len(p) {
		rest := p[n:]
		end := bytes.IndexByte(rest[:min(len(rest), maxLine)], '\n')
		if end < 0 {
			return n, len(rest) >= maxLine
		}
		n += end + 1
	}
	return n, false
}
