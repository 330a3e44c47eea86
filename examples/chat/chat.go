package main

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/websocket"
)

//go:embed page.html
var page string

var accept = &websocket.AcceptOptions{Options: websocket.Options{
	MaxMessage:   8 << 10,
	PingInterval: 30 * time.Second,
	Compression:  &websocket.Compression{},
	Queue:        256 << 10,
	Slow:         websocket.CloseSlow, // a page that was closed comes back, and reads what it missed
}}

// A chat serves one room. It belongs to its loop.
type chat struct {
	*room
	conns  map[*websocket.Conn]struct{}
	policy string // what the page may do
}

func newChat(l *loop.Loop) *chat {
	c := &chat{room: newRoom(l), conns: map[*websocket.Conn]struct{}{}}
	c.tell = c.broadcast
	c.policy = "default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" +
		"; style-src " + hash(page, "style") + "; script-src " + hash(page, "script")
	return c
}

// hash names what an element of the page holds: no other script runs in it, should somebody
// manage to put one there (Content Security Policy).
func hash(page, element string) string {
	_, text, _ := strings.Cut(page, "<"+element+">")
	text, _, _ = strings.Cut(text, "</"+element+">")
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// people is who is there, in the order of their names, each once.
func (r *room) people() []string {
	names := make([]string, 0, len(r.members))
	for m := range r.members {
		names = append(names, m.name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Serve answers a request.
func (c *chat) Serve(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
	query, err := url.ParseQuery(r.Query())
	if err != nil {
		return &http1.HTTPError{Status: 400, Err: err}
	}
	switch r.Method + " " + r.Path() {
	case "GET /":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", c.policy)
		_, err = w.WriteString(page)
		return err
	case "GET /ws":
		return c.socket(co, w, r, query)
	case "GET /poll":
		return c.poll(co, w, query)
	case "POST /say":
		return c.say(w, r, query)
	}
	return &http1.HTTPError{Status: 404}
}

// socket speaks with a page by WebSocket. Between messages the page costs a few hundred bytes.
func (c *chat) socket(co *loop.Co, w *http1.ResponseWriter, r *http1.Request, query url.Values) error {
	name, since, err := who(query)
	if err != nil {
		return err
	}
	conn, err := websocket.Accept(co, w, r, accept)
	if err != nil {
		return err
	}
	c.conns[conn] = struct{}{}
	send(conn, c.since(since))
	m := c.join(name)
	conn.OnClose(func(error) {
		delete(c.conns, conn)
		c.leave(m)
	})
	conn.OnMessage(func(_ *loop.Co, got websocket.Message) error {
		text, ok := clean(string(got.Data), maxText)
		if !ok || got.Type != websocket.Text {
			return &websocket.CloseError{Code: websocket.PolicyViolation, Reason: "not a message"}
		}
		c.add("say", name, text)
		return nil
	})
	return nil
}

func send(conn *websocket.Conn, u update) {
	if b, err := json.Marshal(u); err == nil { // an update can be marshalled
		_ = conn.Send(websocket.Text, b) // it fails if the page has gone: OnClose tells
	}
}

// broadcast tells all pages with a WebSocket: encoded and compressed once.
func (c *chat) broadcast(u update) {
	b, err := json.Marshal(u)
	if err != nil {
		return
	}
	if p, err := websocket.Prepare(websocket.Text, b); err == nil {
		for conn := range c.conns {
			_ = conn.SendPrepared(p)
		}
	}
}
