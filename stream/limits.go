package stream

import (
	"fmt"
	"time"

	"github.com/zonda-go/zonda/loop"
)

const (
	writeLimit = 16 << 20
	highWater  = 64 << 10
	stallTime  = 60 * time.Second
	loopBudget = 256 << 20
	// perWrite is what a write that waits takes besides its bytes: its future, and
	// its place in the queue.
	perWrite = 128
)

// errLoopFull is ErrBufferFull because of other streams.
var errLoopFull = fmt.Errorf("%w: the streams of this loop have used up their budget", ErrBufferFull)

// WriteLimits bounds what a stream keeps for a peer that is slow to take it. The zero
// value is what a stream has without SetWriteLimits.
type WriteLimits struct {
	// Queue is how many bytes may wait for the transport. Each write that waits
	// counts 128 bytes more. 0 or less: 16 MiB.
	Queue int
	// High is the number of waiting bytes from which on Writable waits, Low the one
	// at which it resolves. 0 or less: 64 KiB, and a quarter of High. Low must not
	// be above High.
	High, Low int
	// Stall is how long the peer may take nothing while something waits for it;
	// then the stream ends with ErrStalled. 0: 60 seconds; negative: for ever. After
	// Close it is 30 seconds at most.
	Stall time.Duration
}

// filled is w with its defaults in place.
func (w WriteLimits) filled() WriteLimits {
	if w.Queue <= 0 {
		w.Queue = writeLimit
	}
	if w.High <= 0 {
		w.High = highWater
	}
	if w.Low <= 0 {
		w.Low = w.High / 4
	}
	if w.Low > w.High {
		panic("stream: WriteLimits with Low above High")
	}
	if w.Stall == 0 {
		w.Stall = stallTime
	}
	return w
}

// SetWriteLimits replaces the stream's limits. What waits already stays, also if it
// is more than would be let in now. It panics if Low is above High.
func (s *Stream) SetWriteLimits(w WriteLimits) {
	w = w.filled()
	s.seldom().limits = &w
	if s.out != nil && s.out.err == nil {
		s.out.wake(w.Low)
		s.watchPeer()
	}
}

func (s *Stream) limits() *WriteLimits {
	if s.rare != nil && s.rare.limits != nil {
		return s.rare.limits
	}
	return &s.defaults
}

// SetLoopBudget bounds what all streams of l together keep for writing, in bytes,
// with 128 for each write that waits; 0 or less means the default, 256 MiB. Beyond it
// Write fails with an error that matches ErrBufferFull. Peers that are slow must not
// silence the others: a stream with nothing queued may still send what its transport
// takes at once, and of a write of up to 64 KiB that goes in part it queues the rest.
func SetLoopBudget(l *loop.Loop, n int) {
	if n <= 0 {
		n = loopBudget
	}
	quotaOf(l).budget = n
}

// LoopUnsent is what all streams of l together keep for writing, counted as for
// SetLoopBudget.
func LoopUnsent(l *loop.Loop) int { return quotaOf(l).queued }

// admit is why n more bytes may not be written; nil: they may.
func (s *Stream) admit(n int) error {
	waits := 0
	if s.out != nil {
		waits = s.out.cost
	}
	if n > s.limits().Queue-waits {
		return ErrBufferFull
	}
	if (s.out != nil || n > highWater) && s.overBudget(n) {
		return errLoopFull
	}
	return nil
}

func (q *quota) overBudget(n int) bool { return n > q.budget-q.queued }
