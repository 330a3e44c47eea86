package stream_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// runs is how many random programs are tried.
func runs() int {
	if os.Getenv("ZONDA_DEEP") != "" {
		return 10_000
	}
	return 200
}

// A model is both directions of a connection, each with a list of what is written and
// of how it is read.
type model struct {
	l       *loop.Loop
	file    *os.File
	content []byte
	sides   [2]*side
	limit   int
}

// A side writes what the other reads.
type side struct {
	s     *stream.Stream
	wrote []byte // what was taken, and so must arrive
	read  []byte
}

// An act is one step of a program, which is drawn before it runs.
type act struct {
	kind string
	n    int
	rest int
}

// Random writes of all kinds in both directions, with reads of all kinds, cancelled
// ones among them, and half-closes: the bytes arrive, in order, and what is kept stays
// bounded.
func TestModel(t *testing.T) {
	t.Run("pipe", func(t *testing.T) {
		testModel(t, func(co *loop.Co, window int) (a, b stream.Transport, err error) {
			a, b = looptest.Pipe(window)
			return a, b, nil
		})
	})
	t.Run("slow network", func(t *testing.T) {
		testModel(t, func(co *loop.Co, window int) (a, b stream.Transport, err error) {
			n := &looptest.Network{Window: window, Faults: looptest.Faults{
				Delay:      looptest.Span{Max: 5 * time.Millisecond},
				ShortReads: 0.3, ShortWrites: 0.3,
			}}
			return transportPair(co, n, "tcp", "10.0.0.1:1")
		})
	})
}

// pairing makes a connection that holds window bytes in each direction.
type pairing func(co *loop.Co, window int) (a, b stream.Transport, err error)

func testModel(t *testing.T, pair pairing) {
	looptest.NoLeaks(t)
	content := noise(100_000)
	f := onDisk(t, content)
	bites := map[string]int{}
	// Not Check: here the tier says how many, and the number of a program draws it
	// again.
	programs, i := rapid.Custom(drawPlan), 0
	defer func() {
		if t.Failed() {
			t.Logf("program %d: %+v", i, programs.Example(i))
		}
	}()
	for ; i < runs(); i++ {
		runPlan(t, programs.Example(i), pair, f, content, bites)
	}
	for _, what := range []string{"write", "writev", "file", "full", "some", "until", "regexp", "into", "someinto", "cancelled", "refused", "queued"} {
		if bites[what] == 0 {
			t.Errorf("%q never happened", what)
		}
	}
}

// plan is a program: what each side writes, and how each reads.
type plan struct {
	window int
	writes [2][]act
	reads  [2][]act
}

func drawPlan(t *rapid.T) *plan {
	p := &plan{window: rapid.SampledFrom([]int{1, 3, 50, 1000}).Draw(t, "window")}
	most := p.window * 20
	for side := range 2 {
		p.writes[side] = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) act {
			return act{
				kind: rapid.SampledFrom([]string{"write", "writev", "file", "wait"}).Draw(t, "write"),
				n:    rapid.IntRange(0, most).Draw(t, "n"),
				rest: rapid.IntRange(0, 5).Draw(t, "rest"),
			}
		}), 0, 12).Draw(t, "writes")
		p.reads[side] = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) act {
			return act{
				kind: rapid.SampledFrom([]string{"full", "some", "until", "regexp", "into", "someinto", "cancelled"}).Draw(t, "read"),
				n:    rapid.IntRange(1, most).Draw(t, "n"),
				rest: rapid.IntRange(0, 5).Draw(t, "rest"),
			}
		}), 0, 12).Draw(t, "reads")
	}
	return p
}

func runPlan(t *testing.T, p *plan, pair pairing, f *os.File, content []byte, bites map[string]int) {
	looptest.Run(t, func(co *loop.Co) error {
		m := &model{l: co.Loop(), file: f, content: content, limit: 40 * p.window}
		a, b, err := pair(co, p.window)
		if err != nil {
			return err
		}
		for i, tr := range []stream.Transport{a, b} {
			s, err := stream.New(m.l, tr)
			if err != nil {
				return err
			}
			defer s.Abort()
			s.SetWriteLimits(stream.WriteLimits{Queue: m.limit, High: 2 * p.window, Low: p.window, Stall: -1})
			m.sides[i] = &side{s: s}
		}
		var all []*loop.Future[int]
		for i := range 2 {
			all = append(all,
				loop.Go(co, func(co *loop.Co) (int, error) { return 0, m.write(co, m.sides[i], p.writes[i], bites) }),
				loop.Go(co, func(co *loop.Co) (int, error) { return 0, m.readAll(co, m.sides[i], p.reads[i], bites) }))
		}
		if _, err := loop.Await(co, loop.All(m.l, all...)); err != nil {
			return err
		}
		return m.check()
	})
}

func (m *model) check() error {
	for i, x := range m.sides {
		if y := m.sides[1-i]; !bytes.Equal(x.wrote, y.read) {
			return fmt.Errorf("side %d wrote %d bytes, the other read %d, or other ones", i, len(x.wrote), len(y.read))
		}
		if !x.s.Closed() {
			return errors.New("both sides have ended, and the stream has not")
		}
	}
	if n := stream.LoopUnsent(m.l); n != 0 {
		return fmt.Errorf("%d bytes are counted", n)
	}
	return nil
}

// write does what the program says, waits for all of it, and ends its side.
func (m *model) write(co *loop.Co, x *side, acts []act, bites map[string]int) error {
	var writes []*loop.Future[struct{}]
	var files []*loop.Future[int64]
	from := len(m.content) / 2
	for _, a := range acts {
		bites[a.kind]++
		piece := m.content[from : from+a.n]
		switch a.kind {
		case "write", "writev":
			f := x.s.Write
			if a.kind == "writev" {
				f = func(p []byte) *loop.Future[struct{}] { return x.s.WriteV(p[:len(p)/3], nil, p[len(p)/3:]) }
			}
			w := f(piece)
			if _, err := w.Result(); errors.Is(err, stream.ErrBufferFull) {
				bites["refused"]++
				break
			}
			writes = append(writes, w)
			x.wrote = append(x.wrote, piece...)
		case "file":
			files = append(files, x.s.Sendfile(m.file, int64(from), int64(a.n), nil))
			if _, err := files[len(files)-1].Result(); errors.Is(err, stream.ErrBufferFull) {
				files = files[:len(files)-1]
				break
			}
			x.wrote = append(x.wrote, piece...)
		case "wait":
			if _, err := loop.Await(co, x.s.Writable()); err != nil {
				return err
			}
		}
		from = (from + a.n) % (len(m.content) / 2)
		if x.s.Unsent() > 0 {
			bites["queued"]++
		}
		// Of a file 64 KiB may lie there besides.
		if n := x.s.Unsent(); n > m.limit+64<<10 {
			return fmt.Errorf("%d bytes wait", n)
		}
		if err := m.rest(co, a.rest); err != nil {
			return err
		}
	}
	if err := x.s.CloseWrite(); err != nil {
		return err
	}
	if _, err := loop.Await(co, loop.All(m.l, writes...)); err != nil {
		return err
	}
	_, err := loop.Await(co, loop.All(m.l, files...))
	return err
}

func (m *model) rest(co *loop.Co, turns int) error {
	for range turns {
		if err := loop.Yield(co); err != nil {
			return err
		}
	}
	return nil
}

var anyZero = regexp.MustCompile("\x00.")

// readAll does what the program says, and then reads the rest.
func (m *model) readAll(co *loop.Co, x *side, acts []act, bites map[string]int) error {
	for _, a := range acts {
		bites[a.kind]++
		err := x.readOnce(co, a)
		switch {
		case err == nil, errors.Is(err, stream.ErrTooLong), errors.Is(err, errEnough):
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		default:
			return fmt.Errorf("%s: %w", a.kind, err)
		}
		if n := len(x.s.Buffered()); n > 128<<10 {
			return fmt.Errorf("%d bytes are kept", n)
		}
		if err := m.rest(co, a.rest); err != nil {
			return err
		}
	}
	got, err := loop.Await(co, x.s.ReadUntilClose(1<<30))
	x.read = append(x.read, got...)
	return err
}

var errEnough = errors.New("enough of waiting")

func (x *side) readOnce(co *loop.Co, a act) error {
	var got []byte
	var err error
	switch a.kind {
	case "full":
		got, err = loop.Await(co, x.s.ReadFull(a.n))
	case "some":
		got, err = loop.Await(co, x.s.ReadSome(a.n))
	case "until":
		got, err = loop.Await(co, x.s.ReadUntil("\x00", a.n))
	case "regexp":
		got, err = loop.Await(co, x.s.ReadUntilRegexp(anyZero, a.n))
	case "into", "someinto":
		p := make([]byte, a.n)
		f := x.s.ReadInto
		if a.kind == "someinto" {
			f = x.s.ReadSomeInto
		}
		var n int
		n, err = loop.Await(co, f(p))
		got = p[:n]
	case "cancelled":
		co, cancel := co.WithCancel()
		co.Loop().Call(func() { cancel(errEnough) })
		p := make([]byte, a.n)
		var n int
		n, err = loop.Await(co, x.s.ReadInto(p))
		got = p[:n]
	}
	x.read = append(x.read, got...)
	return err
}
