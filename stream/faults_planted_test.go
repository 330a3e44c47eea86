package stream_test

import (
	"bytes"
	"errors"
	"io"
	"syscall"
	"testing"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// deaf forgets now and then that its stream waits for room: a lost wake-up.
type deaf struct {
	stream.Transport
	l *loop.Loop
}

func (d *deaf) Want(e loop.Events) error {
	if e&loop.Writable != 0 && d.l.Rand().IntN(10) == 0 {
		e &^= loop.Writable
	}
	return d.Transport.Want(e)
}

// hasty says that it has taken the last bytes of a write when it has taken almost all,
// sends them with the next, and forgets them at the end.
type hasty struct {
	stream.Transport
	kept []byte
}

func (h *hasty) Write(p []byte) (int, error) {
	for len(h.kept) > 0 {
		n, err := h.Transport.Write(h.kept)
		if err != nil {
			return 0, err
		}
		h.kept = h.kept[n:]
	}
	n, err := h.Transport.Write(p)
	if left := len(p) - n; err == nil && left > 0 && left < 50 {
		h.kept = bytes.Clone(p[n:])
		n = len(p)
	}
	return n, err
}

// polite takes a reset for an orderly end.
type polite struct{ stream.Transport }

func (p polite) Read(b []byte) (int, error) {
	n, err := p.Transport.Read(b)
	if err == syscall.ECONNRESET {
		err = io.EOF
	}
	return n, err
}

// Bugs that only some schedules show are found, and found again by their seed.
func TestFaultsFindPlantedBugs(t *testing.T) {
	for name, run := range map[string]func(co *loop.Co) error{
		"a lost wake-up": func(co *loop.Co) error {
			bend := func(l *loop.Loop, t stream.Transport) stream.Transport { return &deaf{t, l} }
			return wants((&journey{bend: bend}).deliver(co), looptest.ErrDeadlock)
		},
		"a lost tail": func(co *loop.Co) error {
			bend := func(_ *loop.Loop, t stream.Transport) stream.Transport { return &hasty{Transport: t} }
			return wants((&journey{bend: bend}).deliver(co), io.EOF, io.ErrUnexpectedEOF)
		},
		"a reset in disguise": func(co *loop.Co) error {
			bend := func(_ *loop.Loop, t stream.Transport) stream.Transport { return polite{t} }
			a := &ask{journey: journey{bend: bend}}
			return errors.Join(a.run(co), wants(a.check(), errPart))
		},
	} {
		t.Run(name, func(t *testing.T) {
			looptest.NoLeaks(t)
			seed, err := looptest.FindSeed(t, 1, 500, run)
			if err == nil {
				t.Fatal("it is not found")
			}
			t.Logf("seed %d: %v", seed, err)
			if errors.Is(err, errOther) {
				t.Error("it is found by another error")
			}
			for range 3 {
				if _, again := looptest.FindSeed(t, seed, 1, run); again == nil || again.Error() != err.Error() {
					t.Errorf("the second time: %v", again)
				}
			}
		})
	}
}

var errOther = errors.New("another error")

// wants marks an error that is none of those.
func wants(err error, those ...error) error {
	for _, e := range those {
		if err == nil || errors.Is(err, e) {
			return err
		}
	}
	return errors.Join(errOther, err)
}
