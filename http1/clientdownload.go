package http1

import (
	"crypto/rand"
	"fmt"
	"io"
	"os"

	"github.com/zonda-go/zonda/loop"
)

// Download asks as Open does, and puts the body into the file path, which it makes or
// replaces. All that touches the disk runs off the loop. The file appears when the body
// is whole; until then the bytes are in one beside it, which an error removes. The
// response has no body then; r.OnProgress says how far it is. What is long needs more
// than the 20 s of Timeouts.Whole, and more than the 100 MiB of MaxBody.
func (c *Client) Download(co *loop.Co, r *ClientRequest, path string) (*Response, error) {
	if err := withoutUpgrade(r); err != nil {
		return nil, err
	}
	res, err := c.Open(co, r)
	if err != nil {
		return nil, err
	}
	defer res.Stream.Close()
	res.Stream.co = co
	part := fmt.Sprintf("%s.%s.part", path, rand.Text()[:8])
	l := co.Loop()
	f, err := offload(l, func() (*os.File, error) {
		return os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	})
	if err != nil {
		return nil, err
	}
	err = saveBody(l, f, res.Stream)
	if err == nil {
		_, err = offload(l, func() (none struct{}, err error) {
			if err = f.Close(); err == nil {
				err = os.Rename(part, path)
			}
			return none, err
		})
	}
	if err != nil {
		removePart(l, f)
		return nil, err
	}
	res.Timing.Total = l.Now().Sub(res.Timing.Start)
	return res, nil
}

func saveBody(l *loop.Loop, f *os.File, body io.Reader) error {
	room := make([]byte, bodyRoom)
	for {
		n, err := io.ReadFull(body, room)
		if n > 0 {
			if _, err := offload(l, func() (int, error) { return f.Write(room[:n]) }); err != nil {
				return err
			}
		}
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF: // of ReadFull: the body has ended
			return nil
		case err != nil:
			return err
		}
	}
}

// removePart removes what is left of a download. Where nobody can wait for that, because
// the loop is being closed, it happens all the same.
func removePart(l *loop.Loop, f *os.File) {
	remove := func() (none struct{}, _ error) {
		_ = f.Close() // it may have been closed
		_ = os.Remove(f.Name())
		return none, nil
	}
	if _, err := offload(l, remove); err != nil {
		go func() { _, _ = remove() }()
	}
}
