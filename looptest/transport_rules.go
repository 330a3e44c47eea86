package looptest

import (
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
