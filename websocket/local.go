package websocket

import (
	crand "crypto/rand"
	"math/rand/v2"
	"time"

	"github.com/zonda-go/zonda/internal/wswire"
	"github.com/zonda-go/zonda/loop"
)

const (
	// corkSize is how much is joined into one write.
	corkSize = 16 << 10
	// pageSize is how much of single frames is put together.
	pageSize = 4 * corkSize
	// kept is how many of each kind of thing a loop keeps for the next connection, and
	// keptBusy how many inbounds and outbounds:
	// each connection with a message has one for a moment.
	kept     = 64
	keptBusy = 1024
)

// local is what the connections of one loop share. It belongs to the loop.
type local struct {
	l       *loop.Loop
	shared  map[settings]*settings
	dirty   []*Conn // have something to be sent at the end of the iteration
	flushed []*Conn // room for dirty
	flush   func()
	queued  bool // flush waits in the loop

	page     []byte   // frames of this iteration that are their connection's only one
	spare    []byte   // room for page
	buffers  [][]byte // of corkSize
	inbounds []*inbound
	outs     []*outbound

	inflaters []*inflater
	scratch   []byte                      // of one compression
	sweeps    map[[2]time.Duration]*sweep // by interval and timeout
	keys      *rand.ChaCha8               // for masks
}

func localOf(l *loop.Loop) *local {
	lo := loop.Local[local](l)
	if lo.l == nil {
		lo.l = l
		lo.shared = make(map[settings]*settings)
		lo.sweeps = make(map[[2]time.Duration]*sweep)
		lo.flush = lo.flushAll
	}
	return lo
}

// share is the one copy of s that all connections have.
func (lo *local) share(s settings) *settings {
	s.local = lo
	if one, ok := lo.shared[s]; ok {
		return one
	}
	if len(lo.shared) >= kept {
		clear(lo.shared) // loggers without number: those in use live on
	}
	lo.shared[s] = &s
	return &s
}

// mark has c's writes sent at the end of the iteration.
func (lo *local) mark(c *Conn) {
	lo.dirty = append(lo.dirty, c)
	if !lo.queued {
		lo.queued = true
		lo.l.Call(lo.flush)
	}
}

func (lo *local) flushAll() {
	lo.queued = false
	all := lo.dirty
	lo.dirty = lo.flushed[:0]
	page := lo.page
	lo.page = lo.spare[:0] // who is told that all is written may write
	defer func() { lo.spare = page[:0] }()
	for i, c := range all {
		all[i] = nil
		c.uncork()
		c.release()
	}
	if cap(all) <= 16<<10 { // a burst leaves no room behind that nobody needs
		lo.flushed = all[:0]
	}
}

// key is a mask that nobody can foretell (RFC 6455, 5.3 and 10.3).
func (lo *local) key() uint32 {
	if lo.keys == nil {
		var seed [32]byte
		_, _ = crand.Read(seed[:]) // it never fails
		lo.keys = rand.NewChaCha8(seed)
	}
	return uint32(lo.keys.Uint64())
}

// single is a frame that is its connection's only one in this iteration, until that ends.
func (lo *local) single(h wswire.Header, payload []byte) []byte {
	if len(lo.page)+wswire.MaxHeader+len(payload) > cap(lo.page) {
		lo.page = make([]byte, 0, pageSize) // those on the old one keep it
	}
	begin := len(lo.page)
	lo.page = appendFrame(lo.page, h, payload)
	return lo.page[begin:len(lo.page):len(lo.page)]
}

func (lo *local) buffer() []byte { return take(&lo.buffers, newBuffer) }

func newBuffer() []byte { return make([]byte, 0, corkSize) }

func (lo *local) giveBuffer(b []byte) {
	if cap(b) == corkSize {
		give(&lo.buffers, b[:0])
	}
}

// take takes one of the things that are kept, or makes one.
func take[T any](from *[]T, fresh func() T) T {
	n := len(*from)
	if n == 0 {
		return fresh()
	}
	v := (*from)[n-1]
	var none T
	(*from)[n-1] = none
	*from = (*from)[:n-1]
	return v
}

func give[T any](to *[]T, v T) { giveUpTo(kept, to, v) }

func giveUpTo[T any](most int, to *[]T, v T) {
	if len(*to) < most {
		*to = append(*to, v)
	}
}
