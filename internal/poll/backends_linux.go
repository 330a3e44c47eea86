package poll

func backends() []backend {
	return []backend{
		{"epoll", newEpoll},
		{"epoll-block", newEpollBlock},
		{"poll", func() (Poller, error) { return newPollfd(openEventfd) }},
		{"select", func() (Poller, error) { return newSelect(openEventfd) }},
		{"chan", newChan},
	}
}
