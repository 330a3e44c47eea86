package http1

import (
	"container/list"
	"log/slog"
	"math"
	"time"

	"github.com/zonda-go/zonda/internal/httpwire"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// clientPool is a Client on its loop, and belongs to it: its connections, and who
// waits for one.
//
// A connection, or the permission to make one, counts in open from when it is given
// out until it is dropped. After each change serve is called, so nobody waits who
// could go on.
type clientPool struct {
	// Immutable.
	c          *Client
	l          *loop.Loop
	log        *slog.Logger
	maxPerHost int
	maxConns   int
	maxIdle    int
	idleTime   time.Duration
	ended      *loop.Promise[struct{}] // closed

	// Owned by the loop.
	hosts          map[clientKey]*clientHost
	open           int
	waiting        int
	turn           uint64 // of the next who waits
	turns          turns
	idle           int
	oldest, newest *clientConn // of the idle ones
	sweeper        loop.Timer  // for the oldest
	calls          *clientCall // all that are under way
	coming         int         // helpers that have not got in line yet
	spare          *clientCall // to be used again
	spares         int
	hops           map[hopName]*clientHop
	parser         *httpwire.ResponseParser
	scratch        []byte  // for a request on its way to the socket
	rooms          buffers // for pieces of bodies
	closed         bool
}

// A clientKey says which connections are as good as each other.
type clientKey struct {
	secure bool
	addr   string // host:port; empty if the proxy connects
	unix   string
	proxy  string
	tls    *stream.TLSOptions
}

// A clientHost is the connections of one key.
type clientHost struct {
	p       *clientPool
	key     clientKey
	open    int
	idle    []*clientConn // the last one was used last, mostly
	waiters list.List     // of *clientWaiter
	rank    int           // its place among the turns, from 1 on; 0: none
	tls     *stream.TLSOptions
}

// A clientWaiter is a request that waits for a connection, or nil: the permission to
// make one.
type clientWaiter struct {
	p    *loop.Promise[*clientConn]
	turn uint64
}

func newClientPool(c *Client, l *loop.Loop) *clientPool {
	p := &clientPool{
		c:          c,
		l:          l,
		log:        c.Logger,
		maxPerHost: limit(c.MaxPerHost, DefaultMaxPerHost),
		maxConns:   limit(c.MaxConns, DefaultMaxConns),
		maxIdle:    c.MaxIdle,
		idleTime:   limit(c.IdleTimeout, defaultIdleTimeout),
		ended:      loop.NewPromise[struct{}](l),
		hosts:      make(map[clientKey]*clientHost),
		rooms:      buffers{size: bodyRoom},
	}
	for _, n := range []*int{&p.maxPerHost, &p.maxConns, &p.maxIdle} {
		if *n == 0 {
			*n = math.MaxInt
		}
	}
	if p.log == nil {
		p.log = l.Logger()
	}
	return p
}

// followLoop gives the sockets back when the loop is closed under the client.
func (p *clientPool) followLoop(co *loop.Co) (struct{}, error) {
	if _, err := loop.Await(co, p.ended.Future()); err != nil {
		p.close(loop.ErrClosed)
	}
	return struct{}{}, nil
}

func (p *clientPool) host(key clientKey) *clientHost {
	h := p.hosts[key]
	if h == nil {
		h = &clientHost{p: p, key: key}
		p.hosts[key] = h
	}
	return h
}

// acquire gives a connection of h, or nil: the permission to make one. It waits for
// that in co.
func (h *clientHost) acquire(co *loop.Co) (*clientConn, error) {
	p := h.p
	if h.waiters.Len() == 0 && h.ready() {
		return h.take(), nil
	}
	w := &clientWaiter{p: loop.NewPromise[*clientConn](p.l), turn: p.turn}
	w.p.Quiet()
	p.turn++
	p.waiting++
	place := h.waiters.PushBack(w)
	h.settle()
	w.p.OnWithdraw(func() {
		h.remove(place)
		h.tidy()
		w.p.TryFail(loop.ErrWithdrawn)
	})
	return loop.Await(co, w.p.Future())
}

func (h *clientHost) remove(place *list.Element) *clientWaiter {
	h.p.waiting--
	w := h.waiters.Remove(place).(*clientWaiter)
	h.settle()
	return w
}

// ready reports whether a request to h need not wait.
func (h *clientHost) ready() bool {
	return len(h.idle) > 0 || h.open < h.p.maxPerHost && (h.p.open < h.p.maxConns || h.p.oldest != nil)
}

// idleFor takes a connection that waits for a request, as far as is known; nil: there is
// none, or somebody has waited longer.
func (p *clientPool) idleFor(key clientKey) *clientConn {
	h := p.hosts[key]
	for h != nil && h.waiters.Len() == 0 && len(h.idle) > 0 {
		c := h.take()
		if c.usable() {
			return c
		}
		c.drop() // the server has closed it, and we have not been told yet
	}
	return nil
}

// take gives what ready has promised.
func (h *clientHost) take() *clientConn {
	if n := len(h.idle); n > 0 {
		c := h.idle[n-1]
		c.leaveIdle()
		return c
	}
	h.open++
	h.p.open++
	h.settle()
	if h.p.open > h.p.maxConns {
		h.p.oldest.drop()
	}
	return nil
}

// release takes back, now, a connection that can be used again.
func (h *clientHost) release(c *clientConn, now time.Time) {
	p := h.p
	if p.closed || p.maxIdle < 0 || h.waiters.Len() == 0 && p.idle >= p.maxIdle {
		c.drop()
		return
	}
	c.enterIdle(now)
	p.serve()
}

// free takes back the place of a connection that is gone, or was never made.
func (h *clientHost) free() {
	h.open--
	h.p.open--
	h.settle()
	h.tidy()
	h.p.serve()
}

// tidy forgets a host that there is nothing to know of.
func (h *clientHost) tidy() {
	if h.open == 0 && h.waiters.Len() == 0 {
		delete(h.p.hosts, h.key)
	}
}

// serve lets those go on who have waited longest, as far as there is room.
func (p *clientPool) serve() {
	for p.waiting > 0 && !p.closed {
		h := p.next()
		if h == nil {
			return
		}
		w := h.remove(h.waiters.Front())
		w.p.TrySet(h.take())
	}
}

// next is the host whose first request has waited longest, of those that need not wait
// any more.
func (p *clientPool) next() *clientHost {
	if len(p.turns) == 0 || p.open >= p.maxConns && p.oldest == nil {
		return nil
	}
	return p.turns[0]
}

// close ends everything.
func (p *clientPool) close(cause error) {
	if p.closed {
		return
	}
	p.closed = true
	for _, h := range p.hosts {
		for h.waiters.Len() > 0 {
			h.remove(h.waiters.Front()).p.TryFail(cause)
		}
	}
	for x := p.calls; x != nil; x = p.calls {
		x.fail(cause)
		x.unlink()
	}
	p.closeIdle()
	p.ended.TrySet(struct{}{})
}
