package stream_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// Tornado T23: a host, a host with its port, and the families are told apart.
func TestMapResolver(t *testing.T) {
	parse := netip.MustParseAddrPort
	inner := stream.MapResolver{Hosts: map[string][]netip.AddrPort{"else.test": {parse("9.9.9.9:0")}}}
	r := stream.MapResolver{
		Hosts: map[string][]netip.AddrPort{
			"name.test":     {parse("1.2.3.4:0")},
			"name.test:80":  {parse("1.2.3.4:1234")},
			"name.test:443": {parse("[::1]:8443"), parse("5.6.7.8:0")},
			"nowhere.test":  {},
		},
		Next: inner,
	}
	looptest.Run(t, func(co *loop.Co) error {
		for address, want := range map[string]string{
			"name.test:22":    "[1.2.3.4:22]",
			"name.test:80":    "[1.2.3.4:1234]",
			"NAME.test:443":   "[[::1]:8443 5.6.7.8:443]",
			"else.test:80":    "[9.9.9.9:80]",
			"nowhere.test:80": "[]",
		} {
			if got, err := r.LookUp(co, "tcp", address); fmt.Sprint(got) != want || err != nil {
				t.Errorf("%s: %v, %v; want %s", address, got, err, want)
			}
		}
		var unknown *net.DNSError
		if _, err := r.LookUp(co, "tcp", "third.test:80"); !errors.As(err, &unknown) || !unknown.IsNotFound {
			t.Errorf("a name that is nowhere: %v", err)
		}
		for _, address := range []string{"name.test", "name.test:http", "name.test:65536"} {
			if got, err := r.LookUp(co, "tcp", address); err == nil {
				t.Errorf("%s: %v", address, got)
			}
		}
		// Of both families the Dialer takes those that are wanted.
		n := &trial{l: co.Loop()}
		n.began = func(a *attempt) { a.end.Fail(errors.New("no")) }
		d := stream.Dialer{Network: n, Resolver: names(longs("a A b B"))}
		for network, want := range map[string]string{"tcp": "a A b B", "tcp4": "a b", "tcp6": "A B"} {
			n.all = nil
			_, err := d.Dial(co, network, named)
			failed(t, err, "connect")
			var tried []string
			for _, a := range n.all {
				tried = append(tried, a.name)
			}
			slices.Sort(tried)
			wanted := strings.Fields(want)
			slices.Sort(wanted)
			if !slices.Equal(tried, wanted) {
				t.Errorf("%s: tried %v, want %s", network, tried, want)
			}
		}
		return nil
	})
}

// Tornado T22: "localhost" in each resolver, and names that cannot be.
func TestResolverNames(t *testing.T) {
	onRealLoop(t, func(co *loop.Co) error {
		r := stream.SystemResolver{Net: &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
			return nil, errors.New("no name server is asked")
		}}}
		for name, r := range map[string]stream.Resolver{
			"default": stream.SystemResolver{}, "of its own": r, "behind a map": stream.MapResolver{Next: r},
		} {
			for address, want := range map[string]string{
				"localhost:80":   "[127.0.0.1:80 [::1]:80]",
				"LocalHost:http": "[127.0.0.1:80 [::1]:80]",
				"127.0.0.1:http": "[127.0.0.1:80]",
				"[::1]:80":       "[[::1]:80]",
			} {
				if got, err := r.LookUp(co, "tcp", address); fmt.Sprint(got) != want || err != nil {
					t.Errorf("%s: %s: %v, %v; want %s", name, address, got, err, want)
				}
			}
			var unknown *net.DNSError
			for _, host := range []string{"an invalid domain", strings.Repeat("a", 100), "4.4.4.4<"} {
				if got, err := r.LookUp(co, "tcp", host+":80"); !errors.As(err, &unknown) {
					t.Errorf("%s: %q: %v, %v", name, host, got, err)
				}
			}
		}
		for _, c := range [][2]string{{"tcp", "localhost"}, {"udp", "localhost:80"}, {"tcp", "localhost:no-such-service"}} {
			if got, err := r.LookUp(co, c[0], c[1]); err == nil {
				t.Errorf("%v: %v", c, got)
			}
		}
		d := stream.Dialer{Resolver: r}
		_, err := d.Dial(co, "tcp", "an invalid domain:80")
		failed(t, err, "lookup")
		if !errors.As(err, new(*net.DNSError)) {
			t.Errorf("got %v", err)
		}
		return nil
	})
}

// onRealLoop runs body on a loop with the machine's clock, as goroutines take real time.
func onRealLoop(t *testing.T, body func(co *loop.Co) error) {
	t.Helper()
	looptest.NoLeaks(t)
	l, err := loop.New(&loop.Options{Poller: "chan", Strict: true, OffloadLimit: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := loop.RunSync(l, func(co *loop.Co) (struct{}, error) { return struct{}{}, body(co) }); err != nil {
		t.Error(err)
	}
}

// A name server in memory: it tells each question that has come, and answers when it may.
type nameServer struct {
	asked  chan string
	answer chan struct{} // closed when it may
}

func newNameServer() *nameServer {
	return &nameServer{asked: make(chan string, 100), answer: make(chan struct{})}
}

func (n *nameServer) resolver() stream.SystemResolver {
	return stream.SystemResolver{Net: &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go n.serve(far)
		return near, nil
	}}}
}

// serve answers one question, as over TCP (RFC 1035, 4.2.2): for an address of IPv4 with
// two, for any other with none.
func (n *nameServer) serve(c net.Conn) {
	defer c.Close()
	var size [2]byte
	if _, err := io.ReadFull(c, size[:]); err != nil {
		return
	}
	q := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(c, q); err != nil {
		return
	}
	end := 12 // behind the header stands the name, in pieces
	for q[end] != 0 {
		end += 1 + int(q[end])
	}
	n.asked <- string(q[13 : 13+q[12]])
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = c.Read(size[:1]) // nothing more comes but the end
	}()
	select {
	case <-n.answer:
	case <-gone:
		return
	}
	a := slices.Clone(q[:end+5])
	a[2] |= 0x84                                 // an answer, by who must know
	binary.BigEndian.PutUint64(a[4:], 1<<48)     // one question, nothing else
	if binary.BigEndian.Uint16(q[end+1:]) == 1 { // type A
		binary.BigEndian.PutUint16(a[6:], 2)
		for _, last := range []byte{7, 3} {
			a = append(a, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, last)
		}
	}
	_, _ = c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(a))), a...))
	<-gone
}

// A name is looked up off the loop, in both families.
func TestSystemResolver(t *testing.T) {
	onRealLoop(t, func(co *loop.Co) error {
		n := newNameServer()
		close(n.answer)
		for network, want := range map[string]string{"tcp": "[127.0.0.3:80 127.0.0.7:80]", "tcp4": "[127.0.0.3:80 127.0.0.7:80]"} {
			got, err := n.resolver().LookUp(co, network, "name.test.:80")
			slices.SortFunc(got, netip.AddrPort.Compare) // their order is the system's
			if fmt.Sprint(got) != want || err != nil {
				t.Errorf("%s: %v, %v; want %s", network, got, err, want)
			}
		}
		_, err := n.resolver().LookUp(co, "tcp6", "name.test.:80")
		var unknown *net.DNSError
		if !errors.As(err, &unknown) || !unknown.IsNotFound {
			t.Errorf("tcp6: %v", err)
		}
		return nil
	})
}

// Ten names are looked up at a time, and the others wait in order. Who gives up makes room
// for the next. Lookups take no place from Offload.
func TestSystemResolverBound(t *testing.T) {
	onRealLoop(t, func(co *loop.Co) error {
		l := co.Loop()
		n := newNameServer()
		r := n.resolver()
		next := func(count int) (names []string) {
			for range count {
				got, err := loop.Await(co, loop.FromChan(l, n.asked))
				if err != nil {
					t.Fatal(err)
				}
				names = append(names, got)
			}
			slices.Sort(names)
			return names
		}
		var all []*loop.Future[[]netip.AddrPort]
		var cancels []func(error)
		for i := range 25 {
			scope, cancel := co.WithCancel()
			cancels = append(cancels, cancel)
			all = append(all, loop.Go(scope, func(co *loop.Co) ([]netip.AddrPort, error) {
				return r.LookUp(co, "tcp4", fmt.Sprintf("n%02d.test.:80", i))
			}))
		}
		if got := next(10); got[0] != "n00" || got[9] != "n09" {
			t.Errorf("the first are %v", got)
		}
		if v, err := loop.Await(co, loop.Offload(l, func(context.Context) (int, error) { return 1, nil })); v != 1 || err != nil {
			t.Errorf("Offload gives %v, %v", v, err)
		}
		if len(n.asked) > 0 {
			t.Errorf("an eleventh is under way: %s", <-n.asked)
		}
		scope, done := co.WithTimeout(time.Minute) // what needs no lookup waits for none
		if got, err := r.LookUp(scope, "tcp4", "localhost:80"); len(got) == 0 || err != nil {
			t.Errorf("localhost: %v, %v", got, err)
		}
		done()
		for _, i := range []int{10, 11, 0, 1} { // two that wait, and two that run
			cancels[i](nil)
			if _, err := loop.Await(co, all[i]); !errors.Is(err, context.Canceled) {
				t.Errorf("number %d gives %v", i, err)
			}
		}
		if got := next(2); got[0] != "n12" || got[1] != "n13" {
			t.Errorf("the next are %v", got)
		}
		close(n.answer)
		if got := next(11); got[0] != "n14" || got[10] != "n24" {
			t.Errorf("the last are %v", got)
		}
		for i, f := range all {
			if _, err := loop.Await(co, f); err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("number %d: %v", i, err)
			}
		}
		return nil
	})
}

// A Dialer that gives up while a name is looked up does not wait for package net, which
// leaves a question that is under way to its own timeout.
func TestDialerLookupGivenUp(t *testing.T) {
	onRealLoop(t, func(co *loop.Co) error {
		n := newNameServer()
		defer close(n.answer) // or it would be there for seconds
		scope, cancel := co.WithCancel()
		d := stream.Dialer{Resolver: n.resolver()}
		f := loop.Go(scope, func(co *loop.Co) (*stream.Stream, error) { return d.Dial(co, "tcp4", "name.test.:80") })
		if _, err := loop.Await(co, loop.FromChan(co.Loop(), n.asked)); err != nil {
			return err
		}
		cancel(os.ErrPermission)
		_, err := loop.Await(co, f)
		failed(t, err, "lookup", context.Canceled, os.ErrPermission)
		return nil
	})
}
