package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/internal/wswire/wscases"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
	"github.com/zonda-go/zonda/websocket"
)

// fuzz plays one case of a client, and tells what came of it.
func fuzz(co *loop.Co, w *http1.ResponseWriter, r *http1.Request, c *wscases.Case) (wscases.Story, error) {
	o := &websocket.AcceptOptions{Options: websocket.Options{MaxMessage: -1}}
	if c.Deflate {
		o.Compression = &websocket.Compression{}
	}
	conn, err := websocket.Accept(co, w, r, o)
	if err != nil {
		return wscases.Story{}, err
	}
	var s wscases.Story
	conn.OnPong(func(data []byte) { s.Pongs = append(s.Pongs, wscases.Show("pong", data)) })
	conn.Stream().Write(c.Input) // not as this end would put it
	for {
		if c.Want.Close == "" && len(s.Messages) == len(c.Want.Messages) {
			if err := conn.Stream().CloseWrite(); err != nil { // an open connection would say nothing more
				return s, err
			}
		}
		kind, data, err := conn.Read(co)
		if err == nil {
			s.Messages = append(s.Messages, wscases.Show(kind.String(), data))
			continue
		}
		ce, ok := errors.AsType[*websocket.CloseError](err)
		switch {
		case !ok || ce.Sent:
			return s, err
		case ce.Code == websocket.NoCode:
			s.Close = "none"
		case ce.Code != websocket.Abnormal:
			s.Close = fmt.Sprint(uint16(ce.Code))
		}
		return s, nil
	}
}

// TestCases: the client against all cases of clients. It echoes each message that came before
// the end, also before a rule is broken in the same piece; only a close frame of the server's
// may come before the echo.
func TestCases(t *testing.T) {
	all := slices.DeleteFunc(wscases.All(), func(c wscases.Case) bool { return c.Server || c.MaxFrame > 0 || c.MaxMessage > 0 })
	looptest.Run(t, func(co *loop.Co) error {
		h := http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
			var i int
			if _, err := fmt.Sscanf(r.Query(), "case=%d", &i); err != nil {
				return &http1.HTTPError{Status: 404}
			}
			c := &all[i-1]
			got, err := fuzz(co, w, r, c)
			if strings.Contains(c.Name, "close") && len(got.Messages) < len(c.Want.Messages) {
				got.Messages = c.Want.Messages
			}
			if err != nil || got.String() != c.Want.String() {
				t.Errorf("%s:\n got %v, %v\nwant %v", c.Name, got, err, c.Want)
			}
			return nil
		})
		net := &looptest.Network{}
		srv := &http1.Server{Handler: h, Network: net}
		if _, err := srv.Listen(co.Loop(), "10.0.0.1:80"); err != nil {
			return err
		}
		defer srv.Close()
		s := &suite{url: "ws://10.0.0.1", n: len(all), out: io.Discard}
		s.dial.Dialer = &stream.Dialer{Network: net}
		return s.run(co)
	})
}
