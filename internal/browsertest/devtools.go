//go:build unix

package browsertest

import (
	"encoding/json"
	"fmt"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/websocket"
)

// maxReply bounds what Chromium may answer, in bytes: the largest is a picture.
const maxReply = 64 << 20

// A devtools is a connection by which Chromium is told what to do. It belongs to its loop.
//
// Calls have a number, by which their answer is known; events have none. Both name the
// session they belong to, which is a page, or "" for the browser.
type devtools struct {
	conn   *websocket.Conn
	calls  int
	open   map[int]*loop.Promise[json.RawMessage]
	events map[string]func(method string, params json.RawMessage) // by session
}

// A packet is a call, its answer, or an event.
type packet struct {
	ID      int             `json:"id,omitempty"`
	Session string          `json:"sessionId,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *struct {
		Message string `json:"message"`
		Data    string `json:"data"`
	} `json:"error,omitempty"`
}

func dial(co *loop.Co, url string) (*devtools, error) {
	o := &websocket.DialOptions{}
	o.MaxMessage = maxReply
	conn, err := websocket.Dial(co, url, o)
	if err != nil {
		return nil, err
	}
	d := &devtools{conn: conn, open: map[int]*loop.Promise[json.RawMessage]{}, events: map[string]func(string, json.RawMessage){}}
	conn.OnMessage(d.take)
	conn.OnClose(func(err error) {
		for _, p := range d.open {
			p.Fail(err)
		}
		clear(d.open)
	})
	return d, nil
}

// call asks Chromium for something, and waits for the answer. result may be nil.
func (d *devtools) call(co *loop.Co, session, method string, params, result any) error {
	answer, err := d.ask(co, session, method, params)
	if err == nil && result != nil {
		err = json.Unmarshal(answer, result)
	}
	if err != nil {
		return fmt.Errorf("browsertest: %s: %w", method, err)
	}
	return nil
}

func (d *devtools) ask(co *loop.Co, session, method string, params any) (json.RawMessage, error) {
	if params == nil {
		params = struct{}{}
	}
	p, err := json.Marshal(params)
	if err != nil {
		return nil, err
	}
	d.calls++
	id := d.calls
	b, err := json.Marshal(packet{ID: id, Session: session, Method: method, Params: p})
	if err != nil {
		return nil, err
	}
	answer := loop.NewPromise[json.RawMessage](co.Loop())
	answer.Quiet()
	d.open[id] = answer
	if err := d.conn.Write(co, websocket.Text, b); err != nil {
		delete(d.open, id)
		return nil, err
	}
	return loop.Await(co, answer.Future())
}

// take hears an answer or an event.
func (d *devtools) take(_ *loop.Co, m websocket.Message) error {
	var p packet
	if err := json.Unmarshal(m.Data, &p); err != nil {
		return err
	}
	answer := d.open[p.ID]
	delete(d.open, p.ID)
	switch {
	case p.ID == 0:
		if on := d.events[p.Session]; on != nil {
			on(p.Method, p.Params)
		}
	case answer == nil:
	case p.Error != nil:
		answer.TryFail(fmt.Errorf("%s %s", p.Error.Message, p.Error.Data))
	default:
		answer.TrySet(p.Result) // nobody waits any more, if it was cancelled
	}
	return nil
}
