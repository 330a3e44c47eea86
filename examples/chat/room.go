package main

import (
	"time"

	"github.com/zonda-go/zonda/loop"
)

const (
	// kept is how many messages a newcomer sees.
	kept = 200
	// absence is how long somebody who polls may stay away without having left.
	absence = 45 * time.Second
)

// A message is a line of the chat: something said, or that somebody came or left.
type message struct {
	ID   int64     `json:"id"`
	Kind string    `json:"kind"` // "say", "join" or "leave"
	Name string    `json:"name"`
	Text string    `json:"text,omitempty"`
	At   time.Time `json:"at"`
}

// An update is what a page is told.
type update struct {
	Messages []message `json:"messages"`
	People   []string  `json:"people"`
}

// A room is one conversation. It belongs to its loop, so it has no locks.
type room struct {
	l       *loop.Loop
	last    []message // up to kept
	next    int64     // the number of the next message
	members map[*member]struct{}
	pollers map[string]*member // those without a WebSocket, by the name of their session
	changed *loop.Cond
	tell    func(update) // those with a WebSocket
}

// A member is a page that is open.
type member struct {
	name string
	seen time.Time // of a poller
	busy int       // polls that wait
}

// newRoom makes a room whose numbers begin with the time: a page that was open when the
// server started anew knows lower ones than all that are new.
func newRoom(l *loop.Loop) *room {
	r := &room{
		l: l, next: l.Now().UnixMicro(), members: map[*member]struct{}{}, pollers: map[string]*member{},
		changed: loop.NewCond(l), tell: func(update) {},
	}
	l.Every(absence/3, r.sweep)
	return r
}

func (r *room) join(name string) *member {
	m := &member{name: name, seen: r.l.Now()}
	r.members[m] = struct{}{}
	r.add("join", name, "")
	return m
}

func (r *room) leave(m *member) {
	if _, ok := r.members[m]; ok {
		delete(r.members, m)
		r.add("leave", m.name, "")
	}
}

// add adds a message, and tells everyone.
func (r *room) add(kind, name, text string) {
	m := message{ID: r.next, Kind: kind, Name: name, Text: text, At: r.l.Now()}
	r.next++
	r.last = append(r.last, m)
	if over := len(r.last) - kept; over > 0 {
		r.last = append(r.last[:0], r.last[over:]...)
	}
	r.changed.NotifyAll()
	r.tell(update{Messages: []message{m}, People: r.people()})
}

// since is what has been said behind the message with a number: all that is kept, if no
// message has had that yet.
func (r *room) since(id int64) update {
	u := update{Messages: []message{}, People: r.people()}
	if id >= r.next {
		id = 0
	}
	for _, m := range r.last {
		if m.ID > id {
			u.Messages = append(u.Messages, m)
		}
	}
	return u
}

// poller is the member of a session, who has joined if it is new.
func (r *room) poller(session, name string) *member {
	m := r.pollers[session]
	if m == nil {
		m = r.join(name)
		r.pollers[session] = m
	}
	m.seen = r.l.Now()
	return m
}

// sweep has those leave who have stopped polling.
func (r *room) sweep() {
	for session, m := range r.pollers {
		if m.busy == 0 && r.l.Now().Sub(m.seen) > absence {
			delete(r.pollers, session)
			r.leave(m)
		}
	}
}
