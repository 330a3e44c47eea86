package stream_test

import (
	"crypto/tls"
	"errors"
	"slices"
	"testing"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// A crowd of clients that come at once does not keep the loop to itself: a few
// handshakes go on in each iteration, in the order in which they came, and everybody
// else is served in between.
func TestTLSBudget(t *testing.T) {
	const clients = 20
	looptest.NoLeaks(t)
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		steps := map[int]int{} // of handshakes, by iteration
		iteration, done := 0, false
		var turn func()
		turn = func() {
			if iteration++; !done {
				l.Call(turn)
			}
		}
		l.Call(turn)
		var order []int
		var all []*loop.Future[struct{}]
		for i := range clients {
			a, b := looptest.Pipe(0)
			near, err1 := stream.New(l, a)
			far, err2 := stream.New(l, b)
			if err := errors.Join(err1, err2); err != nil {
				return err
			}
			defer near.Abort()
			defer far.Abort()
			e := usual()
			e.client.Config.VerifyConnection = func(tls.ConnectionState) error { steps[iteration]++; return nil }
			e.server.Config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
				steps[iteration]++
				order = append(order, i)
				return nil, nil
			}
			all = append(all, near.StartTLS(e.client), far.StartTLS(e.server))
		}
		if n := stream.TLSQueue(l); n != 2*clients {
			t.Errorf("%d of %d wait", n, 2*clients)
		}
		for _, f := range all {
			if _, err := loop.Await(co, f); err != nil {
				return err
			}
		}
		done = true
		total, most := 0, 0
		for _, n := range steps {
			total, most = total+n, max(most, n)
		}
		if total != 2*clients || most > stream.TLSSteps || most < 2 {
			t.Errorf("of %d steps there were %d in one iteration", total, most)
		}
		if len(order) != clients || !slices.IsSorted(order) {
			t.Errorf("their order was %v", order)
		}
		// Each end begins, and goes on twice at most.
		if iteration < 2*2*clients/stream.TLSSteps {
			t.Errorf("all that took %d iterations", iteration)
		}
		return nil
	})
}

// Handshakes that were given up while they waited take nobody's turn.
func TestTLSBudgetSkipsTheDead(t *testing.T) {
	looptest.NoLeaks(t)
	looptest.Run(t, func(co *loop.Co) error {
		for range 5 * stream.TLSSteps {
			a, _ := looptest.Pipe(0)
			s, err := stream.New(co.Loop(), a)
			if err != nil {
				return err
			}
			s.StartTLS(usual().client)
			s.Abort()
		}
		if err := loop.Yield(co); err != nil {
			return err
		}
		if n := stream.TLSQueue(co.Loop()); n != 0 {
			t.Errorf("%d wait", n)
		}
		return nil
	})
}
