package stream

import (
	"net/netip"
	"sync"
)

// books is where a server counts its connections, which may live on several loops. Any
// goroutine may call its methods.
type books struct {
	// Immutable.
	max, perAddr int    // 0: no limit
	over         func() // called once, when the server has ended
	done         chan struct{}

	mu       sync.Mutex // guards the rest
	stats    ServerStats
	byAddr   map[netip.Addr]int // kept for perAddr only
	sites    int                // that may still bring connections
	held     int                // by Hold
	draining bool
	closed   bool // by Close: nobody comes in any more
	ended    bool
}

// A verdict is what becomes of a new connection.
type verdict int

const (
	entered verdict = iota
	refused         // there are too many of its address, or the server is ending
	waits           // there are too many
)

// enter counts a connection in, if there is room; full says that no more can come in
// now.
func (b *books) enter(from netip.Addr) (v verdict, full bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed || b.draining && b.sites == 0:
		return refused, true // and before, it is one of those that Shutdown finds
	case b.full():
		return waits, true
	case !b.claim(from):
		return refused, false
	}
	b.stats.Conns++
	b.stats.Accepted++
	if b.full() {
		b.stats.Full++
	}
	return entered, b.full()
}

// claim counts a connection for its address, if that may have one more. One without a
// valid address counts for none.
func (b *books) claim(from netip.Addr) bool {
	switch {
	case b.perAddr <= 0 || !from.IsValid():
		return true
	case b.byAddr[from] >= b.perAddr:
		b.stats.Refused++
		return false
	case b.byAddr == nil:
		b.byAddr = make(map[netip.Addr]int)
	}
	b.byAddr[from]++
	return true
}

// named is claim for a connection that is counted already: a proxy has said whose it is.
func (b *books) named(from netip.Addr) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.claim(from)
}

// proxyFailed counts a connection of a proxy that has not said whose it is.
func (b *books) proxyFailed() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stats.ProxyFailed++
}

func (b *books) full() bool { return b.max > 0 && b.stats.Conns >= b.max }

func (b *books) isFull() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.full()
}

// leave counts a connection out, and reports whether others may be waiting for that.
func (b *books) leave(from netip.Addr) (room bool) {
	defer b.check()
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := b.byAddr[from]; n > 1 {
		b.byAddr[from]--
	} else if n == 1 {
		delete(b.byAddr, from)
	}
	room = b.full()
	b.stats.Conns--
	return room
}

func (b *books) read() ServerStats {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.stats
}

// closing counts a site out, which brings no more connections.
func (b *books) closing() {
	b.mu.Lock()
	b.sites--
	b.mu.Unlock()
	b.check()
}

// hold adds n to what the server's end waits for.
func (b *books) hold(n int) {
	b.mu.Lock()
	b.held += n
	b.mu.Unlock()
	b.check()
}

// drain begins the end; at once: nobody comes in any more who has not yet.
func (b *books) drain(atOnce bool) {
	b.mu.Lock()
	b.draining = true
	b.closed = b.closed || atOnce
	b.mu.Unlock()
	b.check()
}

// check notes that the server has ended, when that is so.
func (b *books) check() {
	b.mu.Lock()
	over := b.draining && b.sites == 0 && b.stats.Conns == 0 && b.held == 0 && !b.ended
	b.ended = b.ended || over
	b.mu.Unlock()
	if over {
		b.over()
		close(b.done)
	}
}
