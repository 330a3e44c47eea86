package httpwire

import "bytes"

const (
	// maxChunkLine bounds the line of a chunk size, with its extensions and
	// CR LF; maxExtensions bounds the extensions of a whole body. They are
	// ignored, so more of them is only work for nothing (RFC 9112, 7.1.1).
	maxChunkLine  = 256
	maxExtensions = 16 << 10

	// maxTrailers bounds the trailer section in bytes.
	maxTrailers = 8 << 10

	// maxChunk leaves room for adding sizes up.
	maxChunk = 1 << 62
)

// Chunks reads a body in the chunked coding (RFC 9112, 7.1). It holds
// counters only and belongs to one goroutine at a time. The zero value is
// ready; for the next body set it to that.
type Chunks struct {
	left  int64 // bytes of the current chunk that have not come yet
	field Field // the trailer of the last call

	extensions uint16 // bytes of them so far, <= maxExtensions
	trailers   uint16 // bytes of them so far, <= maxTrailers
	scan       uint16 // bytes of the current line that hold no LF
	state      chunkState
	hasField   bool
}

// The states follow each other in this order:
//
//	        ┌───── size > 0 ───► chunkData ───► chunkEnd ───┐
//	chunkSize ◄─────────────────────────────────────────────┘
//	        └───── size = 0 ───► chunkTrailers ───► chunksDone
type chunkState uint8

const (
	chunkSize chunkState = iota
	chunkData
	chunkEnd
	chunkTrailers
	chunksDone
)

// Next looks at buf, which begins with the first byte that has not been
// consumed. It consumes n bytes and hands over data, a piece of them that
// shares buf's memory; done means that the last chunk and the trailer section
// are among the bytes consumed by now.
//
// Without data, n > 0 is framing: call again with the rest, as after data.
// n == 0, not done and no error: more bytes are needed, and the next buf
// begins with this one. At most 256 bytes (a trailer line: 8 KiB) ever wait
// in this way. An error is an [*Error] whose offset is counted in buf; the n
// bytes before the line it is in have been consumed, and further calls find
// it again.
//
// Extensions are checked for control bytes, bounded and ignored.
func (c *Chunks) Next(buf []byte) (data []byte, n int, done bool, err error) {
	c.hasField = false
	for {
		rest := buf[n:]
		var used int
		var e *Error
		switch c.state {
		case chunkData:
			k := int(min(c.left, int64(len(rest))))
			if c.left -= int64(k); c.left == 0 {
				c.state = chunkEnd
			}
			return rest[:k:k], n + k, false, nil
		case chunkSize:
			used, e = c.size(rest)
		case chunkEnd:
			used, e = c.end(rest)
		case chunkTrailers:
			used, e = c.trailer(rest, n)
		case chunksDone:
			return nil, n, true, nil
		}
		if e != nil {
			e.Offset += n
			return nil, n, false, e
		}
		n += used
		if used == 0 || c.hasField {
			return nil, n, false, nil
		}
	}
}

// Trailer gives the trailer field that the last call of Next has consumed, if
// any, with offsets into the buffer of that call; each call consumes at most
// one. A trailer says nothing about framing, routing or the connection, but
// it may still be one that must not be merged into the header fields (RFC
// 9110, 6.5.1).
func (c *Chunks) Trailer() (f Field, ok bool) { return c.field, c.hasField }

// line finds the next line of at most limit bytes. It returns the line
// without CR LF and its length with them, which is 0 when more bytes are
// needed.
func (c *Chunks) line(buf []byte, limit int, tooLong offence) (line []byte, used int, err *Error) {
	buf = buf[:min(len(buf), limit)]
	lf := bytes.IndexByte(buf[c.scan:], '\n')
	if lf < 0 {
		if len(buf) == limit {
			return nil, 0, tooLong.at(limit)
		}
		c.scan = uint16(len(buf))
		return nil, 0, nil
	}
	lf += int(c.scan)
	// Here a bare LF is how a chunk is smuggled past a recipient that takes
	// the line to be longer.
	if lf == 0 || buf[lf-1] != '\r' {
		return nil, 0, bareLF.at(lf)
	}
	return buf[:lf-1], lf + 1, nil
}

// size takes the line chunk-size [chunk-ext] CR LF.
func (c *Chunks) size(buf []byte) (used int, err *Error) {
	line, used, err := c.line(buf, maxChunkLine, chunkLineTooLong)
	if used == 0 {
		return 0, err
	}
	if i := controlAt(line); i >= 0 {
		return 0, controlOffence(line[i]).at(i)
	}
	size, digits, err := hexSize(line)
	if err != nil {
		return 0, err
	}
	extension := line[digits:]
	if start, end := trimBlanks(extension); len(extension) > 0 && (start == end || extension[start] != ';') {
		return 0, badChunkSize.at(digits)
	}
	if int(c.extensions)+len(extension) > maxExtensions {
		return 0, tooManyExtensions.at(digits)
	}
	c.extensions += uint16(len(extension))
	c.scan = 0
	c.left = size
	c.state = chunkData
	if size == 0 {
		c.state = chunkTrailers
	}
	return used, nil
}

// hexSize reads the hexadecimal digits at the beginning of line.
func hexSize(line []byte) (size int64, digits int, err *Error) {
	for digits < len(line) {
		d, ok := hexDigit(line[digits])
		if !ok {
			break
		}
		if digits == 16 || size > maxChunk>>4 {
			return 0, 0, chunkTooLarge.at(0)
		}
		size = size<<4 | int64(d)
		digits++
	}
	if digits == 0 {
		return 0, 0, badChunkSize.at(0)
	}
	if size > maxChunk {
		return 0, 0, chunkTooLarge.at(0)
	}
	return size, digits, nil
}

func hexDigit(c byte) (d byte, ok bool) {
	switch {
	case isDigit(c):
		return c - '0', true
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

// end takes the CR LF after the data of a chunk.
func (c *Chunks) end(buf []byte) (used int, err *Error) {
	switch {
	case len(buf) > 0 && buf[0] != '\r':
		return 0, badChunkEnd.at(0)
	case len(buf) > 1 && buf[1] != '\n':
		return 0, badChunkEnd.at(1)
	case len(buf) < 2:
		return 0, nil
	}
	c.state = chunkSize
	return 2, nil
}

// trailer takes one line of the trailer section, which begins at offset base
// of the caller's buffer, or its final empty line.
func (c *Chunks) trailer(buf []byte, base int) (used int, err *Error) {
	line, used, err := c.line(buf, maxTrailers-int(c.trailers), trailersTooLarge)
	if used == 0 {
		return 0, err
	}
	if len(line) > 0 {
		f, err := fieldLine(line, 0)
		if err != nil {
			return 0, err
		}
		if forbiddenTrailer(f.Name.Of(line)) {
			return 0, trailerRefused.at(0)
		}
		c.field, c.hasField = f.moved(base), true
	} else {
		c.state = chunksDone
	}
	c.trailers += uint16(used)
	c.scan = 0
	return used, nil
}

func (f Field) moved(by int) Field {
	d := uint32(by)
	return Field{Span{f.Name.Start + d, f.Name.End + d}, Span{f.Value.Start + d, f.Value.End + d}}
}

// forbiddenTrailer holds for the names that decide where a message ends, where
// it goes or what becomes of its connection: nobody may learn them after the
// body (RFC 9110, 6.5.1).
func forbiddenTrailer(name []byte) bool {
	for _, forbidden := range [...]string{
		"Host", "Connection", "Content-Length", "Transfer-Encoding",
		"Trailer", "TE", "Upgrade", "Keep-Alive", "Expect",
	} {
		if nameIs(name, forbidden) {
			return true
		}
	}
	return false
}
