package looptest

import (
	"fmt"
	"io"
	"net/netip"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// halfClose: an end that has closed its writing side goes on reading.
func halfClose(c *contract) error {
	if err := c.a.finish(); err != nil {
		return err
	}
	if got, err := c.b.all(); len(got) > 0 || err != io.EOF {
		return fmt.Errorf("b reads %q, %v", got, err)
	}
	if err := c.run(newTransfer(c.b, c.a)); err != nil {
		return fmt.Errorf("after a's end: %w", err)
	}
	if err := c.b.finish(); err != nil {
		return err
	}
	c.b.close(false) // both sides have ended: it may be told Failed without end
	if got, err := c.a.all(); len(got) > 0 || err != io.EOF {
		return fmt.Errorf("a reads %q, %v", got, err)
	}
	return nil
}

// closeDelivers: after Close what was written arrives, or the peer gets an error; it
// never takes a part for the whole.
func closeDelivers(c *contract) error {
	sent := 0
	for _, size := range []int{1, 200, 7} {
		n, err := c.a.write(make([]byte, size))
		if err != nil && err != stream.ErrAgain {
			return err
		}
		sent += n
	}
	if err := c.a.finish(); err != nil {
		return err
	}
	c.a.close(false)
	if got, err := c.b.all(); err == io.EOF && len(got) != sent {
		return fmt.Errorf("the peer reads %d bytes of %d, and an orderly end", len(got), sent)
	}
	return c.wrong
}

// abortIsTold: the peer sees a reset.
func abortIsTold(c *contract) error {
	c.a.close(true)
	_, err := c.b.all()
	switch {
	case c.wrong != nil:
		return c.wrong
	case err == io.EOF && c.noReset:
		return nil
	case err == io.EOF:
		return fmt.Errorf("the peer sees an orderly end")
	}
	return c.until("writing fails", func() bool {
		_, err := c.b.write([]byte("x"))
		return err != nil && err != stream.ErrAgain
	})
}

// silentAfterClose: the handler hears nothing any more.
func silentAfterClose(c *contract) error {
	if err := c.b.put([]byte("x")); err != nil {
		return err
	}
	if err := c.a.hears(loop.Readable); err != nil {
		return err
	}
	if err := c.a.wants(loop.Readable | loop.Writable); err != nil {
		return err
	}
	c.a.close(false)
	return c.pause()
}

// startAgain: a second Start puts another handler in the place of the first.
func startAgain(c *contract) error {
	if err := c.a.put([]byte("x")); err != nil {
		return err
	}
	if err := c.b.hears(loop.Readable); err != nil {
		return err
	}
	if err := c.b.start(); err != nil {
		return err
	}
	if err := c.b.hears(loop.Readable); err != nil {
		return err
	}
	_, err := c.b.exactly(1)
	return err
}

// addressesMatch: each end is where the other says, if it says.
func addressesMatch(c *contract) error {
	for _, p := range [][2]netip.AddrPort{
		{c.a.t.LocalAddr(), c.b.t.RemoteAddr()},
		{c.b.t.LocalAddr(), c.a.t.RemoteAddr()},
	} {
		if p[0] != p[1] {
			return fmt.Errorf("an end is at %v, and its peer says %v", p[0], p[1])
		}
	}
	return nil
}
