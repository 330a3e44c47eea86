package stream_test

import (
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

var (
	blankLine   = regexp.MustCompile(`\r?\n\r?\n`)
	blankOrLine = regexp.MustCompile(`\r?\n`)
)

func TestReadUntilRegexp(t *testing.T) {
	everywhere(t, func(p *pair) {
		f := p.far.ReadUntilRegexp(blankLine, 100)
		for _, piece := range []string{"GET", " / HT", "TP\r", "\n", "\n", "rest"} {
			p.does(p.near.Write([]byte(piece)))
			if err := p.turn(); err != nil {
				p.t.Error(err)
			}
		}
		p.gets(f, "GET / HTTP\r\n\n")
		p.gets(p.far.ReadFull(4), "rest")
	})
}

// Tornado S18, S19, S20 for regexps: the match may end at the maximum, one that lies
// behind does not count, whether the bytes have come already or not.
func TestReadUntilRegexpMaximum(t *testing.T) {
	for _, early := range []bool{false, true} {
		everywhere(t, func(p *pair) {
			send := func(text string) {
				p.near.Write([]byte(text))
				if early {
					p.until("it has come", func() bool { return len(p.far.Buffered()) == len(text) })
				}
			}
			send("abcdef\n\n")
			p.gets(p.far.ReadUntilRegexp(blankLine, 8), "abcdef\n\n")
			send("abcdefg\n\nxyz")
			p.refuses(p.far.ReadUntilRegexp(blankLine, 8), stream.ErrTooLong)
			p.refuses(p.far.ReadUntilRegexp(blankLine, -1), stream.ErrTooLong)
			p.gets(p.far.ReadUntilRegexp(blankLine, 9), "abcdefg\n\n")
			p.gets(p.far.ReadUntilRegexp(regexp.MustCompile("xy.?"), 2), "xy")
			p.gets(p.far.ReadFull(1), "z")
		})
	}
}

// What matches first is taken, although more could make the match longer.
func TestReadUntilRegexpFirstMatch(t *testing.T) {
	looking(t, "a+", func(p *pair, feed func(string), f *loop.Future[[]byte]) {
		feed("xa")
		feed("aa")
		p.gets(f, "xa")
	})
}

// looking runs body while a stream on a script looks for re. feed has bytes come, in
// one piece, and no time passes.
func looking(t *testing.T, re string, body func(p *pair, feed func(string), f *loop.Future[[]byte])) {
	tr := &script{}
	follow(t, tr, func(p *pair, s *stream.Stream) {
		p.near, p.far = s, s
		body(p, func(text string) {
			tr.reads = append(tr.reads, step{data: text})
			tr.h.Ready(loop.Readable)
		}, s.ReadUntilRegexp(regexp.MustCompile(re), 100_000))
	})
}

// Bytes that trickle in are not searched each time: in the bytes that were looked at
// a match is put, and must not be found before they have doubled, or before they have
// had their time, or the last has come.
func TestReadUntilRegexpLooksSeldom(t *testing.T) {
	for name, last := range map[string]func(p *pair, feed func(string)){
		"doubled": func(p *pair, feed func(string)) {
			for range 1024 - 1001 {
				feed("x")
			}
		},
		"in time": func(p *pair, feed func(string)) {
			if err := loop.Sleep(p.co, 1001*time.Microsecond); err != nil {
				p.t.Error(err)
			}
		},
		"at the end": func(p *pair, feed func(string)) {
			tr := stream.TransportOf(p.far).(*script)
			tr.reads = append(tr.reads, step{err: io.EOF})
			tr.h.Ready(loop.Readable)
		},
		"at the maximum": func(p *pair, feed func(string)) { feed(strings.Repeat("x", 100_000-1001)) },
	} {
		t.Run(name, func(t *testing.T) {
			looking(t, "E.D", func(p *pair, feed func(string), f *loop.Future[[]byte]) {
				for range 1000 {
					feed("x")
				}
				copy(p.far.Buffered(), "END")
				feed("x")
				planned := stream.SearchPlanned(p.far)
				if f.Done() || !planned() {
					t.Fatal("the bytes were searched once more")
				}
				last(p, feed)
				if !f.Done() {
					t.Error("the bytes were not searched")
				}
				p.gets(f, "END")
				if planned() {
					t.Error("the timer was left behind")
				}
			})
		})
	}
}

// A slow sender is answered at once.
func TestReadUntilRegexpSlowly(t *testing.T) {
	looking(t, "END", func(p *pair, feed func(string), f *loop.Future[[]byte]) {
		for _, piece := range []string{"0123456789", "E", "N", "D"} {
			if err := loop.Sleep(p.co, time.Millisecond); err != nil {
				t.Error(err)
			}
			feed(piece)
		}
		if !f.Done() {
			t.Error("it waits")
		}
		p.gets(f, "0123456789END")
	})
}

// A read that comes to nothing has no timer either.
func TestReadUntilRegexpLeavesNoTimer(t *testing.T) {
	for name, end := range map[string]func(p *pair, f *loop.Future[[]byte]){
		"withdrawn": func(p *pair, f *loop.Future[[]byte]) {
			co, cancel := p.co.WithCancel()
			cancel(nil)
			_, _ = loop.Await(co, f)
		},
		"abort": func(p *pair, f *loop.Future[[]byte]) { p.far.Abort() },
		"close": func(p *pair, f *loop.Future[[]byte]) { p.far.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			looking(t, "END", func(p *pair, feed func(string), f *loop.Future[[]byte]) {
				feed("0123456789")
				feed("0")
				pending := stream.SearchPlanned(p.far)
				if !pending() {
					t.Error("no search is planned")
				}
				end(p, f)
				if !f.Done() || pending() {
					t.Errorf("done %v, the timer runs %v", f.Done(), pending())
				}
			})
		})
	}
}

// Tornado S11: multi-byte delimiters that trickle in are searched for in linear time.
func TestReadUntilTrickle(t *testing.T) {
	tr := &script{}
	follow(t, tr, func(p *pair, s *stream.Stream) {
		f := s.ReadUntil("\r\n\r\n", 100_000)
		feed := func(text string) {
			for i := range len(text) {
				tr.reads = append(tr.reads, step{data: text[i : i+1]})
				tr.h.Ready(loop.Readable)
			}
		}
		feed(strings.Repeat("\r\n\r", 300))
		copy(s.Buffered(), "\r\n\r\n") // it has been there
		feed("\r\n\r")
		if f.Done() {
			t.Fatal("bytes were searched twice")
		}
		feed("\n")
		p.gets(f, "\r\n\r\n"+strings.Repeat("\r\n\r", 300)[4:]+"\r\n\r\n")
	})
}
