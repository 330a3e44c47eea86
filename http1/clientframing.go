package http1

import "github.com/zonda-go/zonda/internal/httpwire"

// clientFraming finds the body of a response in what comes.
type clientFraming struct {
	kind   httpwire.Framing
	chunks httpwire.Chunks
	left   int64 // with Content-Length
	done   bool  // the end is found
}

// next finds the next piece of the body in buf. It is among the used bytes; without a
// piece those are framing, and without used bytes more must come. Trailers are added
// to trailer.
func (f *clientFraming) next(buf []byte, trailer *Header) (piece []byte, used int, err error) {
	switch f.kind {
	case httpwire.UntilClose:
		return buf, len(buf), nil
	case httpwire.Chunked:
		piece, used, f.done, err = f.chunks.Next(buf)
		if err != nil {
			return nil, used, badResponse(err)
		}
		if t, ok := f.chunks.Trailer(); ok {
			trailer.Add(string(t.Name.Of(buf)), string(t.Value.Of(buf)))
		}
		return piece, used, nil
	}
	n := min(f.left, int64(len(buf)))
	f.left -= n
	f.done = f.left == 0
	return buf[:n], int(n), nil
}
