package http1

import (
	"crypto/rand"
	"io"
	"strconv"
	"time"
)

// content is a representation that is sent whole or in ranges.
type content struct {
	kind     string // its media type
	size     int64
	etag     string
	modified time.Time
	all      []byte      // its bytes, if they are in memory
	at       io.ReaderAt // where they are otherwise
	inOrder  bool        // at can only be read from the beginning to the end
}

// serve answers with what the client has asked for of c.
func (c *content) serve(w *ResponseWriter, r *Request) error {
	h := w.Header()
	if !h.Has("Content-Type") {
		h.Set("Content-Type", c.kind)
	}
	if !c.inOrder {
		h.Set("Accept-Ranges", "bytes")
	}
	if w.Preconditions(r, c.etag, c.modified) {
		return nil
	}
	ranges, err := c.ranges(w, r)
	switch {
	case err != nil:
		h.Set("Content-Range", "bytes */"+strconv.FormatInt(c.size, 10))
		return w.Error(416, "")
	case len(ranges) == 0:
		h.Set("Content-Length", strconv.FormatInt(c.size, 10))
		return c.send(w, byteRange{0, c.size})
	case len(ranges) == 1:
		w.SetStatus(206)
		h.Set("Content-Range", ranges[0].contentRange(c.size))
		h.Set("Content-Length", strconv.FormatInt(ranges[0].length, 10))
		return c.send(w, ranges[0])
	}
	return c.sendParts(w, ranges)
}

// ranges are the ones that are wanted; none: the whole. Only GET has them, and only
// what would be a 200: not a page that tells of an error (RFC 9110, 14.2).
func (c *content) ranges(w *ResponseWriter, r *Request) ([]byteRange, error) {
	v := r.Header.Get("Range")
	if v == "" || r.Method != "GET" || w.Status() != 200 || c.inOrder || !rangeHolds(r, c.etag, c.modified) {
		return nil, nil
	}
	return parseRange(v, c.size)
}

func (c *content) send(w *ResponseWriter, part byteRange) error {
	if c.at == nil {
		_, err := w.Write(c.all[part.start:][:part.length])
		return err
	}
	return w.sendAt(c.at, part.start, part.length)
}

// sendParts sends several ranges as multipart/byteranges (RFC 9110, 14.6).
func (c *content) sendParts(w *ResponseWriter, ranges []byteRange) error {
	boundary, kind := rand.Text(), w.Header().Get("Content-Type")
	end := "\r\n--" + boundary + "--\r\n"
	heads := make([]string, len(ranges))
	length := int64(len(end))
	for i, part := range ranges {
		heads[i] = "\r\n--" + boundary + "\r\nContent-Type: " + kind + "\r\nContent-Range: " + part.contentRange(c.size) + "\r\n\r\n"
		length += int64(len(heads[i])) + part.length
	}
	heads[0] = heads[0][2:]
	length -= 2
	w.SetStatus(206)
	w.Header().Set("Content-Type", "multipart/byteranges; boundary="+boundary)
	w.Header().Set("Content-Length", strconv.FormatInt(length, 10))
	for i, part := range ranges {
		if _, err := w.WriteString(heads[i]); err != nil {
			return err
		}
		if err := c.send(w, part); err != nil {
			return err
		}
	}
	_, err := w.WriteString(end)
	return err
}
