package http1

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zonda-go/zonda/stream"
)

// A ShutdownError is what Shutdown gives when its context is done first: who did not
// finish. It matches the context's cause. It is a value without owner.
type ShutdownError struct {
	// Requests are those whose handlers still run, the oldest first.
	Requests []Unfinished
	// Err is the cause of the context's end.
	Err error
}

// Unfinished is a request that Shutdown has waited for in vain. It is a value without
// owner.
type Unfinished struct {
	// Method and Target are the request's, and Remote is its client's address.
	Method, Target, Remote string
	// Since is how long ago it began, to the millisecond.
	Since time.Duration
}

// Error names up to three of the requests.
func (e *ShutdownError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "http1: shutdown with %d requests unfinished: %v", len(e.Requests), e.Err)
	for i, r := range e.Requests {
		if i == 3 {
			fmt.Fprintf(&b, "; and %d more", len(e.Requests)-i)
			break
		}
		fmt.Fprintf(&b, "; %s %s of %s for %v", r.Method, r.Target, r.Remote, r.Since)
	}
	return b.String()
}

// Unwrap is the cause of the context's end.
func (e *ShutdownError) Unwrap() error { return e.Err }

// lookPatience is how long Shutdown waits for a loop to say what it does. One that is
// blocked cannot.
const lookPatience = time.Second

// unfinished asks every loop for the requests that are under way.
func (s *Server) unfinished(cause error) error {
	s.mu.Lock()
	found := make(chan []Unfinished, len(s.services))
	asked := 0
	for _, sv := range s.services {
		if sv.l.Post(func() { found <- sv.unfinished() }) == nil {
			asked++
		}
	}
	s.mu.Unlock()
	ctx, stop := context.WithTimeout(context.Background(), lookPatience)
	defer stop()
	e := &ShutdownError{Err: cause}
	for range asked {
		select {
		case list := <-found:
			e.Requests = append(e.Requests, list...)
		case <-ctx.Done():
		}
	}
	slices.SortFunc(e.Requests, func(a, b Unfinished) int { return cmp.Compare(b.Since, a.Since) })
	return e
}

func (sv *service) unfinished() (list []Unfinished) {
	now := sv.stamp()
	add := func(ex *exchange) {
		list = append(list, Unfinished{
			Method: ex.req.Method,
			Target: ex.req.Target,
			Remote: stdAddr(ex.req.RemoteAddr),
			Since:  time.Duration(now-ex.born) * time.Millisecond,
		})
	}
	for ex := range sv.outlive {
		add(ex)
	}
	sv.srv.conns.Each(sv.l, func(s *stream.Stream) {
		if c, ok := s.Consumer().(*conn); ok && c.ex != nil && !c.ex.over && !c.ex.outlives() {
			add(c.ex)
		}
	})
	return list
}
