package stream

import (
	"errors"
	"net/netip"
	"time"

	"github.com/zonda-go/zonda/loop"
)

// errWon ends the race.
var errWon = errors.New("stream: another address was quicker")

// A race is attempts at several addresses of which one is wanted: Happy Eyeballs as
// Tornado has it (RFC 6555; T10-T21). The family of the first address is tried address
// by address. The other family begins the same when that takes too long or has failed
// once, so at most two attempts are under way. The first that succeeds ends the others.
type race struct {
	dial  func(co *loop.Co, to target) (Transport, error)
	delay time.Duration // the other family's

	failed *loop.Promise[struct{}] // one attempt has
	errs   []error
	winner Transport
}

// A target is an address to be tried.
type target struct {
	name string         // as Network.Dial wants it
	addr netip.AddrPort // of TCP, else not valid
}

// split puts the targets of the first one's family first, in their order.
func split(all []target) (first, second []target) {
	for _, t := range all {
		if t.addr.Addr().Is4() == all[0].addr.Addr().Is4() {
			first = append(first, t)
		} else {
			second = append(second, t)
		}
	}
	return first, second
}

// run returns when no attempt is under way any more: with the winner's transport, or the
// errors of all.
func (r *race) run(co *loop.Co, all []target) (Transport, error) {
	first, second := all, []target(nil)
	if r.delay >= 0 {
		first, second = split(all)
	}
	r.failed = loop.NewPromise[struct{}](co.Loop())
	err := loop.WithGroup(co, func(g *loop.Group) error {
		if len(second) > 0 {
			g.Go(func(co *loop.Co) error {
				// If co is cancelled, try returns at once.
				_, _ = loop.Await(co, loop.WithTimeout(r.delay, r.failed.Future()))
				return r.try(co, second)
			})
		}
		return r.try(g.Co(), first)
	})
	if r.winner != nil {
		return r.winner, nil
	}
	errs := append(r.errs, err) // a panic of the Network, if any
	if co.Err() != nil && !errors.Is(errors.Join(errs...), co.Err()) {
		errs = append(errs, loop.Yield(co)) // it says why there were no more
	}
	return nil, errors.Join(errs...)
}

// try tries the targets of one family.
func (r *race) try(co *loop.Co, family []target) error {
	for _, to := range family {
		if co.Err() != nil {
			return nil
		}
		t, err := r.dial(co, to)
		switch {
		case err != nil:
			r.errs = append(r.errs, err)
			r.failed.TrySet(struct{}{})
		case r.winner != nil:
			_ = t.Close(false) // it came too late
			return nil
		default:
			r.winner = t
			return errWon
		}
	}
	return nil
}
