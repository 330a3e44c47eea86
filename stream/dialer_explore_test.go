package stream_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// slow is a Resolver and a Network whose answers take random times.
type slow struct {
	looptest.Network
	addrs []netip.AddrPort
}

func (n *slow) wait(co *loop.Co) error {
	return loop.Sleep(co, time.Duration(co.Loop().Rand().IntN(400))*time.Millisecond)
}

func (n *slow) LookUp(co *loop.Co, _, _ string) ([]netip.AddrPort, error) { return n.addrs, n.wait(co) }

func (n *slow) Dial(co *loop.Co, network, address string) (stream.Transport, error) {
	if err := n.wait(co); err != nil {
		return nil, err
	}
	return n.Network.Dial(co, network, address)
}

// Wherever a Dial is given up, from the lookup to the handshake, no end of a connection
// stays open, and no timer and no coroutine is left.
func TestDialerGivenUpAnywhere(t *testing.T) {
	looptest.NoLeaks(t)
	phases := map[string]int{}
	looptest.Explore(t, 300, func(co *loop.Co) error {
		l := co.Loop()
		n := &slow{addrs: longs("a A b B")}
		ln, err := n.Listen(l, "tcp", ":80")
		if err != nil {
			return err
		}
		defer ln.Close()
		var peers []*stream.Stream
		if err := ln.Accept(func(tr stream.Transport) {
			s, err := stream.New(l, tr)
			if err != nil {
				t.Error(err)
				return
			}
			peers = append(peers, s)
			if l.Rand().IntN(2) == 0 { // the others are silent
				s.StartTLS(stream.TLSOptions{Config: serverConfig(), Server: true})
			}
		}); err != nil {
			return err
		}
		d := stream.Dialer{Network: n, Resolver: n, TLS: &stream.TLSOptions{Config: clientConfig()}}
		scope, cancel := co.WithCancel()
		give := l.After(time.Duration(l.Rand().IntN(1000))*time.Millisecond, func() { cancel(nil) })
		s, err := d.Dial(scope, "tcp", named)
		give.Stop()
		var failed *stream.DialError
		switch {
		case err == nil:
			phases["done"]++
			s.Abort()
		case errors.As(err, &failed) && errors.Is(err, context.Canceled):
			phases[failed.Phase]++
		default:
			return err
		}
		if err := loop.Sleep(co, time.Millisecond); err != nil {
			return err
		}
		for i, peer := range peers {
			// Its own end is not closed by ours, so it is told, and then closes.
			if _, err := loop.Await(co, peer.ReadUntilClose(1<<20)); errors.Is(err, stream.ErrTooLong) {
				return fmt.Errorf("connection %d: %w", i, err)
			}
			peer.Abort()
		}
		if err := loop.Sleep(co, time.Millisecond); err != nil {
			return err
		}
		if st := l.Stats(); st.PendingTimers > 0 || st.Live > 1 {
			return fmt.Errorf("%d timers and %d coroutines are left", st.PendingTimers, st.Live)
		}
		return nil
	})
	t.Logf("it ended in %v", phases)
	for _, phase := range []string{"lookup", "connect", "tls", "done"} {
		if phases[phase] == 0 && len(phases) > 1 {
			t.Errorf("no Dial has ended in %s", phase)
		}
	}
}
