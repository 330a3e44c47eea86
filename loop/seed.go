package loop

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"github.com/zonda-go/zonda/internal/owner"
	"github.com/zonda-go/zonda/internal/poll"
)

// With Options.Seed, what has no order by the rules gets one that depends on the seed
// alone: the events of one poll, and posts of different goroutines. A test that fails
// because of such an order then fails again with the same seed.

// Rand is the loop's source of random numbers: its own, and with Options.Seed the same
// ones each time. It belongs to the loop.
func (l *Loop) Rand() *rand.Rand {
	l.check("Rand")
	if l.rand == nil {
		seed := l.seed
		if seed == 0 {
			seed = rand.Uint64()
		}
		l.rand = rand.New(rand.NewPCG(seed, 0))
	}
	return l.rand
}

// shuffleEvents: a poller promises no order among the events of one Wait, so theirs
// must not matter here either.
func (l *Loop) shuffleEvents(events []poll.Event) {
	slices.SortFunc(events, func(a, b poll.Event) int { return cmp.Compare(a.Token, b.Token) })
	l.Rand().Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
}

// A letter is a post that remembers who posted it.
type letter struct {
	task
	from uint64
}

// sign notes the sender of a post.
func (l *Loop) sign(t task) task { return letter{t, owner.ID()} }

// shufflePosts mixes the posts of different goroutines at random. Those of one stay in
// their order.
func (l *Loop) shufflePosts(posts []task) {
	queues := map[uint64][]task{}
	var senders []uint64 // once for each post, in the order of arrival
	for _, t := range posts {
		t := t.(letter)
		queues[t.from] = append(queues[t.from], t.task)
		senders = append(senders, t.from)
	}
	l.Rand().Shuffle(len(senders), func(i, j int) { senders[i], senders[j] = senders[j], senders[i] })
	for i, from := range senders {
		posts[i] = queues[from][0]
		queues[from] = queues[from][1:]
	}
}
