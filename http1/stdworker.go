package http1

import (
	"sync"

	"github.com/zonda-go/zonda/loop"
)

const (
	// keptWorkers bounds the goroutines that wait for requests.
	keptWorkers = 1024
	// maxCalls is after how many requests a goroutine retires: its stack has the
	// size that the deepest of them needed.
	maxCalls = 1024
)

// stdWorkers are the goroutines that answer requests, and the requests that wait for
// one. The loop adds; the goroutines take.
//
// To wake a goroutine costs more than most handlers do. So only one is ever on its way
// to the queue. Before it calls its handler, which may block, it sends for the next one
// if more is waiting; by the time that comes, the first has often done its work, too.
type stdWorkers struct {
	// Immutable.
	l   *loop.Loop
	max int // goroutines; 0: no limit

	// Any goroutine.
	rooms   sync.Pool  // of *stdRoom
	mu      sync.Mutex // guards the rest
	waiting []*stdCall // waiting[next:]
	next    int
	idle    []chan struct{} // of the goroutines that sleep
	count   int             // goroutines
	coming  bool            // one is on its way to the queue
	closed  bool
	ended   []*stdCall // have been run, and the loop does not know yet

	// Owned by the loop.
	spare []*stdCall // room for ended
}

// add has a call run.
func (p *stdWorkers) add(c *stdCall) {
	p.mu.Lock()
	if p.next > len(p.waiting)/2 {
		n := copy(p.waiting, p.waiting[p.next:])
		clear(p.waiting[n:])
		p.waiting, p.next = p.waiting[:n], 0
	}
	p.waiting = append(p.waiting, c)
	p.send()
	p.mu.Unlock()
}

// room is room for what has come of a request's body.
func (p *stdWorkers) room() *stdRoom {
	if r, ok := p.rooms.Get().(*stdRoom); ok {
		return r
	}
	return new(stdRoom)
}

// send sends for a goroutine if calls wait and none is on its way.
func (p *stdWorkers) send() {
	if p.coming || p.next == len(p.waiting) {
		return
	}
	if n := len(p.idle); n > 0 {
		wake := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.coming = true
		wake <- struct{}{}
	} else if p.max <= 0 || p.count < p.max {
		p.count++
		p.coming = true
		go p.work()
	}
}

// work is a goroutine. It ends with the pool, with its loop, and when it has answered
// its share.
func (p *stdWorkers) work() {
	arrived, wake := true, make(chan struct{}, 1)
	var last *stdCall
	defer func() { p.leave(last) }() // also when a handler calls runtime.Goexit
	for done := 0; done < maxCalls; {
		c, sleep := p.take(arrived, wake, last)
		arrived, last = false, c
		switch {
		case c != nil:
			done++
			c.run()
		case !sleep:
			return
		default:
			select {
			case _, arrived = <-wake:
			case <-p.l.Closed():
				return
			}
			if !arrived {
				return
			}
		}
	}
}

// take is the next call for a goroutine, which has run last. If there is none, it is to
// sleep until it is woken, or to end.
func (p *stdWorkers) take(arrived bool, wake chan struct{}, last *stdCall) (c *stdCall, sleep bool) {
	p.mu.Lock()
	if arrived {
		p.coming = false
	}
	first := p.ran(last)
	c, sleep = p.following(wake)
	p.mu.Unlock()
	p.tell(first)
	return c, sleep
}

// following is take for who has the lock.
func (p *stdWorkers) following(wake chan struct{}) (c *stdCall, sleep bool) {
	if p.next < len(p.waiting) {
		c = p.waiting[p.next]
		p.waiting[p.next] = nil
		p.next++
		if p.next == len(p.waiting) {
			p.waiting, p.next = p.waiting[:0], 0
		}
		p.send()
		return c, false
	}
	if p.closed || len(p.idle) >= keptWorkers {
		return nil, false
	}
	p.idle = append(p.idle, wake)
	return nil, true
}

// leave counts a goroutine out, which has run last.
func (p *stdWorkers) leave(last *stdCall) {
	p.mu.Lock()
	first := p.ran(last)
	p.count--
	p.send()
	p.mu.Unlock()
	p.tell(first)
}

// ran leaves a call, if it is one, for the loop to finish, and reports whether it is the
// first of those. The caller has the lock.
func (p *stdWorkers) ran(c *stdCall) bool {
	if c == nil {
		return false
	}
	p.ended = append(p.ended, c)
	return len(p.ended) == 1
}

// tell has the loop finish what was left for it: one post for many calls.
func (p *stdWorkers) tell(first bool) {
	if first {
		_ = p.l.Post(p.finish) // a closed loop has no use for it
	}
}

// finish finishes the calls that have been run. It belongs to the loop.
func (p *stdWorkers) finish() {
	p.mu.Lock()
	calls := p.ended
	p.ended = p.spare
	p.mu.Unlock()
	done := 0
	defer func() {
		if done < len(calls) { // one panicked: a user's Logger, perhaps
			p.l.Call(p.finish)
			p.mu.Lock()
			p.ended = append(calls[done:], p.ended...)
			p.mu.Unlock()
		}
	}()
	for done < len(calls) {
		c := calls[done]
		calls[done] = nil
		done++
		c.finish()
	}
	p.spare = calls[:0]
}

// close ends the goroutines, those that are busy after their calls.
func (p *stdWorkers) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, wake := range p.idle {
		close(wake)
	}
	p.idle = nil
}
