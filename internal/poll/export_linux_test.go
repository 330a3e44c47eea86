package poll

// NewFakeKqueue is the kqueue backend on a queue made of poll(2). With user, the
// waker makes events in the queue, otherwise it is a pipe. Every so many calls of
// kevent are interrupted by a signal, or none.
func NewFakeKqueue(user bool, interrupt int) (Poller, error) {
	q, err := openFakeQueue(interrupt)
	if err != nil {
		return nil, err
	}
	if user {
		return newKqueue(q, q)
	}
	return newKqueue(q, nil)
}
