package websocket

import (
	"fmt"
	"time"

	"github.com/zonda-go/zonda/internal/wswire"
	"github.com/zonda-go/zonda/loop"
)

// Ping sends a ping with up to 125 bytes of data. It panics if there are more. OnPong hears
// of the answer.
func (c *Conn) Ping(data []byte) error {
	if len(data) > 125 {
		panic(fmt.Sprintf("websocket: Ping with %d bytes, 125 are the most", len(data)))
	}
	return c.controlFrame(wswire.Ping, data)
}

// OnPong has fn called on the loop with what each pong carries, those that nobody has asked
// for included. data is valid during the call only. nil: nobody wants to know.
func (c *Conn) OnPong(fn func(data []byte)) { c.seldom().onPong = fn }

// control deals with a control frame.
func (c *Conn) control(ev wswire.Event) {
	switch ev.Opcode {
	case wswire.Ping:
		if c.state != open {
			return
		}
		if c.crowded() {
			c.pongLater(ev.Payload)
		} else {
			_ = c.controlFrame(wswire.Pong, ev.Payload)
		}
	case wswire.Pong:
		if c.rare != nil && c.rare.onPong != nil && c.state == open {
			c.rare.onPong(ev.Payload)
		}
	case wswire.Close:
		c.peerClosed(ev.Payload)
	}
}

// pongLater keeps the answer to a ping until the peer has taken some of what it was sent. It
// need not have more than the last (RFC 6455, 5.5.3), so one that pings and takes nothing does
// not have them pile up; and it is not to wait behind all that is queued, or it would take this
// end for dead.
func (c *Conn) pongLater(data []byte) {
	tx := c.outbound()
	tx.pong = c.encode(wswire.Header{Fin: true, Opcode: wswire.Pong}, data)
	if !tx.blocked {
		c.block(tx)
	}
}

// buckets is into how many parts a sweep divides its connections.
const buckets = 8

// A sweep pings all connections that have the same interval: in each eighth of it, those of
// one bucket. So a connection needs no timer, and a crowd that has connected together is
// not pinged together. It belongs to the loop.
type sweep struct {
	buckets [buckets][]*Conn
	ticker  *loop.Ticker
	turn    int // the bucket that was pinged last
	after   int // how many turns later the answer is due, 1 to 8
	n       int
	rand    func(n int) int
}

func (lo *local) sweep(set *settings) *sweep {
	key := [2]time.Duration{set.interval, set.pong}
	s := lo.sweeps[key]
	if s == nil {
		turn := max(set.interval/buckets, time.Millisecond)
		s = &sweep{after: int(min((set.pong+turn-1)/turn, buckets)), rand: lo.l.Rand().IntN}
		s.ticker = lo.l.EveryJittered(turn, 0.1, s.tick)
		s.ticker.Stop()
		lo.sweeps[key] = s
	}
	return s
}

func (s *sweep) add(c *Conn) {
	b := s.rand(buckets)
	c.bucket, c.place, c.swept = uint8(b), uint32(len(s.buckets[b])), true
	s.buckets[b] = append(s.buckets[b], c)
	if s.n++; s.n == 1 {
		s.ticker.Start()
	}
}

func (s *sweep) remove(c *Conn) {
	b := s.buckets[c.bucket]
	last := b[len(b)-1]
	b[c.place] = last
	last.place = c.place
	b[len(b)-1] = nil
	s.buckets[c.bucket] = b[:len(b)-1]
	c.swept = false
	if s.n--; s.n == 0 {
		s.ticker.Stop()
	}
}

// tick looks for answers to the pings of some turns ago, and sends those of this one.
func (s *sweep) tick() {
	s.turn = (s.turn + 1) % buckets
	due := s.buckets[(s.turn-s.after+buckets)%buckets]
	for i := len(due) - 1; i >= 0; i-- { // those that end leave the bucket
		if c := due[i]; c.pinged && !c.heard && !c.held { // else a pong may lie behind what nobody reads
			c.silent()
		}
	}
	due = s.buckets[s.turn]
	for i := len(due) - 1; i >= 0; i-- {
		c := due[i]
		c.heard = false
		c.pinged = !c.crowded() && c.controlFrame(wswire.Ping, nil) == nil
	}
}

// leaveSweep has no more pings sent.
func (c *Conn) leaveSweep() {
	if c.swept {
		c.local().sweep(c.set).remove(c)
	}
}

// silent breaks the connection off, whose peer has not answered a ping.
func (c *Conn) silent() {
	c.abort(&CloseError{Code: Abnormal, Reason: "ping timed out", Err: ErrPongTimeout})
}
