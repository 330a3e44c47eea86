package websocket

import (
	"net/netip"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// A Type says what a message is.
type Type uint8

// The types of messages: text, which is UTF-8, and bytes.
const (
	Text   Type = 1
	Binary Type = 2
)

// String is "text" or "binary".
func (t Type) String() string {
	if t == Text {
		return "text"
	}
	return "binary"
}

// A Message is one that has come. It is the receiver's own, to be kept or changed.
type Message struct {
	Type Type   // Text or Binary
	Data []byte // of a Text, UTF-8
}

// A Conn is a WebSocket connection, in either role. It belongs to its loop, and many
// coroutines may write to it; one reads. Accept, Dial and their like make one. Whoever has
// it closes it, or has OnMessage take its messages, which then ends with it.
//
//	open ──Close──► closing ──the peer's close frame──► closed ──► over
//	  └──the peer's close frame, or a rule broken──────────┘
//
// While nothing is on its way it holds nothing but what is here.
type Conn struct {
	// Immutable.
	set *settings
	s   *stream.Stream

	// Owned by the loop.
	rx   *inbound  // what has come; nil: nothing that is not dealt with
	tx   *outbound // what has yet to go; nil: nothing
	on   func(*loop.Co, Message) error
	rare *rare

	place  uint32 // in the bucket of its sweep
	bucket uint8  // of its sweep
	state  state
	swept  bool // it is in a sweep
	heard  bool // something has come since the sweep was here
	pinged bool // and it was sent a ping then
	wanted bool // somebody reads
	held   bool // what has come waits for somebody to read
}

type state uint8

const (
	open    state = iota
	closing       // a close frame was sent, or is on its way
	closed        // and the stream is being closed: nothing is read any more
	over          // the stream is gone
)

// rare is what most connections never need, or only at their end.
type rare struct {
	end      error   // what reads give when all that came before is read
	eof      error   // no more bytes will come: io.EOF, or what broke the stream
	ending   *ending // Close, by this side or as an answer
	stats    *Stats  // of a slow consumer
	onPong   func([]byte)
	onClose  []func(error)
	sent     []byte // the end of what was sent, for messages that refer to it
	received []byte // likewise
}

var _ stream.Consumer = (*Conn)(nil)

// newConn begins to speak WebSocket on s.
func newConn(s *stream.Stream, set settings) *Conn {
	lo := localOf(s.Loop())
	c := &Conn{set: lo.share(set), s: s}
	s.SetConsumer(c)
	if c.set.interval > 0 && c.state == open {
		lo.sweep(c.set).add(c)
	}
	return c
}

// local is found by way of the settings: each message needs it several times.
func (c *Conn) local() *local { return c.set.local }

func (c *Conn) seldom() *rare {
	if c.rare == nil {
		c.rare = &rare{}
	}
	return c.rare
}

// Loop is the loop the connection belongs to.
func (c *Conn) Loop() *loop.Loop { return c.s.Loop() }

// Subprotocol is the one that was agreed on; "": none.
func (c *Conn) Subprotocol() string { return c.set.protocol }

// Compressed reports whether permessage-deflate was agreed on.
func (c *Conn) Compressed() bool { return c.set.rules.Deflate }

// RemoteAddr is the peer's address, where it has one and the connection is not over.
func (c *Conn) RemoteAddr() netip.AddrPort {
	if c.s.Closed() {
		return netip.AddrPort{}
	}
	return c.s.RemoteAddr()
}

// Stream is what the connection stands on: for what it knows of TLS, for the socket's
// options, for who is at the other end. To read or to write there breaks the connection.
func (c *Conn) Stream() *stream.Stream { return c.s }

// Err is why the connection is not to be used any more: a *CloseError, ErrClosed once this
// side has closed it, or nil.
func (c *Conn) Err() error {
	switch {
	case c.state == open:
		return nil
	case c.rare != nil && c.rare.end != nil:
		return c.rare.end
	}
	return ErrClosed
}
