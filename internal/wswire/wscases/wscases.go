// Package wscases is a table of what one end of a WebSocket connection may be sent, in either
// role, and what it must make of it: for tests of the grammar, and of whole connections over
// memory and over sockets. It knows nothing of what it tests; its frames are made here, byte
// by byte.
package wscases

import (
	"fmt"
	"hash/crc32"
)

// A Case is one conversation, as one end hears it.
type Case struct {
	Name string
	// Server says that the end under test is the server.
	Server bool
	// Deflate says that permessage-deflate was agreed on, without context takeover.
	Deflate bool
	// MaxFrame and MaxMessage are the limits of that end; 0: none.
	MaxFrame, MaxMessage int64
	// Input is what it is sent.
	Input []byte
	// Want is what it must make of that.
	Want Story
}

// A Story is what became of a conversation.
type Story struct {
	// Messages that were delivered, and what each pong carried: as Show gives them.
	Messages, Pongs []string
	// Close is the code in the close frame that the end sends in the end; "none" is a
	// close frame without one, "" none at all: the connection is still open.
	Close string
}

// String is the story in one line.
func (s Story) String() string {
	end := s.Close
	if end == "" {
		end = "open"
	}
	return fmt.Sprintf("messages %q, pongs %q, %s", s.Messages, s.Pongs, end)
}

// Show is a message, or what a pong carries, in a form to be compared. kind is "text",
// "binary" or "pong".
func Show(kind string, data []byte) string {
	if len(data) > 40 {
		return fmt.Sprintf("%s of %d bytes, %08x", kind, len(data), crc32.ChecksumIEEE(data))
	}
	return fmt.Sprintf("%s %q", kind, data)
}

// All is every case, those of both roles.
func All() []Case {
	var all []Case
	for _, server := range []bool{true, false} {
		b := builder{server: server}
		for _, part := range []func(){
			b.sizes, b.fragments, b.controls, b.reserved, b.opcodes, b.order, b.lengths, b.masks,
			b.texts, b.closings, b.limits, b.compression, b.suite, b.deflated,
		} {
			part()
		}
		all = append(all, b.cases...)
	}
	return all
}

// A builder collects the cases of one role.
type builder struct {
	server  bool
	deflate bool
	frame   int64 // limits
	message int64
	seed    byte
	cases   []Case
}

const (
	fin  = 0x80
	rsv1 = 0x40
	rsv2 = 0x20
	rsv3 = 0x10

	cont   = 0
	text   = 1
	binary = 2
	closes = 8
	ping   = 9
	pong   = 10
)

// add adds a case. want is the story: messages and pongs as Show gives them, and last the
// code of the close frame, if it begins with "close ".
func (b *builder) add(name string, input []byte, want ...string) {
	c := Case{
		Name: name, Server: b.server, Deflate: b.deflate,
		MaxFrame: b.frame, MaxMessage: b.message, Input: input,
	}
	if b.server {
		c.Name = "server/" + name
	} else {
		c.Name = "client/" + name
	}
	for _, w := range want {
		switch {
		case len(w) > 6 && w[:6] == "close ":
			c.Want.Close = w[6:]
		case w[:4] == "pong":
			c.Want.Pongs = append(c.Want.Pongs, w)
		default:
			c.Want.Messages = append(c.Want.Messages, w)
		}
	}
	b.cases = append(b.cases, c)
}

// f is a frame as the other end must send it, in its shortest form.
func (b *builder) f(first byte, payload string) []byte { return b.raw(first, payload, b.server, 0) }

// raw is a frame, masked or not, with its length in 0 (the shortest), 2 or 8 bytes.
func (b *builder) raw(first byte, payload string, masked bool, form int) []byte {
	n := len(payload)
	return append(b.head(first, uint64(n), masked, form), b.body(payload, masked)...)
}

// head is a frame's header, with the key that body uses next.
func (b *builder) head(first byte, n uint64, masked bool, form int) []byte {
	m := byte(0)
	if masked {
		m = 0x80
	}
	p := []byte{first}
	switch {
	case form == 8 || form == 0 && n > 0xffff:
		p = append(p, m|127)
		for i := 7; i >= 0; i-- {
			p = append(p, byte(n>>(8*i)))
		}
	case form == 2 || form == 0 && n > 125:
		p = append(p, m|126, byte(n>>8), byte(n))
	default:
		p = append(p, m|byte(n))
	}
	if masked {
		b.seed += 37
		key := b.key()
		p = append(p, key[:]...)
	}
	return p
}

func (b *builder) key() [4]byte { return [4]byte{b.seed, b.seed ^ 0x5a, b.seed + 11, ^b.seed} }

func (b *builder) body(payload string, masked bool) []byte {
	p := []byte(payload)
	if masked {
		key := b.key()
		for i := range p {
			p[i] ^= key[i%4]
		}
	}
	return p
}

// join is the concatenation of frames.
func join(frames ...[]byte) (all []byte) {
	for _, f := range frames {
		all = append(all, f...)
	}
	return all
}
