package stream

import (
	"bytes"
	"io"
)

// enough says how many bytes of what has come the read takes; negative: it needs more.
func (s *Stream) enough(r *read) (int, error) {
	buf := s.in.buf
	if r.into != nil {
		return s.fillFrom(r, buf), nil
	}
	switch r.kind {
	case forSome:
		if len(buf) > 0 {
			return min(len(buf), r.n), nil
		}
	case forAll:
		if len(buf) >= r.n {
			return r.n, nil
		}
	case forDelim:
		return r.find(buf)
	case forMatch:
		return s.search(r, buf)
	case forEnd:
		if len(buf) > r.n {
			return -1, ErrTooLong
		}
		if s.ended() == io.EOF {
			return len(buf), nil
		}
	}
	return -1, nil
}

// find looks for the delimiter.
func (r *read) find(buf []byte) (int, error) {
	if i := bytes.Index(buf[r.scanned:], r.delim); i >= 0 {
		if end := r.scanned + i + len(r.delim); end <= r.n {
			return end, nil
		}
		return -1, ErrTooLong
	}
	// The delimiter may have begun in the last bytes. Everything before them has
	// been looked at once and need not be again, however slowly bytes trickle in.
	r.scanned = max(0, len(buf)-len(r.delim)+1)
	if len(buf) >= r.n {
		return -1, ErrTooLong
	}
	return -1, nil
}
