package loop

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

// A Pool is several loops, each running on a goroutine of its own. Any goroutine may
// call its methods. Make one with NewPool, and end it with Close or Shutdown.
//
// What belongs to one of its loops belongs to that one for good; Submit, and Post, lead
// from one to another. To Stop one of them has no effect. One that is closed, or whose
// backend fails, is closed alone: the pool goes on with the others, and Next leaves it
// out.
type Pool struct {
	// Immutable.
	loops []*Loop
	ended chan struct{} // closed when no loop is left

	// Any goroutine.
	turn atomic.Uint64
	mu   sync.Mutex // guards left and errs
	left int        // loops that have not ended
	errs []error    // of those that failed
}

// NewPool makes n loops with the options o, nil for the defaults, and runs them. An n
// less than 1 means one for each processor that Go uses (GOMAXPROCS) at that moment.
// The Clock, OnError and Offload of o are called by all of them, also at the same time.
// The error is the one of New.
func NewPool(n int, o *Options) (*Pool, error) {
	if n < 1 {
		n = runtime.GOMAXPROCS(0)
	}
	loops := make([]*Loop, 0, n)
	for range n {
		l, err := New(o)
		if err != nil {
			for _, l := range loops {
				_ = l.Close() // always nil
			}
			return nil, err
		}
		loops = append(loops, l)
	}
	return startPool(loops), nil
}

func startPool(loops []*Loop) *Pool {
	p := &Pool{loops: loops, ended: make(chan struct{}), left: len(loops)}
	for _, l := range loops {
		go p.run(l)
	}
	return p
}

// run runs l until it is closed. Stop only interrupts that, and so does a callback that
// calls runtime.Goexit, which ends this goroutine: another goes on with what was left.
func (p *Pool) run(l *Loop) {
	ended := false
	defer func() {
		if !ended {
			l.log.Error("zonda: a callback called runtime.Goexit; another goroutine runs its loop now")
			go p.run(l)
		}
	}()
	var err error
	for err == nil {
		err = l.Run()
	}
	if !errors.Is(err, ErrClosed) {
		l.log.Error("zonda: a loop of a pool failed and is closed", "error", err)
		p.failed(err)
	}
	_ = l.Close() // always nil
	<-l.gone
	ended = true
	p.end()
}

func (p *Pool) failed(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.errs = append(p.errs, fmt.Errorf("loop: a loop of the pool failed: %w", err))
}

func (p *Pool) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left--; p.left == 0 {
		close(p.ended)
	}
}

// Size is the number of loops.
func (p *Pool) Size() int { return len(p.loops) }

// Loops are the pool's loops, always in the same order; they are not to be changed.
func (p *Pool) Loops() []*Loop { return p.loops }

// Next is one loop after another, in turn, for work that may run on any. Closed ones
// are left out, unless all are.
func (p *Pool) Next() *Loop {
	var l *Loop
	for range p.loops {
		l = p.loops[(p.turn.Add(1)-1)%uint64(len(p.loops))]
		if !l.closing.Load() {
			break
		}
	}
	return l
}

// Close closes all loops, as Loop.Close does, and does not wait for that: code on one
// of them may call it. It returns nil.
func (p *Pool) Close() error {
	for _, l := range p.loops {
		_ = l.Post(func() { _ = l.Close() }) // where it runs; a loop that refuses is closed already
	}
	return nil
}

// Shutdown closes all loops, as Loop.Close does, and waits until none is left or ctx is
// done: then it returns context.Cause(ctx), and they end without it. Otherwise it
// returns the errors of loops that had failed. It must not be called by whoever holds
// one of the loops, for which it would wait.
func (p *Pool) Shutdown(ctx context.Context) error {
	for _, l := range p.loops {
		l.checkOutside("Pool.Shutdown")
	}
	_ = p.Close() // always nil
	select {
	case <-p.ended:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return errors.Join(p.errs...)
}
