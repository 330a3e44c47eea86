package looptest

import (
	"errors"
	"fmt"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// tested is one end, which watches how it is told.
type tested struct {
	c      *contract
	t      stream.Transport
	name   string
	want   loop.Events
	heard  loop.Events // since it was cleared
	told   int         // how often
	inside bool        // a method of the transport runs
	vain   int         // hears without a transfer since
	closed bool
	stale  int // handlers before this one
}

// An earpiece is the handler of one Start.
type earpiece struct {
	x     *tested
	stale int
}

func (e earpiece) Ready(ev loop.Events) {
	x := e.x
	switch {
	case x.inside:
		x.c.breach("%s is told %03b from within one of its methods", x.name, ev)
	case x.closed:
		x.c.breach("%s is told %03b after Close", x.name, ev)
	case e.stale != x.stale:
		x.c.breach("after a second Start of %s the first handler is told %03b", x.name, ev)
	case ev&^(x.want|loop.Failed) != 0:
		x.c.breach("%s is told %03b, and wants %03b", x.name, ev, x.want)
	}
	x.heard |= ev
	x.told++
	x.c.fresh = true
	if x.c.news != nil {
		x.c.news.TrySet(struct{}{})
	}
}

// call runs a method of the transport.
func (x *tested) call(method func() error) error {
	x.inside = true
	defer func() { x.inside = false }()
	return method()
}

// start begins with no wish, and may be called again.
func (x *tested) start() error {
	x.stale++
	return errors.Join(x.call(func() error { return x.t.Start(x.c.l, earpiece{x, x.stale}) }), x.wants(0))
}

func (x *tested) wants(e loop.Events) error {
	x.want = e
	return x.call(func() error { return x.t.Want(e) })
}

func (x *tested) read(p []byte) (n int, err error) {
	_ = x.call(func() error { n, err = x.t.Read(p); return nil })
	switch {
	case n < 0 || n > len(p):
		x.c.breach("Read into %d bytes gives %d", len(p), n)
		n = 0
	case n == 0 && err == nil && len(p) > 0:
		x.c.breach("Read gives neither bytes nor an error")
	case n > 0 && err == stream.ErrAgain:
		x.c.breach("Read gives %d bytes, and ErrAgain", n)
	case err != stream.ErrAgain:
		x.vain = 0
	}
	return n, err
}

func (x *tested) write(p []byte) (n int, err error) {
	_ = x.call(func() error { n, err = x.t.Write(p); return nil })
	switch {
	case n < 0 || n > len(p):
		x.c.breach("Write of %d bytes gives %d", len(p), n)
		n = 0
	case n == 0 && err == nil && len(p) > 0:
		x.c.breach("Write gives neither progress nor an error")
	case n > 0 && err == stream.ErrAgain:
		x.c.breach("Write gives %d bytes, and ErrAgain", n)
	case err != stream.ErrAgain:
		x.vain = 0
	}
	return n, err
}

// finish is CloseWrite, until it need not be called again.
func (x *tested) finish() error {
	for {
		err := x.call(x.t.CloseWrite)
		if err != stream.ErrAgain {
			return err
		}
		if err := x.hears(loop.Writable); err != nil {
			return err
		}
	}
}

func (x *tested) close(abort bool) {
	if !x.closed {
		x.closed = true
		_ = x.call(func() error { return x.t.Close(abort) })
	}
}

// hears waits until x is told one of e, and then wants nothing: an event that nobody
// heeds would keep the loop busy, and virtual time where it is.
func (x *tested) hears(e loop.Events) error {
	if x.vain++; x.vain > maxVain {
		return fmt.Errorf("%s is told what it wants (%03b) again and again, and then it is not so", x.name, e)
	}
	x.heard = 0
	err := errors.Join(x.wants(e), x.isTold(e))
	return errors.Join(err, x.wants(0))
}

// maxVain is how often it may turn out that an event was none.
const maxVain = 20

func (x *tested) isTold(e loop.Events) error {
	return x.c.until(fmt.Sprintf("%s is told what it wants (%03b)", x.name, e), func() bool { return x.heard&(e|loop.Failed) != 0 })
}

// all reads to an end, other than ErrAgain, and gives that too.
func (x *tested) all() (got []byte, end error) {
	p := make([]byte, 4<<10)
	for {
		n, err := x.read(p)
		got = append(got, p[:n]...)
		switch {
		case x.c.wrong != nil:
			return got, x.c.wrong
		case err == stream.ErrAgain:
			if err := x.hears(loop.Readable); err != nil {
				return got, err
			}
		case err != nil:
			return got, err
		}
	}
}

// exactly reads n bytes.
func (x *tested) exactly(n int) ([]byte, error) {
	got := make([]byte, 0, n)
	for len(got) < n {
		k, err := x.read(got[len(got):n])
		got = got[:len(got)+k]
		if err == stream.ErrAgain {
			err = x.hears(loop.Readable)
		}
		if err != nil {
			return got, err
		}
	}
	return got, nil
}

// put writes all of p.
func (x *tested) put(p []byte) error {
	for len(p) > 0 {
		n, err := x.write(p)
		if err == stream.ErrAgain {
			err = x.hears(loop.Writable)
		}
		if err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}
