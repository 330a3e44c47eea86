package http1

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ErrBadEvent is what EventStream.Send gives if a field of the event would end early
// on the wire and make another one.
var ErrBadEvent = errors.New("http1: invalid event")

// An Event is what a client with an EventSource receives (WHATWG HTML, 9.2).
type Event struct {
	// ID is what the client says in Last-Event-ID when it connects again. It must not
	// have a line break or NUL. "": the last one stays.
	ID string
	// Name is the event's type, without a line break. "": "message".
	Name string
	// Data is the event's text, UTF-8, of any number of lines. The client sees all
	// kinds of line breaks as LF.
	Data string
	// Retry is after how long the client is to connect again when the connection has
	// broken, in milliseconds on the wire. 0: as before.
	Retry time.Duration
}

// An EventStream sends events to one client. It belongs to the loop, and to one
// coroutine at a time.
type EventStream struct {
	w   *ResponseWriter
	buf []byte
}

// Events makes the response a stream of server-sent events: its Content-Type is
// text/event-stream, and its Cache-Control no-cache unless it is set. The stream lasts
// until the handler returns, or the client leaves, which cancels the handler.
//
// A proxy or the client may give up a connection on which nothing comes. Send a
// Comment every 15 seconds or so if events are rare.
func (w *ResponseWriter) Events() *EventStream {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	if !h.Has("Cache-Control") {
		h.Set("Cache-Control", "no-cache")
	}
	return &EventStream{w: w}
}

// LastEventID is the ID of the last event that the client has seen before it connected
// again; "" if there was none.
func (r *Request) LastEventID() string { return r.Header.Get("Last-Event-ID") }

// Send sends an event at once, and waits if the client is slow to take those before.
// An event with neither Name nor Data sets the client's ID or retry time, and is not
// seen otherwise. The error is ErrBadEvent, and then nothing was sent, or Write's.
func (s *EventStream) Send(e Event) error {
	if strings.ContainsAny(e.ID, "\r\n\x00") || strings.ContainsAny(e.Name, "\r\n") || e.Retry < 0 {
		return fmt.Errorf("%w: ID %q, name %q, retry %v", ErrBadEvent, e.ID, e.Name, e.Retry)
	}
	b := s.buf[:0]
	if e.ID != "" {
		b = appendLine(b, "id: ", e.ID)
	}
	if e.Name != "" {
		b = appendLine(b, "event: ", e.Name)
	}
	if e.Retry > 0 {
		b = appendLine(b, "retry: ", strconv.FormatInt(e.Retry.Milliseconds(), 10))
	}
	if e.Data != "" || e.Name != "" || e.ID == "" && e.Retry == 0 {
		b = appendLines(b, "data: ", e.Data)
	}
	return s.send(b)
}

// Comment sends what clients ignore: it keeps the connection in use, and finds out
// whether the client is still there. The error is Write's.
func (s *EventStream) Comment(text string) error {
	return s.send(appendLines(s.buf[:0], ": ", text))
}

// send sends lines, and the empty one that ends an event.
func (s *EventStream) send(b []byte) error {
	b = append(b, '\n')
	s.buf = keep(b)
	if _, err := s.w.Write(b); err != nil {
		return err
	}
	return s.w.Flush()
}

func appendLine(b []byte, field, value string) []byte {
	return append(append(append(b, field...), value...), '\n')
}

// appendLines makes a field of each line of text; CR LF, CR and LF end one.
func appendLines(b []byte, field, text string) []byte {
	for {
		i := strings.IndexAny(text, "\r\n")
		if i < 0 {
			return appendLine(b, field, text)
		}
		b = appendLine(b, field, text[:i])
		if strings.HasPrefix(text[i:], "\r\n") {
			i++
		}
		text = text[i+1:]
	}
}
