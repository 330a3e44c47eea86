package http1

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"strings"

	"github.com/zonda-go/zonda/loop"
)

const (
	// keptDecoders and keptRoom bound what is kept for the next bodies: a decoder has
	// some 40 KiB, a room bodyRoom.
	keptDecoders = 8
	keptRooms    = 8
	bodyRoom     = 32 << 10
	// decodeTurn is how much is decoded before others have their turn: bytes that are
	// easily compressed come a thousand times as fast as those of the network.
	decodeTurn = 256 << 10
)

// clientDecoders are those that wait for a body. They belong to the loop.
type clientDecoders struct {
	idle  []*decoder
	rooms [][]byte
}

// A decoder decodes a body.
type decoder struct {
	kind string // "gzip" or "deflate"
	src  *wireBody
	in   *bufio.Reader
	gzip *gzip.Reader
	zlib io.ReadCloser // made by package zlib
	raw  io.ReadCloser // made by package flate
	out  io.Reader     // the one in use; nil before the first byte
	turn int           // bytes since others had their turn
}

// decodes reports whether the request has its body decoded.
func (call *clientCall) decodes() bool {
	h := &call.req.Header
	return !call.req.Raw && !h.Has("Accept-Encoding") && !h.Has("Range")
}

// encoding is what res is to be decoded from: "gzip", "deflate", or "" for nothing.
func (call *clientCall) encoding(res *Response) string {
	if !call.decodes() {
		return ""
	}
	switch kind := strings.ToLower(res.Header.Get("Content-Encoding")); {
	case kind == "":
	case len(res.Header.Values("Content-Encoding")) > 1: // one around another
	case kind == "gzip" || kind == "x-gzip":
		return "gzip"
	case kind == "deflate":
		return kind
	}
	return ""
}

func (ds *clientDecoders) get(kind string, src *wireBody) *decoder {
	var d *decoder
	if n := len(ds.idle); n > 0 {
		d = ds.idle[n-1]
		ds.idle = ds.idle[:n-1]
		d.in.Reset(src)
	} else {
		d = &decoder{in: bufio.NewReader(src)}
	}
	d.kind, d.src = kind, src
	return d
}

func (ds *clientDecoders) put(d *decoder) {
	if len(ds.idle) < keptDecoders {
		d.src, d.out, d.turn = nil, nil, 0
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
		if co := d.src.x.call.p.l.Current(); co != nil && err == nil {
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

// takeRoom is room for a piece of a body; giveRoom returns it.
func (p *clientPool) takeRoom() []byte {
	if n := len(p.decoders.rooms); n > 0 {
		room := p.decoders.rooms[n-1]
		p.decoders.rooms = p.decoders.rooms[:n-1]
		return room
	}
	return make([]byte, bodyRoom)
}

func (p *clientPool) giveRoom(room []byte) {
	if len(p.decoders.rooms) < keptRooms {
		p.decoders.rooms = append(p.decoders.rooms, room)
	}
}
