package http1

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"

	"github.com/zonda-go/zonda/loop"
)

// This file takes content codings off, for bodies of requests and of responses.

const (
	// keptDecoders bounds what a loop keeps for the next bodies: one has some 40 KiB.
	keptDecoders = 8
	// decodeTurn is how much is decoded before others have their turn: bytes that are
	// easily compressed come a thousand times as fast as those of the network.
	decodeTurn = 64 << 10
)

// decoders are those of a loop that wait for a body.
type decoders struct{ idle []*decoder }

// A decoder decodes a body. It belongs to the loop.
type decoder struct {
	l    *loop.Loop
	kind string // "gzip" or "deflate"
	in   *bufio.Reader
	gzip *gzip.Reader
	zlib io.ReadCloser // made by package zlib
	raw  io.ReadCloser // made by package flate
	out  io.Reader     // the one in use; nil before the first byte
	turn int           // bytes since others had their turn
}

// takeDecoder gives a decoder that reads src; give takes it back.
func takeDecoder(l *loop.Loop, kind string, src io.Reader) *decoder {
	ds := loop.Local[decoders](l)
	d := &decoder{l: l}
	if n := len(ds.idle); n > 0 {
		d = ds.idle[n-1]
		ds.idle = ds.idle[:n-1]
		d.in.Reset(src)
	} else {
		d.in = bufio.NewReader(src)
	}
	d.kind = kind
	return d
}

func (d *decoder) give() {
	if ds := loop.Local[decoders](d.l); len(ds.idle) < keptDecoders {
		d.out, d.turn = nil, 0
		d.in.Reset(nil)
		ds.idle = append(ds.idle, d)
	}
}

// Read decodes, and waits for what is to be decoded.
func (d *decoder) Read(p []byte) (int, error) {
	if d.out == nil {
		if err := d.begin(); err != nil {
			return 0, err
		}
	}
	n, err := d.out.Read(p)
	if d.turn += n; d.turn >= decodeTurn {
		d.turn = 0
		if co := d.l.Current(); co != nil && err == nil {
			err = loop.Yield(co)
		}
	}
	if err == io.EOF {
		// What follows the end of the encoding is most often the end of the framing.
		var one [1]byte
		_, err = d.in.Read(one[:])
		if err == nil {
			err = io.EOF
		}
	}
	return n, err
}

// begin looks at the first bytes.
func (d *decoder) begin() (err error) {
	first, err := d.in.Peek(2)
	switch {
	case len(first) == 0:
		return err // io.EOF: of nothing, nothing remains
	case d.kind == "gzip" && d.gzip == nil:
		d.gzip, err = gzip.NewReader(d.in)
		d.out = d.gzip
	case d.kind == "gzip":
		err = d.gzip.Reset(d.in)
		d.out = d.gzip
	case len(first) == 2 && first[0]&0xf == 8 && (int(first[0])<<8|int(first[1]))%31 == 0:
		err = d.beginZlib()
	default: // many servers leave out what RFC 9110, 8.4.1.2 wants around it
		err = nil
		d.beginRaw()
	}
	if err != nil {
		d.out = nil
	}
	return err
}

func (d *decoder) beginZlib() (err error) {
	if d.zlib == nil {
		d.zlib, err = zlib.NewReader(d.in)
	} else {
		err = d.zlib.(zlib.Resetter).Reset(d.in, nil)
	}
	d.out = d.zlib
	return err
}

func (d *decoder) beginRaw() {
	if d.raw == nil {
		d.raw = flate.NewReader(d.in)
	} else {
		_ = d.raw.(flate.Resetter).Reset(d.in, nil) // it never fails
	}
	d.out = d.raw
}
