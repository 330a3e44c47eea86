package main

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/zonda-go/zonda/internal/poll"
	"github.com/zonda-go/zonda/internal/sock"
)

// An echoLoop sends back what its connections send. Except for the fields at
// the end it belongs to its goroutine.
type echoLoop struct {
	sleeper
	wait     func(*sleeper) (int, error)
	listener int // -1: this loop accepts nothing
	peers    []*echoLoop
	accepted int
	owned    map[int]struct{} // descriptors, to be closed at the end
	first    func()           // called at the first message, if not nil
	buf      [4 << 10]byte
	err      error // of run, when it has ended

	// Any goroutine.
	stopping atomic.Bool
	mail     atomic.Bool // posted is not empty
	mu       sync.Mutex  // guards posted
	posted   []int       // connections that are to be this loop's
}

func (l *echoLoop) run() error {
	defer l.closeAll()
	for !l.stopping.Load() {
		n, err := l.wait(&l.sleeper)
		if err != nil {
			return err
		}
		for _, ev := range l.events[:n] {
			if err := l.handle(int(ev.Token)); err != nil {
				return err
			}
		}
		if err := l.takePosted(); err != nil {
			return err
		}
	}
	return nil
}

// handle serves one event. The token is the descriptor: a generation is not
// needed, as each comes once in a batch and is closed by nobody but its own
// event.
func (l *echoLoop) handle(fd int) error {
	if fd == l.listener {
		return l.accept()
	}
	n, err := sock.Read(fd, l.buf[:])
	if err == sock.ErrAgain {
		return nil
	}
	wrote := 0
	if err == nil {
		if l.first != nil {
			l.first()
			l.first = nil
		}
		wrote, err = sock.Write(fd, l.buf[:n])
	}
	// One small message is in flight, so a connection that does not take its
	// answer whole is broken. The load tells.
	if err != nil || wrote < n {
		delete(l.owned, fd)
		return errors.Join(l.poller.Remove(fd), sock.Close(fd))
	}
	return nil
}

// accept takes all connections that wait. One for each event would take a turn
// of the loop each, and turns are long where computing goroutines come between.
func (l *echoLoop) accept() error {
	for {
		fd, _, err := sock.Accept(l.listener)
		switch {
		case err == nil:
			if err := l.place(fd); err != nil {
				return err
			}
		case err == sock.ErrAgain:
			return nil
		case !sock.IsTemporaryAccept(err):
			return err
		}
	}
}

// place gives a connection to a loop, each loop having its turn.
func (l *echoLoop) place(fd int) error {
	if err := sock.SetNoDelay(fd, true); err != nil {
		return err
	}
	peer := l.peers[l.accepted%len(l.peers)]
	l.accepted++
	if peer == l {
		return l.watch(fd)
	}
	peer.mu.Lock()
	peer.posted = append(peer.posted, fd)
	peer.mail.Store(true)
	peer.mu.Unlock()
	peer.poller.Wake()
	return nil
}

func (l *echoLoop) takePosted() error {
	if !l.mail.Load() {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mail.Store(false)
	for _, fd := range l.posted {
		if err := l.watch(fd); err != nil {
			return err
		}
	}
	l.posted = l.posted[:0]
	return nil
}

func (l *echoLoop) watch(fd int) error {
	l.owned[fd] = struct{}{}
	return l.poller.Add(fd, poll.Readable, poll.Token(fd))
}

func (l *echoLoop) closeAll() {
	for fd := range l.owned {
		l.poller.Remove(fd)
		sock.Close(fd)
	}
}
