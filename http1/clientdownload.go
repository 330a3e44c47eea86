package http1

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/zonda-go/zonda/loop"
)

// Download asks as Open does, and puts the body into the file path, which it makes or
// replaces. All that touches the disk runs off the loop. The file appears when the body
// is whole; until then the bytes are in one beside it, which an error removes. The
// response has no body then; r.OnProgress says how far it is. What is long needs more
// than the 20 s of Timeouts.Whole, and more than the 100 MiB of MaxBody.
func (c *Client) Download(co *loop.Co, r *ClientRequest, path string) (*Response, error) {
	res, err := c.Open(co, r)
	if err != nil {
		return nil, err
	}
	defer res.Stream.Close()
	part := fmt.Sprintf("%s.%s.part", path, rand.Text()[:8])
	f, err := onDisk(co, func() (*os.File, error) {
		return os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	})
	if err != nil {
		return nil, err
	}
	if err := saveBody(co, f, res.Stream); err != nil {
		removePart(co, f)
		return nil, err
	}
	if _, err := onDisk(co, func() (none struct{}, err error) {
		if err = f.Close(); err == nil {
			err = os.Rename(part, path)
		}
		return none, err
	}); err != nil {
		removePart(co, f)
		return nil, err
	}
	res.Timing.Total = co.Loop().Now().Sub(res.Timing.Start)
	return res, nil
}

// onDisk runs fn off the loop. It cannot be interrupted; if co is cancelled, fn has begun
// or never will.
func onDisk[T any](co *loop.Co, fn func() (T, error)) (T, error) {
	return loop.Await(co, loop.Offload(co.Loop(), func(context.Context) (T, error) { return fn() }))
}

func saveBody(co *loop.Co, f *os.File, body io.Reader) error {
	room := make([]byte, bodyRoom)
	for {
		n, err := io.ReadFull(body, room)
		if n > 0 {
			if _, err := onDisk(co, func() (int, error) { return f.Write(room[:n]) }); err != nil {
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
func removePart(co *loop.Co, f *os.File) {
	remove := func() (none struct{}, err error) {
		_ = f.Close() // it may have been closed
		if err = os.Remove(f.Name()); os.IsNotExist(err) {
			err = nil
		}
		return none, err
	}
	err := loop.Shield(co, 0, func(co *loop.Co) error {
		_, err := onDisk(co, remove)
		return err
	})
	if err != nil && !isPathError(err) {
		go func() { _, _ = remove() }()
	}
}

func isPathError(err error) bool {
	_, ok := err.(*fs.PathError)
	return ok
}
