package stream_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// seeds is how many runs with faults are tried.
func seeds() int {
	if os.Getenv("ZONDA_DEEP") != "" {
		return 10_000
	}
	return 300
}

// plainAndTLS runs body for both.
func plainAndTLS(t *testing.T, body func(t *testing.T, secure bool)) {
	for name, secure := range map[string]bool{"plain": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			looptest.NoLeaks(t)
			body(t, secure)
		})
	}
}

// slowness is a network on which everything arrives, some time and in some pieces, also
// when it is cut for a while.
func slowness(r *rand.Rand) *looptest.Network {
	return &looptest.Network{
		Window: 200 + r.IntN(5000),
		Faults: looptest.Faults{
			Delay:       looptest.Span{Max: time.Duration(r.IntN(100)) * time.Millisecond},
			ShortReads:  float64(r.IntN(3)) / 4,
			ShortWrites: float64(r.IntN(3)) / 4,
			Connect:     looptest.Span{Max: time.Second},
		},
	}
}

// A journey is a connection on which both sides write and read what the loop's seed has
// them.
type journey struct {
	co     *loop.Co
	l      *loop.Loop
	r      *rand.Rand
	n      *looptest.Network
	secure bool
	bend   func(l *loop.Loop, t stream.Transport) stream.Transport // nil: as it is

	ends [2]*stream.Stream // the first has dialled
}

// begin connects, and begins TLS.
func (j *journey) begin(co *loop.Co) error {
	j.co, j.l, j.r = co, co.Loop(), co.Loop().Rand()
	if j.n == nil {
		j.n = slowness(j.r)
	}
	a, b, err := transportPair(co, j.n.Host("10.0.0.2"), "tcp", "10.0.0.1:0")
	if err != nil {
		return err
	}
	if j.r.IntN(2) == 0 {
		j.l.After(time.Duration(j.r.IntN(1000))*time.Millisecond, func() { j.n.Partition("10.0.0.1") })
		j.l.After(time.Duration(1000+j.r.IntN(9000))*time.Millisecond, j.n.Heal)
	}
	for i, t := range []stream.Transport{a, b} {
		if j.bend != nil {
			t = j.bend(j.l, t)
		}
		if j.ends[i], err = stream.New(j.l, t); err != nil {
			return err
		}
		j.ends[i].SetWriteLimits(stream.WriteLimits{High: 1000, Stall: -1})
	}
	if j.secure {
		o := usual()
		o.client.Timeout, o.server.Timeout = -1, -1
		j.ends[0].StartTLS(o.client) // if it fails, so do the streams
		j.ends[1].StartTLS(o.server)
	}
	return nil
}

func (j *journey) abort() {
	for _, s := range j.ends {
		if s != nil {
			s.Abort()
		}
	}
}

// write sends data in pieces and waits for each or not.
func (j *journey) write(co *loop.Co, s *stream.Stream, data []byte) error {
	for len(data) > 0 {
		piece := data[:min(1+j.r.IntN(3000), len(data))]
		data = data[len(piece):]
		f := s.Write
		if j.r.IntN(3) == 0 {
			f = func(p []byte) *loop.Future[struct{}] { return s.WriteV(p[:len(p)/2], p[len(p)/2:]) }
		}
		sent := f(piece)
		if j.r.IntN(3) == 0 {
			if _, err := loop.Await(co, sent); err != nil {
				return err
			}
		}
		if _, err := loop.Await(co, s.Writable()); err != nil {
			return err
		}
		if j.r.IntN(3) == 0 {
			if err := loop.Sleep(co, time.Duration(j.r.IntN(50))*time.Millisecond); err != nil {
				return err
			}
		}
	}
	return nil
}

// read reads n bytes by reads of several kinds, or less and the error.
func (j *journey) read(co *loop.Co, s *stream.Stream, n int) (got []byte, err error) {
	for len(got) < n && err == nil {
		var p []byte
		size := 1 + j.r.IntN(min(4000, n-len(got)))
		switch j.r.IntN(6) {
		case 0:
			p, err = loop.Await(co, s.ReadFull(size))
		case 1:
			p, err = loop.Await(co, s.ReadSome(size))
		case 2:
			p = make([]byte, size)
			var k int
			k, err = loop.Await(co, s.ReadInto(p))
			p = p[:k]
		case 3:
			p, err = loop.Await(co, s.ReadUntil("\x00", size))
		case 4:
			p, err = loop.Await(co, s.ReadUntilRegexp(evenByte, size))
		default:
			p, err = j.impatient(co, s, size)
		}
		if errors.Is(err, stream.ErrTooLong) || errors.Is(err, context.DeadlineExceeded) && co.Err() == nil {
			err = nil // the bytes stay
		}
		got = append(got, p...)
	}
	return got, err
}

var evenByte = regexp.MustCompile("\x00[^\x01]")

// impatient gives a read up, if it takes long.
func (j *journey) impatient(co *loop.Co, s *stream.Stream, size int) ([]byte, error) {
	co, stop := co.WithTimeout(time.Duration(j.r.IntN(50)) * time.Millisecond)
	defer stop()
	return loop.Await(co, s.ReadFull(size))
}

// deliver has both sides write at the same time, and end: everything arrives.
func (j *journey) deliver(co *loop.Co) error {
	defer j.abort()
	if err := j.begin(co); err != nil {
		return err
	}
	return loop.WithGroup(co, func(g *loop.Group) error {
		for i, s := range j.ends {
			other, data := j.ends[1-i], noise(j.r.IntN(20_000))
			g.Go(func(co *loop.Co) error {
				if err := j.write(co, s, data); err != nil {
					return fmt.Errorf("writing: %w", err)
				}
				return s.CloseWrite()
			})
			g.Go(func(co *loop.Co) error {
				got, err := j.read(co, other, len(data))
				if err != nil {
					return fmt.Errorf("after %d bytes of %d: %w", len(got), len(data), err)
				}
				rest, err := loop.Await(co, other.ReadUntilClose(1))
				if err != nil || len(rest) > 0 || !bytes.Equal(got, data) {
					return fmt.Errorf("%d bytes of %d, then %d and %w", len(got), len(data), len(rest), err)
				}
				return nil
			})
		}
		return nil
	})
}

// On a network that is slow, takes and gives little, and is cut for a while, everything
// arrives.
func TestFaultsDeliver(t *testing.T) {
	plainAndTLS(t, func(t *testing.T, secure bool) {
		looptest.Explore(t, seeds(), func(co *loop.Co) error {
			return (&journey{secure: secure}).deliver(co)
		})
	})
}
