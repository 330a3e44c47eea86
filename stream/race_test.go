package stream_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// A trial is a Network whose attempts the test ends one by one. Addresses have short
// names: lower case for IPv4, upper case for IPv6.
type trial struct {
	l    *loop.Loop
	all  []*attempt // in the order in which they began
	made []*script  // transports of those that succeeded

	began   func(*attempt) // nil: the test has an eye on them
	crowded bool           // two in one family were under way
}

type attempt struct {
	name string
	end  *loop.Promise[*script]
	over bool
}

func (n *trial) Listen(*loop.Loop, string, string) (stream.Listener, error) {
	return nil, errors.ErrUnsupported
}

func (n *trial) Dial(co *loop.Co, _, address string) (stream.Transport, error) {
	a := &attempt{name: short(netip.MustParseAddrPort(address)), end: loop.NewPromise[*script](n.l)}
	for _, b := range n.all {
		n.crowded = n.crowded || !b.over && (a.name >= "a") == (b.name >= "a")
	}
	n.all = append(n.all, a)
	defer func() { a.over = true }()
	if n.began != nil {
		n.began(a)
	}
	tr, err := loop.Await(co, a.end.Future())
	if err != nil {
		return nil, err
	}
	n.made = append(n.made, tr)
	return tr, nil
}

// pending are the attempts under way.
func (n *trial) pending() string {
	var names []string
	for _, a := range n.all {
		if !a.over {
			names = append(names, a.name)
		}
	}
	return strings.Join(names, " ")
}

func (n *trial) begun(name string) *attempt {
	for _, a := range n.all {
		if a.name == name {
			return a
		}
	}
	return nil
}

// long is the address with a short name, short its reverse.
func long(name string) netip.AddrPort {
	if name >= "a" {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, name[0]}), 80)
	}
	return netip.AddrPortFrom(netip.AddrFrom16([16]byte{0: 0xfd, 15: name[0]}), 80)
}

func short(a netip.AddrPort) string {
	b := a.Addr().AsSlice()
	return string(b[len(b)-1:])
}

func longs(names string) (all []netip.AddrPort) {
	for _, name := range strings.Fields(names) {
		all = append(all, long(name))
	}
	return all
}

// named is an address whose name stands for others.
const named = "name.test:80"

func names(all []netip.AddrPort) stream.Resolver {
	return stream.MapResolver{Hosts: map[string][]netip.AddrPort{named: all}}
}

// settle lets everything happen that needs no time.
func settle(co *loop.Co) error {
	for range 10 {
		if err := loop.Yield(co); err != nil {
			return err
		}
	}
	return nil
}

// Tornado's tests of its connector, as scripts. A step is "ok x" or "fail x", which end an
// attempt, a time that passes, "cancel", or "pending x y": the attempts under way. Steps
// that "and" joins come in one iteration. The end is "x", who won, or an error.
var races = []struct {
	name  string
	addrs string
	d     stream.Dialer
	steps string
	end   string
}{
	{"T10 the first address decides", "A b C d", stream.Dialer{}, "pending A; 300ms; pending A b; fail A; pending b C; ok C", "C"},
	{"T11 immediate success", "a b", stream.Dialer{}, "pending a; ok a", "a"},
	{"T12 immediate failure", "a", stream.Dialer{}, "pending a; fail a", "refused"},
	{"T13 second try", "a b", stream.Dialer{}, "fail a; pending b; ok b", "b"},
	{"T13 second try fails", "a b", stream.Dialer{}, "fail a; pending b; fail b", "refused refused"},
	{"T14 no second attempt in one family", "a b", stream.Dialer{}, "1h; pending a; fail a; pending b; ok b", "b"},
	{"T15 failure starts both", "a b A B", stream.Dialer{}, "pending a; fail a; pending b A; fail b; pending A; ok A", "A"},
	{"T15 not the timer any more", "a b A B", stream.Dialer{}, "fail a; 1h; pending b A; ok b", "b"},
	{"T16 the timer starts the other", "a b A B", stream.Dialer{}, "299ms; pending a; 1ms; pending a A; ok A", "A"},
	{"T17 success after the timer", "a b A B", stream.Dialer{}, "300ms; pending a A; ok a", "a"},
	{"T17 late success", "a b A B", stream.Dialer{}, "300ms; pending a A; ok a and ok A", "a"},
	{"T17 late success of the first", "a b A B", stream.Dialer{}, "300ms; ok A and ok a", "A"},
	{"T18 all fail", "a b A B", stream.Dialer{},
		"300ms; fail a; pending A b; fail A; pending b B; fail b; pending B; fail B", "refused refused refused refused"},
	{"T19 one family", "a b", stream.Dialer{Timeout: 400 * time.Millisecond}, "fail a; 399ms; pending b; 1ms", "timeout refused"},
	{"T19 before the fallback", "a b A B", stream.Dialer{Timeout: 200 * time.Millisecond}, "199ms; pending a; 1ms", "timeout"},
	{"T19 after the fallback", "a b A B", stream.Dialer{Timeout: 400 * time.Millisecond}, "300ms; pending a A; 100ms", "timeout"},
	{"T19 together with the fallback", "a b A B", stream.Dialer{Timeout: 300 * time.Millisecond}, "300ms", "timeout"},
	{"T20 success before the timeout", "a b", stream.Dialer{Timeout: time.Second}, "fail a; 500ms; ok b", "b"},
	{"T21 failure before the timeout", "a b", stream.Dialer{Timeout: time.Second}, "fail a; 500ms; fail b", "refused refused"},
	{"the delay is a field", "a A", stream.Dialer{FallbackDelay: time.Minute}, "59s; pending a; 1s; pending a A; ok A", "A"},
	{"in time", "a", stream.Dialer{Timeout: time.Hour, ConnectTimeout: time.Minute}, "59s; ok a", "a"},
	{"one after another", "a A b", stream.Dialer{FallbackDelay: -1}, "1h; pending a; fail a; pending A; 1h; pending A; fail A; pending b; ok b", "b"},
	{"a timeout for each", "a b A", stream.Dialer{ConnectTimeout: time.Second},
		"999ms; pending a A; 1ms; pending A b; 300ms; pending b; 699ms; pending b; 1ms", "timeout timeout timeout"},
	{"nobody can choose this end", "a A b", stream.Dialer{LocalAddr: netip.MustParseAddrPort("10.0.0.9:0")}, "", "unsupported"},
	{"cancelled", "a b A B", stream.Dialer{}, "300ms; fail a; pending A b; cancel", "cancelled refused"},
	{"cancelled before the fallback", "a b A B", stream.Dialer{}, "pending a; cancel", "cancelled"},
	{"failure with the cancellation", "a b A B", stream.Dialer{}, "pending a; fail a and cancel", "cancelled refused"},
	{"success with the cancellation", "a b A B", stream.Dialer{}, "pending a; ok a and cancel", "a"},
}

var ends = map[string]error{
	"refused": syscall.ECONNREFUSED, "timeout": os.ErrDeadlineExceeded,
	"cancelled": context.Canceled, "unsupported": errors.ErrUnsupported,
}

func TestRaces(t *testing.T) {
	for _, c := range races {
		t.Run(c.name, func(t *testing.T) {
			looptest.NoLeaks(t)
			looptest.Run(t, func(co *loop.Co) error {
				n := &trial{l: co.Loop()}
				d := c.d
				d.Network, d.Resolver = n, names(longs(c.addrs))
				scope, cancel := co.WithCancel()
				f := loop.Go(scope, func(co *loop.Co) (*stream.Stream, error) { return d.Dial(co, "tcp", named) })
				err := settle(co)
				for step := range strings.SplitSeq(c.steps, "; ") {
					if c.steps == "" {
						break
					}
					if f.Done() {
						t.Errorf("it has ended before %q", step)
					}
					err = errors.Join(err, n.follow(co, step, cancel), settle(co))
				}
				if err != nil {
					return err
				}
				if !f.Done() {
					return fmt.Errorf("it goes on, with %s", n.pending())
				}
				s, err := f.Result()
				n.checkEnd(t, s, err, c.end)
				return n.check(co, s)
			})
		})
	}
}

// follow does one step of a script.
func (n *trial) follow(co *loop.Co, step string, cancel func(error)) error {
	for part := range strings.SplitSeq(step, " and ") {
		what, name, _ := strings.Cut(part, " ")
		switch what {
		case "pending":
			if got := n.pending(); got != name {
				return fmt.Errorf("under way is %q, want %q", got, name)
			}
		case "cancel":
			cancel(nil)
		case "ok":
			n.begun(name).end.Set(&script{})
		case "fail":
			n.begun(name).end.Fail(syscall.ECONNREFUSED)
		default:
			d, err := time.ParseDuration(what)
			if err := errors.Join(err, loop.Sleep(co, d)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (n *trial) checkEnd(t *testing.T, s *stream.Stream, err error, want string) {
	t.Helper()
	if len(want) == 1 {
		if err != nil {
			t.Fatalf("got %v, want %s", err, want)
		}
		if tr, err := n.begun(want).end.Future().Result(); err != nil || stream.TransportOf(s) != stream.Transport(tr) {
			t.Errorf("it is not %s: %v", want, err)
		}
		return
	}
	var failed *stream.DialError
	if !errors.As(err, &failed) || failed.Phase != "connect" {
		t.Fatalf("got %v", err)
	}
	words := strings.Fields(want)
	for _, word := range words {
		if !errors.Is(err, ends[word]) {
			t.Errorf("%v does not match %s", err, word)
		}
	}
	for word, target := range ends {
		if !slices.Contains(words, word) && errors.Is(err, target) {
			t.Errorf("%v matches %s", err, word)
		}
	}
	if failed.Timeout() != slices.Contains(words, "timeout") {
		t.Errorf("%v: Timeout is %v", err, failed.Timeout())
	}
	if said := strings.Count(err.Error(), "refused"); said != strings.Count(want, "refused") {
		t.Errorf("%v says %d times that it was refused", err, said)
	}
}

// check fails if something of a race is left, now or an hour later.
func (n *trial) check(co *loop.Co, s *stream.Stream) error {
	begun := len(n.all)
	if p := n.pending(); p != "" {
		return fmt.Errorf("%s goes on", p)
	}
	open := 0
	for _, tr := range n.made {
		switch {
		case tr.closes == 0 && s != nil && stream.TransportOf(s) == stream.Transport(tr):
			open++
		case tr.closes != 1 || tr.aborted:
			return fmt.Errorf("a transport was closed %d times, aborted: %v", tr.closes, tr.aborted)
		}
	}
	if s != nil && open != 1 {
		return errors.New("the winner's transport is not open")
	}
	if n := co.Loop().Stats().PendingTimers; n > 0 {
		return fmt.Errorf("%d timers are left", n)
	}
	if err := loop.Sleep(co, time.Hour); err != nil {
		return err
	}
	if len(n.all) != begun {
		return errors.New("a new attempt began after the end")
	}
	return nil
}
