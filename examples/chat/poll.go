package main

import (
	"encoding/json"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

const (
	maxText = 2000 // characters of one message
	maxName = 40
	// patience is how long a poll waits for news.
	patience = 25 * time.Second
)

// poll answers as soon as there is something new, or after a while.
func (c *chat) poll(co *loop.Co, w *http1.ResponseWriter, query url.Values) error {
	name, since, err := who(query)
	session := query.Get("session")
	if err != nil || session == "" || len(session) > 64 {
		return &http1.HTTPError{Status: 400, Err: err}
	}
	m := c.poller(session, name)
	m.busy++
	defer func() { m.busy--; m.seen = c.l.Now() }()
	soon, done := co.WithTimeout(patience)
	defer done()
	for c.next-1 == since {
		if _, err := loop.Await(soon, c.changed.Wait()); err != nil {
			break // it is time to answer, or nobody is there any more
		}
	}
	if co.Err() != nil {
		return co.Err()
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	return json.NewEncoder(w).Encode(c.since(since))
}

// say takes a message of somebody who polls. Pages of other origins cannot send this type
// without asking first.
func (c *chat) say(w *http1.ResponseWriter, r *http1.Request, query url.Values) error {
	m := c.pollers[query.Get("session")]
	if m == nil || r.Header.Get("Content-Type") != "application/json" {
		return &http1.HTTPError{Status: 403}
	}
	var said struct{ Text string }
	if err := json.NewDecoder(io.LimitReader(r.Body, 16<<10)).Decode(&said); err != nil {
		return &http1.HTTPError{Status: 400, Err: err}
	}
	text, ok := clean(said.Text, maxText)
	if !ok {
		return &http1.HTTPError{Status: 400}
	}
	m.seen = c.l.Now()
	c.add("say", m.name, text)
	w.SetStatus(204)
	return nil
}

// who is who asks, and the last message that he has seen.
func who(query url.Values) (name string, since int64, err error) {
	name, ok := clean(query.Get("name"), maxName)
	since, err = strconv.ParseInt(query.Get("since"), 10, 64)
	if !ok || err != nil || since < 0 {
		return "", 0, &http1.HTTPError{Status: 400, Err: err}
	}
	return name, since, nil
}

// clean is s without blanks around it, if there is something and not too much: limit is in
// characters, of which the page lets in no more than that.
func clean(s string, limit int) (string, bool) {
	s = strings.TrimSpace(s)
	return s, s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= limit
}
