package looptest

import (
	"bytes"
	"fmt"
	"io"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// nothingToRead: Read gives ErrAgain, and nobody is told that it would do better.
func nothingToRead(c *contract) error {
	for range 2 {
		if n, err := c.a.read(make([]byte, 10)); n != 0 || err != stream.ErrAgain {
			return fmt.Errorf("reading nothing gives %d bytes, %v", n, err)
		}
		if err := c.a.wants(loop.Readable); err != nil {
			return err
		}
		if err := c.pause(); err != nil {
			return err
		}
	}
	before := c.a.told
	if err := c.pause(); err != nil {
		return err
	}
	if c.a.told > before+1 { // TLS may have a word of its own to read
		return fmt.Errorf("there is nothing to read, and it is told %d times", c.a.told-before)
	}
	return nil
}

// A transfer is bytes on their way from one end to the other, in pieces of any size.
type transfer struct {
	from, to  *tested
	data, got []byte
	sent      int
	full, dry bool // ErrAgain came, and nothing was told since
	most      int  // of a piece
}

func newTransfer(from, to *tested) *transfer {
	data := make([]byte, 50<<10)
	for i, r := 0, from.c.l.Rand(); i < len(data); i++ {
		data[i] = byte(r.Uint32())
	}
	return &transfer{from: from, to: to, data: data, most: 5000}
}

func (t *transfer) done() bool { return len(t.got) >= len(t.data) }

// move does what can be done now, and then wants what it waits for.
func (t *transfer) move() error {
	r := t.from.c.l.Rand()
	t.full = t.full && t.from.heard&loop.Writable == 0
	t.dry = t.dry && t.to.heard&loop.Readable == 0
	for !t.full && t.sent < len(t.data) {
		n, err := t.from.write(t.data[t.sent:min(t.sent+1+r.IntN(t.most), len(t.data))])
		t.sent += n
		t.full = err == stream.ErrAgain
		if err != nil && !t.full {
			return fmt.Errorf("writing: %w", err)
		}
	}
	for !t.dry && !t.done() {
		p := make([]byte, 1+r.IntN(t.most))
		n, err := t.to.read(p)
		t.got = append(t.got, p[:n]...)
		t.dry = err == stream.ErrAgain
		if err != nil && !t.dry {
			return fmt.Errorf("reading: %w", err)
		}
	}
	return nil
}

// run moves several at once, each told only when it has asked for it.
func (c *contract) run(all ...*transfer) error {
	for _, x := range []*tested{c.a, c.b} {
		x.heard = 0
	}
	var failed error
	err := c.until("all has arrived", func() bool {
		done := true
		for _, t := range all {
			if failed = t.move(); failed != nil {
				return true
			}
			done = done && t.done()
		}
		failed = c.wish(all)
		return done || failed != nil
	})
	if err == nil {
		err = failed
	}
	for _, t := range all {
		if err == nil && !bytes.Equal(t.got, t.data) {
			err = fmt.Errorf("what %s reads is not what %s wrote", t.to.name, t.from.name)
		}
	}
	return err
}

// wish wants what the transfers wait for.
func (c *contract) wish(all []*transfer) error {
	for _, x := range []*tested{c.a, c.b} {
		var want loop.Events
		for _, t := range all {
			if t.from == x && t.full {
				want |= loop.Writable
			}
			if t.to == x && t.dry {
				want |= loop.Readable
			}
		}
		x.heard = 0
		if err := x.wants(want); err != nil {
			return err
		}
	}
	return nil
}

// inOrder: what is written arrives whole and in order, whatever the sizes are.
func inOrder(c *contract) error { return c.run(newTransfer(c.a, c.b)) }

// bothDirections: also at the same time.
func bothDirections(c *contract) error {
	return c.run(newTransfer(c.a, c.b), newTransfer(c.b, c.a))
}

// levelTriggered: it is told again as long as there is something to read.
func levelTriggered(c *contract) error {
	if err := c.a.put([]byte("level")); err != nil {
		return err
	}
	for left := 5; left > 0; left-- {
		before := c.b.told
		if err := c.b.wants(loop.Readable); err != nil {
			return err
		}
		if err := c.until("b is told again and again", func() bool { return c.b.told >= before+3 }); err != nil {
			return fmt.Errorf("%d bytes are unread: %w", left, err)
		}
		if n, err := c.b.read(make([]byte, 1)); n != 1 || err != nil {
			return fmt.Errorf("told to be readable, and gives %d bytes, %v", n, err)
		}
	}
	if n, err := c.b.read(make([]byte, 1)); n != 0 || err != stream.ErrAgain {
		return fmt.Errorf("after the last byte come %d, %v", n, err)
	}
	return nil
}

// wantsNothing: who wants nothing is told nothing, until that changes.
func wantsNothing(c *contract) error {
	if err := c.a.put([]byte("x")); err != nil {
		return err
	}
	for range 2 {
		if err := c.b.hears(loop.Readable); err != nil {
			return err
		}
		if err := c.pause(); err != nil {
			return err
		}
	}
	_, err := c.b.exactly(1)
	return err
}

// maxRoom bounds what a connection may hold.
const maxRoom = 64 << 20

// roomIsTold: without room Write gives ErrAgain, and Writable is told when there is some.
func roomIsTold(c *contract) error {
	sent := 0
	for quiet := false; !quiet; quiet = c.a.heard == 0 {
		piece := make([]byte, 64<<10)
		n, err := 0, error(nil)
		for ; err == nil && sent < maxRoom; sent += n {
			n, err = c.a.write(piece)
		}
		if err != stream.ErrAgain {
			return fmt.Errorf("after %d bytes that nobody reads: %v, want ErrAgain", sent, err)
		}
		c.a.heard = 0
		if err := c.a.wants(loop.Writable); err != nil {
			return err
		}
		if err := c.pause(); err != nil { // a system may still find room
			return err
		}
	}
	p := make([]byte, 64<<10)
	if err := c.until("a is told of room", func() bool {
		for err := error(nil); err == nil; {
			_, err = c.b.read(p)
		}
		_ = c.b.wants(loop.Readable) // of TLS a part may have come
		return c.a.heard&loop.Writable != 0
	}); err != nil {
		return err
	}
	if n, err := c.a.write(p); n == 0 || err != nil {
		return fmt.Errorf("told to be writable, and takes %d bytes, %v", n, err)
	}
	return nil
}

// endIsTold: after the last byte comes io.EOF, and is told, again and again.
func endIsTold(c *contract) error {
	if err := c.a.put([]byte("last")); err != nil {
		return err
	}
	if err := c.a.finish(); err != nil {
		return err
	}
	for range 3 {
		if got, err := c.b.all(); len(got) != 0 && string(got) != "last" || err != io.EOF {
			return fmt.Errorf("read %q, %v", got, err)
		}
		if err := c.b.hears(loop.Readable); err != nil {
			return err
		}
	}
	return nil
}
