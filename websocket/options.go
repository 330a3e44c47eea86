package websocket

import (
	"cmp"
	"log/slog"
	"time"

	"github.com/zonda-go/zonda/internal/wswire"
	"github.com/zonda-go/zonda/loop"
)

const (
	maxMessage   = 10 << 20
	maxQueue     = 16 << 20
	closeTimeout = 5 * time.Second
	threshold    = 256
)

// Options are what a connection keeps to, in either role. They are not changed once they
// are used. The zero value is ready for use, and so is nil wherever a pointer is wanted.
type Options struct {
	// MaxMessage bounds a message that comes, in bytes, before and after decompression.
	// Beyond it the connection is closed with 1009. Default: 10 MiB; negative: no limit.
	MaxMessage int64
	// MaxFrame bounds the payload of a frame that comes, likewise. Default: none but
	// MaxMessage's.
	MaxFrame int64
	// Compression has permessage-deflate (RFC 7692) offered or accepted. Default: it is
	// not spoken.
	Compression *Compression
	// PingInterval is how long the peer may be silent before it is sent a ping. The
	// pings of a loop's connections are spread over the interval. Default: none is sent.
	PingInterval time.Duration
	// PongTimeout is how long after a ping the peer may go on being silent; then the
	// connection is broken off. It is held to an eighth of PingInterval. Default, and
	// at most: PingInterval.
	PongTimeout time.Duration
	// Queue is how many bytes may wait for a peer that is slow to take them, and Slow
	// what happens to a message beyond that. Default: 16 MiB, and Wait.
	Queue int
	Slow  Policy
	// CloseTimeout is how long the peer may take to end the connection, after a close
	// frame was sent to it. Default: 5 s.
	CloseTimeout time.Duration
	// Logger receives the failures of OnMessage's functions. Default: the loop's.
	Logger *slog.Logger
}

// A Policy says what happens to a message for a peer that is slow, when more than
// Options.Queue bytes would wait. Conn.Stats counts what was dropped.
type Policy uint8

// The policies there are.
const (
	// Wait has Write wait already from 64 KiB on, and Send fail with ErrQueueFull.
	Wait Policy = iota
	// DropOldest drops the messages that have waited longest, as many as it takes.
	DropOldest
	// DropNewest drops the message itself, with ErrDropped.
	DropNewest
	// CloseSlow closes the connection with 1013 (try again later).
	CloseSlow
)

// Compression says how permessage-deflate is to be spoken. The zero value has each message
// compressed for itself: an idle connection then holds nothing for it.
type Compression struct {
	// Threshold is from how many bytes on a message is compressed. Default: 256.
	Threshold int
	// SendTakeover has messages that are sent refer to those before them, if the peer
	// agrees: up to 8 KiB for each connection. ReceiveTakeover lets the peer do so: up
	// to 32 KiB. Default: neither. Under the policy DropOldest none are sent that do.
	SendTakeover, ReceiveTakeover bool
	// SendBits and ReceiveBits bound the window of either direction, in powers of two,
	// 8 to 15, as far as the peer lets itself be told. Default: 15, or what the peer
	// wants.
	SendBits, ReceiveBits int
}

// settings are Options with their defaults, and what was agreed on: one for all
// connections of a loop that have the same. It is comparable for that.
type settings struct {
	rules        wswire.Rules
	agreed       wswire.Deflate
	threshold    int
	interval     time.Duration
	pong         time.Duration
	queue        int
	slow         Policy
	closeTimeout time.Duration
	log          *slog.Logger
	protocol     string
	local        *local // of their loop; set by share
}

func (o *Options) settings(l *loop.Loop, server bool) settings {
	if o == nil {
		o = &Options{}
	}
	s := settings{
		rules: wswire.Rules{
			Server:     server,
			MaxMessage: cmp.Or(o.MaxMessage, maxMessage),
			MaxFrame:   o.MaxFrame,
		},
		threshold:    threshold,
		interval:     o.PingInterval,
		pong:         o.PongTimeout,
		queue:        o.Queue,
		slow:         o.Slow,
		closeTimeout: cmp.Or(o.CloseTimeout, closeTimeout),
		log:          o.Logger,
	}
	if s.pong <= 0 || s.pong > s.interval {
		s.pong = s.interval
	}
	if s.queue <= 0 {
		s.queue = maxQueue
	}
	if s.log == nil {
		s.log = l.Logger()
	}
	return s
}

// want is what o would have of permessage-deflate; nil: nothing. Values are checked here:
// a mistake in them is the programmer's.
func (o *Options) want(server bool) *wswire.Deflate {
	if o == nil || o.Compression == nil {
		return nil
	}
	c := o.Compression
	send, receive := bits(c.SendBits), bits(c.ReceiveBits)
	if server {
		return &wswire.Deflate{
			ServerNoTakeover: !c.SendTakeover, ClientNoTakeover: !c.ReceiveTakeover,
			ServerBits: send, ClientBits: receive,
		}
	}
	return &wswire.Deflate{
		ServerNoTakeover: !c.ReceiveTakeover, ClientNoTakeover: !c.SendTakeover,
		ServerBits: receive, ClientBits: send, ClientBitsKnown: true,
	}
}

func bits(n int) uint8 {
	if n != 0 && (n < 8 || n > 15) {
		panic("websocket: Compression with a window that is not of 8 to 15 bits")
	}
	return uint8(n)
}

// deflated is s with what was agreed on.
func (s settings) deflated(d wswire.Deflate, c *Compression) settings {
	s.rules.Deflate, s.agreed = true, d
	s.threshold = cmp.Or(c.Threshold, threshold)
	return s
}

// sending is how this end compresses, receiving how the peer may. Under DropOldest messages are
// dropped that were compressed already: no other may refer to them.
func (s *settings) sending() (takeover bool, bits uint8) {
	takeover, bits = !s.agreed.ServerNoTakeover, s.agreed.ServerBits
	if !s.rules.Server {
		takeover, bits = !s.agreed.ClientNoTakeover, s.agreed.ClientBits
	}
	return takeover && s.slow != DropOldest, bits
}

func (s *settings) receiving() (takeover bool, bits uint8) {
	if s.rules.Server {
		return !s.agreed.ClientNoTakeover, s.agreed.ClientBits
	}
	return !s.agreed.ServerNoTakeover, s.agreed.ServerBits
}
