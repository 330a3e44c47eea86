package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

const (
	alphabet = "abcdefghijklmnopqrstuvwxyz"
	// pieceSize is how much is written at a time.
	pieceSize = 64 << 10
	// crowded is the pause after which a client is tried again, when all of its loop
	// together leave too much unread.
	crowded = 20 * time.Millisecond
)

// A blob is size bytes that are sent to each client: byte i is 'a'+i%26. All loops use
// the same one, and nothing changes it.
type blob struct {
	size    int64
	idle    time.Duration
	pattern []byte // from which each piece is cut
}

func newBlob(o *options) *blob {
	return &blob{
		size:    o.blob,
		idle:    o.idle,
		pattern: bytes.Repeat([]byte(alphabet), pieceSize/len(alphabet)+2),
	}
}

// send serves one client. What that sends is left unread, up to the end: Close sees to
// it that it does no harm.
func (b *blob) send(co *loop.Co, s *stream.Stream) error {
	if b.idle > 0 {
		endStalled(s, b.idle)
	}
	client := name(s)
	sent, err := b.write(co, s)
	line := fmt.Sprintf("tcpecho: %s: sent %d bytes, error: %v", client, sent, err)
	// The client may be gone, or the server ending, and then nothing else would wait.
	printed := loop.Shield(co, time.Second, func(co *loop.Co) error {
		_, err := loop.Await(co, report(s.Loop(), os.Stdout, line))
		return err
	})
	return errors.Join(err, printed)
}

// write writes piece by piece, and each only when the system has taken the one before:
// so a client that is slow costs the memory of one. sent counts whole pieces. To close
// behind the last one delivers it, and gives the error that may come only then.
func (b *blob) write(co *loop.Co, s *stream.Stream) (sent int64, err error) {
	for sent < b.size {
		taken, err := b.put(co, s, b.piece(sent))
		if err != nil {
			return sent, err
		}
		if b.size-sent <= pieceSize {
			s.Close()
		}
		if _, err := loop.Await(co, taken); err != nil {
			return sent, err
		}
		sent = min(sent+pieceSize, b.size)
		if err := loop.Yield(co); err != nil { // others have their turn, also if this one is fast
			return sent, err
		}
	}
	_, err = loop.Await(co, s.Close())
	return sent, err
}

// put writes p once it is let in.
func (b *blob) put(co *loop.Co, s *stream.Stream, p []byte) (*loop.Future[struct{}], error) {
	for {
		taken := s.Write(p)
		if !taken.Done() {
			return taken, nil
		}
		if _, err := taken.Result(); !errors.Is(err, stream.ErrBufferFull) {
			return taken, nil
		}
		if err := loop.Sleep(co, crowded); err != nil {
			return nil, err
		}
	}
}

// piece is what is sent from byte i on.
func (b *blob) piece(i int64) []byte {
	return b.pattern[i%int64(len(alphabet)):][:min(b.size-i, pieceSize)]
}
