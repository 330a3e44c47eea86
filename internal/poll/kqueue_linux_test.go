package poll

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A script is a queue that records the changes and plays the events it was given.
type script struct {
	refuse  map[string]error // by the text of the change
	changes []string
	replies []reply // of wait, in this order; then nothing comes any more
	asked   []time.Duration
	sizes   []int
}

type reply struct {
	events []kev
	err    error
}

func (s *script) change(c kev) error {
	text := fmt.Sprintf("%s%d %s", map[uint32]string{
		evAdd: "+", evDelete: "-", evAdd | evClear: "+!", 0: "!",
	}[c.flags], c.ident, [...]string{"read", "write", "user"}[c.filter])
	s.changes = append(s.changes, text)
	err := s.refuse[text]
	if err == unix.EINTR {
		delete(s.refuse, text) // once
	}
	return err
}

func (s *script) wait(events []kev, timeout time.Duration) (int, error) {
	s.asked = append(s.asked, timeout)
	s.sizes = append(s.sizes, len(events))
	if len(s.replies) == 0 {
		if timeout < 0 {
			panic("the backend sleeps for ever, and the script has ended")
		}
		return 0, nil
	}
	r := s.replies[0]
	s.replies = s.replies[1:]
	return copy(events, r.events), r.err
}

func (s *script) close() error { return nil }

// scripted opens the backend on a script; a and b are descriptors it can use.
func scripted(t *testing.T) (p Poller, s *script, a, b int) {
	t.Helper()
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	s = &script{refuse: make(map[string]error)}
	p, err := newKqueue(s, s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Close()
		unix.Close(fds[0])
		unix.Close(fds[1])
	})
	s.expect(t, "open", "+!0 user")
	return p, s, fds[0], fds[1]
}

// expect compares the changes since it was called last; %d's have been filled in.
func (s *script) expect(t *testing.T, what string, changes ...string) {
	t.Helper()
	if !slices.Equal(s.changes, changes) {
		t.Errorf("%s: changes %q, want %q", what, s.changes, changes)
	}
	s.changes = nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestKqueueChanges(t *testing.T) {
	p, s, a, _ := scripted(t)
	read, write := fmt.Sprintf("%d read", a), fmt.Sprintf("%d write", a)
	must(t, p.Add(a, Readable|Writable, 1))
	s.expect(t, "add both", "+"+read, "+"+write)
	must(t, p.Modify(a, Readable|Writable, 2))
	s.expect(t, "another token")
	must(t, p.Modify(a, Writable, 2))
	s.expect(t, "no reading", "-"+read)
	must(t, p.Modify(a, Readable, 2))
	s.expect(t, "the other one", "+"+read, "-"+write)
	must(t, p.Modify(a, 0, 2))
	s.expect(t, "nothing", "-"+read)
	must(t, p.Remove(a))
	s.expect(t, "remove from nothing")
	must(t, p.Add(a, 0, 3))
	s.expect(t, "add nothing")
	must(t, p.Modify(a, Readable|Writable, 3))
	s.expect(t, "both again", "+"+read, "+"+write)
	must(t, p.Remove(a))
	s.expect(t, "remove both", "-"+read, "-"+write)
}

// What the kernel would replace or could not know, the backend must refuse itself.
func TestKqueueRefusesItself(t *testing.T) {
	p, s, a, _ := scripted(t)
	must(t, p.Add(a, Readable, 1))
	s.changes = nil
	for _, c := range []struct {
		what string
		err  error
		want error
	}{
		{"a second Add", p.Add(a, Writable, 2), fs.ErrExist},
		{"Modify of a stranger", p.Modify(a+1, Readable, 2), fs.ErrNotExist},
		{"Remove of a stranger", p.Remove(a + 1), fs.ErrNotExist},
		{"Remove of -1", p.Remove(-1), fs.ErrNotExist},
		{"Add of nothing for -1", p.Add(-1, 0, 2), unix.EBADF},
		{"Add of nothing for a number that is not open", p.Add(1<<20, 0, 2), unix.EBADF},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, want %v", c.what, c.err, c.want)
		}
	}
	s.expect(t, "all that was refused")
}

func TestKqueueChangeFails(t *testing.T) {
	p, s, _, b := scripted(t)
	read, write := fmt.Sprintf("%d read", b), fmt.Sprintf("%d write", b)
	s.refuse["+"+write] = unix.EPIPE
	if err := p.Add(b, Readable|Writable, 1); !errors.Is(err, unix.EPIPE) {
		t.Errorf("Add = %v, want EPIPE", err)
	}
	s.expect(t, "Add takes back what it did", "+"+read, "+"+write, "-"+read)
	if err := p.Remove(b); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a descriptor whose Add failed is registered: Remove = %v", err)
	}

	must(t, p.Add(b, Readable, 1))
	s.changes = nil
	if err := p.Modify(b, Writable, 2); !errors.Is(err, unix.EPIPE) {
		t.Errorf("Modify = %v, want EPIPE", err)
	}
	s.expect(t, "Modify leaves the old filter", "+"+write)
	s.replies = []reply{{events: []kev{{ident: uint64(b), filter: filterRead}}}}
	wantEvents(t, p, Event{1, Readable})
}

// Deleting comes too late when the file was closed. The systems have several words
// for that; a signal is none of them.
func TestKqueueDeleteFails(t *testing.T) {
	for _, errno := range []error{unix.ENOENT, unix.EBADF, unix.Errno(93)} {
		p, s, a, _ := scripted(t)
		must(t, p.Add(a, Readable|Writable, 1))
		s.changes = nil
		read, write := fmt.Sprintf("-%d read", a), fmt.Sprintf("-%d write", a)
		s.refuse[read] = errno
		s.refuse[write] = unix.EINTR
		if err := p.Remove(a); err != nil {
			t.Errorf("Remove = %v after %v", err, errno)
		}
		s.expect(t, "remove", read, write, write)
	}
}

// wantEvents looks, and asks for exactly these events.
func wantEvents(t *testing.T, p Poller, want ...Event) {
	t.Helper()
	var dst [8]Event
	n, err := p.Wait(dst[:], 0)
	if err != nil || !slices.Equal(dst[:n], want) {
		t.Errorf("Wait = %v, %v, want %v", dst[:n], err, want)
	}
}

func TestKqueueTranslation(t *testing.T) {
	for _, c := range []struct {
		name   string
		ask    Events
		events []kev // of descriptor 0, which stands for the one there is
		want   Events
	}{
		{"read", Readable, []kev{{filter: filterRead, data: 5}}, Readable},
		{"write", Writable, []kev{{filter: filterWrite}}, Writable},
		{"both are one", Readable | Writable, []kev{{filter: filterWrite}, {filter: filterRead}}, Readable | Writable},
		{"end of input", Readable, []kev{{filter: filterRead, flags: evEOF}}, Readable},
		{"reset", Readable, []kev{{filter: filterRead, flags: evEOF, fflags: uint32(unix.ECONNRESET)}}, Readable | Failed},
		{"shut", Writable, []kev{{filter: filterWrite, flags: evEOF}}, Writable | Failed},
		{"refused connect", Writable, []kev{{filter: filterWrite, flags: evEOF, fflags: uint32(unix.ECONNREFUSED)}}, Writable | Failed},
		{"all at once", Readable | Writable, []kev{
			{filter: filterRead, flags: evEOF}, {filter: filterWrite, flags: evEOF}}, Readable | Writable | Failed},
		{"broken filter", Readable, []kev{{filter: filterRead, flags: evError, data: int64(unix.EIO)}}, Failed},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, s, a, _ := scripted(t)
			must(t, p.Add(a, c.ask, 7))
			for i := range c.events {
				c.events[i].ident = uint64(a)
			}
			s.replies = []reply{{events: c.events}}
			wantEvents(t, p, Event{7, c.want})
		})
	}
}

// Events that belong to no registration, or to none that asks for them, are
// dropped, and their filters deleted.
func TestKqueueStaleEvents(t *testing.T) {
	p, s, a, b := scripted(t)
	must(t, p.Add(a, Readable, 1))
	must(t, p.Add(b, Readable, 2))
	must(t, p.Remove(a))
	s.changes = nil
	stale := []kev{
		{ident: uint64(a), filter: filterRead},
		{ident: uint64(b), filter: filterWrite},
		{ident: 1 << 40, filter: filterRead},
	}
	want := []string{fmt.Sprintf("-%d read", a), fmt.Sprintf("-%d write", b), "-1099511627776 read"}

	s.replies = []reply{{events: append(stale, kev{ident: uint64(b), filter: filterRead})}}
	wantEvents(t, p, Event{2, Readable})
	s.expect(t, "stale events", want...)

	// With nothing else, a look looks again: they may have taken all the places.
	s.replies = []reply{{events: stale}, {events: []kev{{ident: uint64(b), filter: filterRead}}}}
	wantEvents(t, p, Event{2, Readable})
	s.expect(t, "stale events alone", want...)

	// The number's next registration gets its own events under its own token.
	must(t, p.Add(a, Readable, 3))
	s.replies = []reply{{events: stale[:1]}}
	wantEvents(t, p, Event{3, Readable})
}

func TestKqueueInterrupted(t *testing.T) {
	p, s, a, _ := scripted(t)
	must(t, p.Add(a, Readable, 1))
	ready := reply{events: []kev{{ident: uint64(a), filter: filterRead}}}
	s.replies = []reply{{err: unix.EINTR}, ready}
	wantEvents(t, p, Event{1, Readable})

	var dst [1]Event
	for _, d := range []time.Duration{-1, time.Hour} {
		s.asked = nil
		s.replies = []reply{{err: unix.EINTR}, {err: unix.ETIMEDOUT}, {}, ready}
		if n, err := p.Wait(dst[:], d); n != 1 || err != nil {
			t.Errorf("Wait(%v) = %d, %v, want the event after the interruptions", d, n, err)
		}
		if len(s.asked) != 4 {
			t.Errorf("Wait(%v) makes %d calls, want 4", d, len(s.asked))
		}
		for i, got := range s.asked {
			if (got < 0) != (d < 0) || got > d || i > 0 && got > s.asked[i-1] {
				t.Errorf("Wait(%v) calls kevent with %v, which is not what is left", d, s.asked)
			}
		}
	}

	s.replies = []reply{{err: unix.ENOMEM}}
	if _, err := p.Wait(dst[:], -1); !errors.Is(err, unix.ENOMEM) {
		t.Errorf("Wait = %v, want ENOMEM", err)
	}
}

// A dst that is too short for all is all that the kernel is asked to fill, and the
// waker's event in it makes a look look again.
func TestKqueueShortDst(t *testing.T) {
	p, s, a, b := scripted(t)
	must(t, p.Add(a, Readable, 1))
	must(t, p.Add(b, Writable, 2))
	s.replies = []reply{
		{events: []kev{{filter: filterUser, flags: evClear}}},
		{events: []kev{{ident: uint64(b), filter: filterWrite}}},
	}
	var dst [1]Event
	n, err := p.Wait(dst[:], 0)
	if n != 1 || err != nil || dst[0] != (Event{2, Writable}) {
		t.Errorf("Wait = %v, %v, want token 2", dst[:n], err)
	}
	if !slices.Equal(s.sizes, []int{1, 1}) {
		t.Errorf("kevent may bring %v events, dst takes 1", s.sizes)
	}
	if _, err := p.Wait(make([]Event, 4*kqueueEvents), 0); err != nil {
		t.Error(err)
	}
	if got := s.sizes[len(s.sizes)-1]; got != 4*kqueueEvents {
		t.Errorf("kevent may bring %d events, dst takes %d", got, 4*kqueueEvents)
	}
}

// One trigger stands for all Wakes until the sleeper has run, and the rest of one
// that was seen without its event does not end a later sleep.
func TestKqueueWake(t *testing.T) {
	p, s, a, _ := scripted(t)
	must(t, p.Add(a, Readable, 1))
	s.changes = nil
	p.Wake()
	p.Wake()
	s.expect(t, "two Wakes", "!0 user")
	var dst [1]Event
	if n, err := p.Wait(dst[:], -1); n != 0 || err != nil {
		t.Errorf("Wait = %d, %v, want the Wake alone", n, err)
	}
	rest := reply{events: []kev{{filter: filterUser, flags: evClear}}}
	s.replies = []reply{rest, {events: []kev{{ident: uint64(a), filter: filterRead}}}}
	if n, err := p.Wait(dst[:], -1); n != 1 || err != nil {
		t.Errorf("Wait = %d, %v, want the event that came after the rest of a Wake", n, err)
	}
	s.changes = nil
	p.Wake()
	s.expect(t, "a Wake after the sleep", "!0 user")
	if _, err := p.Wait(dst[:], -1); err != nil {
		t.Error(err)
	}
	must(t, p.Close())
	p.Wake()
	s.expect(t, "a Wake after Close")
}

// An error on opening gives everything back.
func TestKqueueOpenFails(t *testing.T) {
	for _, user := range []bool{false, true} {
		q := &failing{}
		var trigger kevents
		if user {
			trigger = q
		}
		if p, err := newKqueue(q, trigger); p != nil || !errors.Is(err, unix.ENOMEM) {
			t.Errorf("newKqueue = %v, %v, want ENOMEM", p, err)
		}
		if !q.closed {
			t.Error("the queue stays open")
		}
	}
}

// failing is a queue that refuses every change.
type failing struct {
	script
	closed bool
}

func (f *failing) change(kev) error { return unix.ENOMEM }
func (f *failing) close() error     { f.closed = true; return nil }
