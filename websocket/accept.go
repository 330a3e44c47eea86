package websocket

import (
	"cmp"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/internal/wswire"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// AcceptOptions say how a server takes in WebSocket connections. They are not changed once
// they are used; several handlers and loops may share them.
type AcceptOptions struct {
	Options
	// Subprotocols are those that the server speaks, the one it likes best first. The
	// first that the client offers too is chosen. Default: none.
	Subprotocols []string
	// Origins are the hosts, with the port if it is not the scheme's own, whose pages may
	// connect besides those of the host that is asked; with a scheme, such as
	// "https://example.com", only by that one; "*" means all. A client that gives no origin
	// is not a browser, and let in. Default: the same host only.
	Origins []string
	// CheckOrigin decides in the place of Origins. Default: nil.
	CheckOrigin func(origin string, r *http1.Request) bool
}

// A HandshakeError says why a handshake came to nothing. It is a value without owner.
type HandshakeError struct {
	// Status is the status of the answer: the one that Accept has given, or the one that
	// Dial was given.
	Status int
	// Reason is what is wrong, in words.
	Reason string
	// Response is the answer that Dial was given; nil of Accept.
	Response *Response
}

// Error gives status and reason.
func (e *HandshakeError) Error() string {
	return fmt.Sprintf("websocket: handshake: %s (status %d)", e.Reason, e.Status)
}

// Accept answers the handshake of a WebSocket client (RFC 6455, 4.2), in a native handler of
// http1; header fields that were set are sent with it. The connection lives on when the
// handler has returned. When the server shuts down it is closed with GoingAway.
//
// A request that is no valid handshake is answered 400, 405 or 426, one of a foreign page
// 403; then the error is an *http1.HTTPError around a *HandshakeError, which the handler
// should return. o may be nil.
func Accept(co *loop.Co, w *http1.ResponseWriter, r *http1.Request, o *AcceptOptions) (*Conn, error) {
	if o == nil {
		o = &AcceptOptions{}
	}
	h := &r.Header
	hello := &wswire.Hello{
		Method: r.Method, Minor: r.Minor, Body: r.ContentLength != 0,
		Connection: h.Values("Connection"), Upgrade: h.Values("Upgrade"),
		Version: h.Values("Sec-WebSocket-Version"), Key: h.Values("Sec-WebSocket-Key"),
	}
	wrong := wswire.CheckHello(hello)
	if wrong == nil && !o.lets(h.Values("Origin"), r) {
		wrong = &wswire.Refusal{Status: 403, Reason: "pages of this origin may not connect"}
	}
	if wrong != nil {
		return nil, turnDown(w, wrong)
	}
	set := o.agree(co.Loop(), h.Values("Sec-WebSocket-Extensions"), h.Values("Sec-WebSocket-Protocol"))
	for _, f := range answer(hello.Key[0], &set) {
		w.Header().Set(f.Name, f.Value)
	}
	s, err := w.Upgrade("websocket")
	if err != nil {
		return nil, err
	}
	return newConn(s, set), nil
}

// answer is the fields of a server's answer, but for Upgrade and Connection.
func answer(key string, set *settings) []http1.Field {
	fields := []http1.Field{{Name: "Sec-WebSocket-Accept", Value: wswire.AcceptKey(key)}}
	if set.protocol != "" {
		fields = append(fields, http1.Field{Name: "Sec-WebSocket-Protocol", Value: set.protocol})
	}
	if set.rules.Deflate {
		fields = append(fields, http1.Field{Name: "Sec-WebSocket-Extensions", Value: set.agreed.Offer()})
	}
	return fields
}

// turnDown answers a handshake that is refused.
func turnDown(w *http1.ResponseWriter, wrong *wswire.Refusal) error {
	for _, f := range refusalFields(wrong.Status) {
		w.Header().Set(f.Name, f.Value)
	}
	w.Header().Set("Connection", "close") // which an error behind the answer comes to
	err := &http1.HTTPError{Status: wrong.Status, Err: &HandshakeError{Status: wrong.Status, Reason: wrong.Reason}}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(wrong.Reason)+1))
	w.SetStatus(wrong.Status)
	if _, werr := w.WriteString(wrong.Reason + "\n"); werr != nil {
		return werr
	}
	if werr := w.Flush(); werr != nil { // the handler's error would replace the fields
		return werr
	}
	return err
}

// refusalFields are those that a refusal must have (RFC 6455, 4.4; RFC 9110, 15.5.6, 15.5.22
// and 7.8).
func refusalFields(status int) []http1.Field {
	switch status {
	case 426:
		return []http1.Field{
			{Name: "Sec-WebSocket-Version", Value: wswire.Version},
			{Name: "Upgrade", Value: "websocket"}, {Name: "Connection", Value: "Upgrade"},
		}
	case 405:
		return []http1.Field{{Name: "Allow", Value: "GET"}}
	}
	return nil
}

// agree chooses what is spoken with a client that asks for these.
func (o *AcceptOptions) agree(l *loop.Loop, extensions, protocols []string) settings {
	set := o.settings(l, true)
	set.protocol = o.choose(wswire.Tokens(protocols))
	if want := o.want(true); want != nil {
		// A list that is none is as good as no list: nothing is agreed on.
		if offers, ok := wswire.ParseExtensions(extensions); ok {
			if agreed, ok := wswire.Agree(offers, *want); ok {
				set = set.deflated(agreed, o.Compression)
			}
		}
	}
	return set
}

func (o *AcceptOptions) choose(offered []string) string {
	for _, p := range o.Subprotocols {
		for _, q := range offered {
			if p == q {
				return p
			}
		}
	}
	return ""
}

// lets reports whether pages of the origin may connect (RFC 6455, 10.2).
func (o *AcceptOptions) lets(origins []string, r *http1.Request) bool {
	switch {
	case len(origins) == 0:
		return true
	case len(origins) > 1:
		return false
	case o.CheckOrigin != nil:
		return o.CheckOrigin(origins[0], r)
	}
	return o.letsHost(origins[0], r.Host)
}

// letsHost compares the host of an origin with the one that was asked, and with Origins. The
// scheme is not compared: behind a proxy that speaks TLS it is another one.
func (o *AcceptOptions) letsHost(origin, host string) bool {
	for _, one := range o.Origins {
		if one == "*" {
			return true
		}
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	if sameHost(u.Scheme, u.Host, host) {
		return true
	}
	for _, one := range o.Origins {
		scheme, host, given := strings.Cut(one, "://")
		if !given {
			scheme, host = u.Scheme, one
		}
		if scheme == u.Scheme && sameHost(scheme, u.Host, host) {
			return true
		}
	}
	return false
}

// sameHost compares hosts with ports, of which the scheme's own need not be said.
func sameHost(scheme, a, b string) bool {
	port := ":80"
	if scheme == "https" {
		port = ":443"
	}
	return strings.EqualFold(strings.TrimSuffix(a, port), strings.TrimSuffix(b, port))
}

// NewConn speaks WebSocket on a stream behind a handshake that the caller has done, as a
// server or as a client: for handshakes of other kinds. Extensions are not spoken then. The
// stream must have no consumer; what has come on it is read first. o may be nil.
func NewConn(s *stream.Stream, server bool, subprotocol string, o *Options) *Conn {
	set := cmp.Or(o, &Options{}).settings(s.Loop(), server)
	set.protocol = subprotocol
	return newConn(s, set)
}
