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
	off        offence // is let pass; for tests, which want to see a case fail then

	// Response says that the body is a response's, so that an Error has the
	// status 502.
	Response bool
}

type chunkState uint8

const (
	chunkSize     chunkState = iota // a line: chunk-size [chunk-ext]
	chunkData                       // as many bytes as that said
	chunkEnd                        // CR LF
	chunkTrailers                   // a line: a field, or nothing
	chunksDone                      // no more of this body
)

// chunkTable is the state machine of a body: what follows a part that has been
// read, and what follows if it was the last of its kind. A part that breaks a
// rule is not passed.
var chunkTable = [...][2]chunkState{
	chunkSize:     {chunkData, chunkTrailers},  // last: its size is 0
	chunkData:     {chunkData, chunkEnd},       // last: its bytes have all come
	chunkEnd:      {chunkSize, chunkSize},      //
	chunkTrailers: {chunkTrailers, chunksDone}, // last: the line is empty
}

// step takes one step in the table.
func (c *Chunks) step(last bool) {
	row := &chunkTable[c.state]
	c.state = row[0]
	if last {
		c.state = row[1]
	}
}

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
		switch c.state {
		case chunkData:
			k := int(min(c.left, int64(len(rest))))
			c.left -= int64(k)
			c.step(c.left == 0)
			return rest[:k:k], n + k, false, nil
		case chunksDone:
			return nil, n, true, nil
		}
		used, last, e := c.framing(rest, n)
		if e != nil && e.Rule != offences[c.off].rule {
			if e.Offset += n; c.Response {
				e.Status = 502
			}
			return nil, n, false, e
		}
		if used == 0 {
			return nil, n, false, nil
		}
		c.scan = 0
		c.step(last)
		if n += used; c.hasField {
			return nil, n, false, nil
		}
	}
}

// framing reads a part of the body that is not data, at the beginning of buf;
// base is its offset in the caller's buffer. used is 0 when it has not come
// whole.
func (c *Chunks) framing(buf []byte, base int) (used int, last bool, err *Error) {
	if c.state == chunkEnd {
		used, err = dataEnd(buf)
		return used, false, err
	}
	limit, tooLong := maxChunkLine, chunkLineTooLong
	if c.state == chunkTrailers {
		limit, tooLong = maxTrailers-int(c.trailers), trailersTooLarge
	}
	line, used, err := c.line(buf, limit, tooLong)
	switch {
	case used == 0 || err != nil && err.Rule != offences[c.off].rule:
		return 0, false, err
	case c.state == chunkSize:
		last, err = c.size(line)
	default:
		c.trailers += uint16(used)
		last, err = c.trailer(line, base)
	}
	return used, last, err
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
		return buf[:lf], lf + 1, bareLF.at(lf)
	}
	return buf[:lf-1], lf + 1, nil
}

// size takes the line chunk-size [chunk-ext]; last is true for size 0.
func (c *Chunks) size(line []byte) (last bool, err *Error) {
	size, digits, err := hexSize(line)
	c.left = size
	if err == nil && digits == len(line) { // the usual chunk
		return size == 0, nil
	}
	extension := line[digits:]
	start, end := trimBlanks(extension)
	switch i := controlAt(line); {
	case i >= 0:
		err = controlOffence(line[i]).at(i)
	case err != nil:
	case start == end || extension[start] != ';':
		err = badChunkSize.at(digits)
	case int(c.extensions)+len(extension) > maxExtensions:
		err = tooManyExtensions.at(digits)
	}
	c.extensions += uint16(len(extension))
	return size == 0, err
}

// hexSize reads the hexadecimal digits at the beginning of line. With an error
// it gives those before it.
func hexSize(line []byte) (size int64, digits int, err *Error) {
	for digits < len(line) {
		d, ok := hexDigit(line[digits])
		if !ok {
			break
		}
		if digits == 16 || size > maxChunk>>4 {
			return size, digits, chunkTooLarge.at(0)
		}
		size = size<<4 | int64(d)
		digits++
	}
	if digits == 0 {
		return 0, 0, badChunkSize.at(0)
	}
	if size > maxChunk {
		return size, digits, chunkTooLarge.at(0)
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

// dataEnd takes the CR LF after the data of a chunk.
func dataEnd(buf []byte) (used int, err *Error) {
	switch {
	case len(buf) > 0 && buf[0] != '\r':
		return 1, badChunkEnd.at(0)
	case len(buf) > 1 && buf[1] != '\n':
		return 2, badChunkEnd.at(1)
	case len(buf) < 2:
		return 0, nil
	}
	return 2, nil
}

// trailer takes one line of the trailer section, which begins at offset base
// of the caller's buffer; last is true for its final empty line.
func (c *Chunks) trailer(line []byte, base int) (last bool, err *Error) {
	if len(line) == 0 {
		return true, nil
	}
	f, err := fieldLine(line, 0)
	if err != nil {
		return false, err
	}
	if forbiddenTrailer(f.Name.Of(line)) {
		err = trailerRefused.at(0)
	}
	c.field, c.hasField = f.moved(base), true
	return false, err
}

func (f Field) moved(by int) Field {
	d := uint32(by)
	return Field{Span{f.Name.Start + d, f.Name.End + d}, Span{f.Value.Start + d, f.Value.End + d}}
}

// forbiddenTrailer holds for the names that decide where a message ends, where
// it goes or what becomes of its connection: nobody may learn them after the
// body (RFC 9110, 6.5.1).
func forbiddenTrailer[T Text](name T) bool {
	for _, forbidden := range [...]string{
		"Host", "Connection", "Content-Length", "Transfer-Encoding",
		"Trailer", "TE", "Upgrade", "Keep-Alive", "Expect",
	} {
		if EqualFold(name, forbidden) {
			return true
		}
	}
	return false
}
