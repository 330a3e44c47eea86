package stream_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

func isEnd(err error) bool { return errors.Is(err, io.EOF) }

func TestReadUntilAcrossPieces(t *testing.T) {
	everywhere(t, func(p *pair) {
		f := p.far.ReadUntil("\r\n\r\n", 100)
		for _, piece := range []string{"GET", " / HT", "TP\r", "\n", "\r", "\nrest"} {
			p.does(p.near.Write([]byte(piece)))
			if err := p.turn(); err != nil {
				p.t.Error(err)
			}
		}
		p.gets(f, "GET / HTTP\r\n\r\n")
		p.gets(p.far.ReadFull(4), "rest")
	})
}

// Tornado S18, S19, S20: the delimiter may end at the maximum, one that lies
// behind does not count, whether the bytes have come already or not.
func TestReadUntilMaximum(t *testing.T) {
	for _, early := range []bool{false, true} {
		everywhere(t, func(p *pair) {
			send := func(text string) {
				p.near.Write([]byte(text))
				if early {
					p.until("it has come", func() bool { return len(p.far.Buffered()) == len(text) })
				}
			}
			send("abcdef\r\n")
			p.gets(p.far.ReadUntil("\r\n", 8), "abcdef\r\n")
			send("abcdefg\r\nxyz")
			p.refuses(p.far.ReadUntil("\r\n", 8), stream.ErrTooLong)
			p.refuses(p.far.ReadUntil("nothing", 3), stream.ErrTooLong)
			p.gets(p.far.ReadUntil("\r\n", 9), "abcdefg\r\n")
			p.gets(p.far.ReadFull(3), "xyz")
		})
	}
}

// Tornado S11: a delimiter that comes late is searched for in linear time. Here
// bytes that were looked at are replaced by the delimiter, and it must not be
// found there.
func TestReadUntilLooksOnce(t *testing.T) {
	everywhere(t, func(p *pair) {
		f := p.far.ReadUntil("END", 1000)
		p.does(p.near.Write([]byte("0123456789EN")))
		p.until("it has come", func() bool { return len(p.far.Buffered()) == 12 })
		copy(p.far.Buffered(), "END")
		p.does(p.near.Write([]byte("D!")))
		p.gets(f, "END3456789END")
	})
}

// Tornado S06, S10, S13: what came before the end stays readable, and then there
// is the end, again and again.
func TestReadAtEnd(t *testing.T) {
	everywhere(t, func(p *pair) {
		waiting := p.far.ReadFull(5)
		p.near.Write([]byte("abc"))
		p.near.Close()
		p.refuses(waiting, io.ErrUnexpectedEOF)
		p.refuses(p.far.ReadUntil("\n", 100), io.ErrUnexpectedEOF)
		p.gets(p.far.ReadFull(0), "")
		p.gets(p.far.ReadSome(2), "ab")
		p.gets(p.far.ReadSome(2), "c")
		for range 2 {
			p.refuses(p.far.ReadSome(2), io.EOF)
			p.refuses(p.far.ReadFull(1), io.EOF)
			p.refuses(p.far.ReadUntil("\n", 100), io.EOF)
		}
		if !p.far.EOF() || p.far.Closed() {
			p.t.Errorf("EOF %v, Closed %v; want true and false: writing goes on", p.far.EOF(), p.far.Closed())
		}
	})
}

// Tornado S12 (its issue 2717): a delimiter that comes together with the end.
func TestReadUntilTogetherWithEnd(t *testing.T) {
	everywhere(t, func(p *pair) {
		f := p.far.ReadUntil("\r\n", 100)
		p.near.Write([]byte("line\r"))
		if err := p.turn(); err != nil {
			p.t.Error(err)
		}
		p.near.Write([]byte("\n"))
		p.near.Close()
		p.gets(f, "line\r\n")
		p.refuses(p.far.ReadUntil("\r\n", 100), io.EOF)
	})
}

// Tornado S08, S09: what came before a close, and before a reset, can be read
// after it.
func TestReadWhatCameBeforeReset(t *testing.T) {
	everywhere(t, func(p *pair) {
		p.near.Write([]byte("abc"))
		p.until("it has come", func() bool { return len(p.far.Buffered()) == 3 })
		p.near.Abort()
		p.until("far is broken", p.far.Closed)
		p.gets(p.far.ReadFull(2), "ab")
		p.refuses(p.far.ReadFull(2), syscall.ECONNRESET)
		p.gets(p.far.ReadSome(9), "c")
		p.refuses(p.far.ReadSome(9), syscall.ECONNRESET)
	})
}

func TestReadWhileReading(t *testing.T) {
	everywhere(t, func(p *pair) {
		first := p.far.ReadFull(3)
		for _, f := range []*loop.Future[[]byte]{p.far.ReadFull(0), p.far.ReadSome(1), p.far.ReadUntil("x", 1)} {
			p.refuses(f, stream.ErrReading)
		}
		p.near.Write([]byte("abc"))
		p.gets(first, "abc")
	})
}

// A read whose coroutine has stopped waiting takes no bytes away from the next.
func TestReadWithdrawn(t *testing.T) {
	for name, stop := range map[string]func(p *pair, f *loop.Future[[]byte]) error{
		"timeout": func(p *pair, f *loop.Future[[]byte]) error {
			co, cancel := p.co.WithTimeout(time.Millisecond)
			defer cancel()
			_, err := loop.Await(co, f)
			return err
		},
		"cancelled": func(p *pair, f *loop.Future[[]byte]) error {
			co, cancel := p.co.WithCancel()
			p.l.After(time.Millisecond, func() { cancel(io.ErrNoProgress) })
			_, err := loop.Await(co, f)
			if !errors.Is(err, io.ErrNoProgress) {
				p.t.Errorf("got %v, want the cause", err)
			}
			return err
		},
		"future with a timeout": func(p *pair, f *loop.Future[[]byte]) error {
			_, err := loop.Await(p.co, loop.WithTimeout(time.Millisecond, f))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(p *pair) {
				p.does(p.near.Write([]byte("ab")))
				f := p.far.ReadFull(5)
				if err := stop(p, f); err == nil {
					p.t.Error("the read succeeded")
				}
				if _, err := f.Result(); !errors.Is(err, context.Canceled) {
					p.t.Errorf("the read's own future: %v, want it settled", err)
				}
				p.near.Write([]byte("cde"))
				p.gets(p.far.ReadFull(4), "abcd")
				p.gets(p.far.ReadFull(1), "e")
			})
		})
	}
}

// Tornado S02: to read nothing is done at once and disturbs nothing.
func TestReadNothing(t *testing.T) {
	everywhere(t, func(p *pair) {
		if f := p.far.ReadFull(0); !f.Done() {
			p.t.Error("ReadFull(0) waits")
		}
		p.near.Write([]byte("abc"))
		p.gets(p.far.ReadFull(0), "")
		p.gets(p.far.ReadFull(3), "abc")
	})
}

// A read may be larger than what the stream reads ahead.
func TestReadFullLarge(t *testing.T) {
	everywhere(t, func(p *pair) {
		sent := noise(p.size(1 << 20))
		p.near.Write(sent)
		p.near.Write([]byte("tail"))
		got, err := loop.Await(p.co, p.far.ReadFull(len(sent)))
		if err != nil || !bytes.Equal(got, sent) {
			p.t.Errorf("%d bytes of %d, %v", len(got), len(sent), err)
		}
		p.gets(p.far.ReadFull(4), "tail")
	})
}

// Tornado S21: small reads from a large buffer; reading ahead stops in time.
func TestReadSmallPieces(t *testing.T) {
	everywhere(t, func(p *pair) {
		sent := noise(p.size(200 << 10))
		p.near.Write(sent)
		var got []byte
		for len(got) < len(sent) {
			piece, err := loop.Await(p.co, p.far.ReadFull(min(1000, len(sent)-len(got))))
			if err != nil {
				p.t.Fatal(err)
			}
			got = append(got, piece...)
			if n := len(p.far.Buffered()); n > 128<<10 {
				p.t.Fatalf("%d bytes were read ahead", n)
			}
		}
		if !bytes.Equal(got, sent) {
			p.t.Error("the bytes differ")
		}
	})
}

// Tornado S17, S26: reads of all kinds and sizes give the bytes in order, and what
// they gave stays as it is.
func TestReadMixed(t *testing.T) {
	everywhere(t, func(p *pair) {
		sent := noise(p.size(1 << 20))
		p.near.Write(sent)
		p.near.Close()
		r := rand.New(rand.NewPCG(1, uint64(p.window)))
		var pieces [][]byte
		for left := len(sent); left > 0; {
			piece, err := p.readSomehow(r, left)
			if errors.Is(err, stream.ErrTooLong) || errors.Is(err, io.ErrUnexpectedEOF) {
				continue // nothing was taken
			}
			if err != nil {
				p.t.Fatal(err)
			}
			pieces = append(pieces, piece)
			left -= len(piece)
		}
		if !bytes.Equal(bytes.Join(pieces, nil), sent) {
			p.t.Error("the bytes differ")
		}
		p.refuses(p.far.ReadSome(1), io.EOF)
	})
}

func (p *pair) readSomehow(r *rand.Rand, left int) ([]byte, error) {
	n := 1 + r.IntN(min(left, 1<<r.IntN(18)))
	var f *loop.Future[[]byte]
	switch r.IntN(3) {
	case 0:
		f = p.far.ReadFull(n)
	case 1:
		f = p.far.ReadSome(n)
	default:
		f = p.far.ReadUntil(string([]byte{byte(r.IntN(256))}), n)
	}
	got, err := loop.Await(p.co, f)
	if len(got) > n {
		p.t.Errorf("got %d bytes, asked for %d", len(got), n)
	}
	return got, err
}

// A read that is done at once needs no iteration (Tornado's inline reads).
func TestReadInline(t *testing.T) {
	everywhere(t, func(p *pair) {
		p.near.Write([]byte("line\nmore"))
		p.until("it has come", func() bool { return len(p.far.Buffered()) == 9 })
		if f := p.far.ReadUntil("\n", 10); !f.Done() {
			p.t.Error("the read waits for what is there")
		}
	})
}

func TestReadAfterClose(t *testing.T) {
	everywhere(t, func(p *pair) {
		p.near.Write([]byte("abc"))
		p.until("it has come", func() bool { return len(p.far.Buffered()) == 3 })
		p.far.Close()
		p.refuses(p.far.ReadFull(1), stream.ErrClosed)
		p.refuses(p.far.ReadFull(1), net.ErrClosed)
		if b := p.far.Buffered(); b != nil {
			p.t.Errorf("%q is still there", b)
		}
	})
}

func TestReadMistakes(t *testing.T) {
	sites()[0].run(t, func(p *pair) {
		for name, mistake := range map[string]func(){
			"empty delimiter": func() { p.far.ReadUntil("", 10) },
			"negative number": func() { p.far.ReadFull(-1) },
			"no bytes":        func() { p.far.ReadSome(0) },
			"discard":         func() { p.far.Discard(1) },
			"negative":        func() { p.far.Discard(-1) },
		} {
			if msg := panicOf(mistake); !strings.HasPrefix(msg, "stream: ") {
				p.t.Errorf("%s: panic %q", name, msg)
			}
		}
		p.far.Discard(0)
	})
}

func panicOf(f func()) (msg string) {
	defer func() { msg, _ = recover().(string) }()
	f()
	return ""
}
