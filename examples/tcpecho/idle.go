package main

import (
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// idle ends a connection over which nothing goes. A byte does not touch the timer, which
// would cost a place in the loop's heap each time: when it fires it looks when the last
// one came, and is set again for what is left.
type idle struct {
	s     *stream.Stream
	limit time.Duration
	last  time.Time // when the client was heard, or had something to take
	timer loop.Timer
}

func watch(s *stream.Stream, limit time.Duration) *idle {
	i := &idle{s: s, limit: limit, last: s.Loop().Now()}
	endStalled(s, limit)
	i.timer = s.Loop().After(limit, i.look)
	s.OnClose(func(error) { i.timer.Stop() })
	return i
}

// heard notes that something has come.
func (i *idle) heard() {
	if i != nil {
		i.last = i.s.Loop().Now()
	}
}

// look ends the connection if it is time. While something waits to be taken by the
// client, it is for the stream to find out whether it is.
func (i *idle) look() {
	now := i.s.Loop().Now()
	if i.s.Unsent() > 0 {
		i.last = now
	}
	left := i.limit - now.Sub(i.last)
	if left > 0 {
		i.timer = i.s.Loop().After(left, i.look)
		return
	}
	i.s.CloseIdle()
}

// endStalled ends the stream when the client takes nothing for so long.
func endStalled(s *stream.Stream, limit time.Duration) {
	s.SetWriteLimits(stream.WriteLimits{Stall: limit})
}
