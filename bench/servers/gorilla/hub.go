package main

import "github.com/gorilla/websocket"

// A hub sends each message to all, as gorilla's chat example has it: one goroutine knows
// who is there, and each connection has one that reads and one that writes. A message is
// prepared once.
type hub struct {
	comes, leaves chan *member
	messages      chan *websocket.PreparedMessage
}

// member is a connection with what has yet to be written to it.
type member struct {
	c    *websocket.Conn
	send chan *websocket.PreparedMessage
}

// waiting is how many messages may wait for one member, as in the example. Who has more
// is not waited for, but put out.
const waiting = 256

func newHub() *hub {
	return &hub{
		comes: make(chan *member), leaves: make(chan *member),
		messages: make(chan *websocket.PreparedMessage),
	}
}

func (h *hub) run() {
	all := make(map[*member]bool)
	drop := func(m *member) {
		if all[m] {
			delete(all, m)
			close(m.send)
		}
	}
	for {
		select {
		case m := <-h.comes:
			all[m] = true
		case m := <-h.leaves:
			drop(m)
		case message := <-h.messages:
			for m := range all {
				select {
				case m.send <- message:
				default:
					drop(m)
				}
			}
		}
	}
}

// join serves one connection.
func (h *hub) join(c *websocket.Conn) {
	m := &member{c, make(chan *websocket.PreparedMessage, waiting)}
	h.comes <- m
	defer func() { h.leaves <- m }()
	go m.write()
	for {
		kind, data, err := c.ReadMessage()
		if err != nil {
			return
		}
		message, err := websocket.NewPreparedMessage(kind, data)
		if err != nil {
			return
		}
		h.messages <- message
	}
}

func (m *member) write() {
	defer m.c.Close()
	for message := range m.send {
		if err := m.c.WritePreparedMessage(message); err != nil {
			return
		}
	}
}
