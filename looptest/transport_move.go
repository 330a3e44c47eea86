package looptest

import (
	"bytes"
	"fmt"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

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
