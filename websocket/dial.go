package websocket

import (
	"cmp"
	crand "crypto/rand"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/internal/wswire"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

const (
	// maxAnswer bounds the head of a server's answer.
	maxAnswer = 64 << 10
	// maxInterim is how many answers may come before the final one.
	maxInterim  = 10
	dialTimeout = 30 * time.Second
)

// DialOptions say how a client connects. They are not changed once they are used. The zero
// value is ready for use.
type DialOptions struct {
	Options
	// Header is sent with the handshake: credentials, cookies, an Origin. Fields of the
	// handshake itself are the client's to set, and an error there.
	Header http1.Header
	// Subprotocols are offered, the one liked best first. Default: none.
	Subprotocols []string
	// Dialer connects, and says how TLS is to be spoken for wss. Default: an empty one.
	Dialer *stream.Dialer
	// Proxy is asked which HTTP proxy leads to a URL, by CONNECT: one of the scheme http or
	// https, perhaps with user and password. nil is none. The URL it is given has the scheme
	// http for ws and https for wss, so http1.ProxyFromEnvironment will do. Default: none.
	Proxy func(u *url.URL) (*url.URL, error)
	// Redirects is how many redirects are followed. They may lead from ws to wss, not back,
	// and the fields Authorization and Cookie are not sent to another host. Default: none.
	Redirects int
	// Timeout is how long it all may take, the last answer included. Default: 30 s;
	// negative: as long as the Co lives.
	Timeout time.Duration
	// OnResponse is given the server's answer, also of a handshake that fails. Default:
	// nil.
	OnResponse func(*Response)
}

// A Response is the head of a server's answer to a handshake. It is a value without owner.
type Response struct {
	// Status is the status code, 101 if all went well, and Reason the words behind it.
	Status int
	Reason string
	// Header holds all fields, in order.
	Header http1.Header
}

// Dial connects to a URL of the scheme ws or wss, and waits for that. If the server answers
// with anything but a valid handshake, or a redirect that is to be followed, the error is a
// *HandshakeError with the answer. If it cannot be reached the error is the Dialer's. o may be
// nil.
func Dial(co *loop.Co, rawURL string, o *DialOptions) (*Conn, error) {
	if o == nil {
		o = &DialOptions{}
	}
	u, err := parseURL(rawURL)
	if err != nil {
		return nil, err
	}
	if limit := cmp.Or(o.Timeout, dialTimeout); limit > 0 {
		scope, done := co.WithTimeout(limit)
		defer done()
		co = scope
	}
	d := &dial{o: o, u: u, header: &o.Header, want: o.want(false)}
	for hops := 0; ; hops++ {
		c, err := d.once(co)
		if err == nil || hops == o.Redirects {
			return c, err
		}
		if next := d.redirect(err); next == nil {
			return nil, err
		} else {
			d = next
		}
	}
}

func parseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("websocket: %w", err)
	}
	switch {
	case u.Scheme != "ws" && u.Scheme != "wss":
		return nil, fmt.Errorf("websocket: a URL of the scheme %q, not ws or wss", u.Scheme)
	case u.Hostname() == "":
		return nil, fmt.Errorf("websocket: a URL without a host")
	case u.Fragment != "":
		return nil, fmt.Errorf("websocket: a URL with a fragment (RFC 6455, 3)")
	case strings.IndexFunc(u.Host, func(c rune) bool { return c >= 0x80 }) >= 0:
		return nil, fmt.Errorf("websocket: the host %q is not ASCII: convert it, with golang.org/x/net/idna's Lookup.ToASCII for example", u.Hostname())
	case u.User != nil:
		return nil, fmt.Errorf("websocket: a URL with a user; set the field Authorization")
	}
	return u, nil
}

// A dial is one handshake of a client.
type dial struct {
	o      *DialOptions
	u      *url.URL
	header *http1.Header // of o, or what of it another host may be told
	key    string
	want   *wswire.Deflate // what is offered; nil: nothing
}

func (d *dial) secure() bool { return d.u.Scheme == "wss" }

// once connects once.
func (d *dial) once(co *loop.Co) (*Conn, error) {
	var random [16]byte
	_, _ = crand.Read(random[:]) // it never fails
	d.key = wswire.EncodeKey(random)
	hello, err := d.hello()
	if err != nil {
		return nil, err
	}
	s, err := d.connect(co)
	if err != nil {
		return nil, err
	}
	s.Write(hello)
	c, err := d.finish(co, s)
	if err != nil {
		s.Abort()
		return nil, err
	}
	return c, nil
}

func (d *dial) connect(co *loop.Co) (*stream.Stream, error) {
	var dialer stream.Dialer
	if d.o.Dialer != nil {
		dialer = *d.o.Dialer
	}
	if dialer.TLS == nil {
		dialer.TLS = &stream.TLSOptions{Config: &tls.Config{NextProtos: []string{"http/1.1"}}}
	}
	if d.o.Proxy != nil {
		u := *d.u
		u.Scheme = strings.Replace(u.Scheme, "ws", "http", 1)
		proxy, err := d.o.Proxy(&u)
		if err != nil {
			return nil, fmt.Errorf("websocket: %w", err)
		}
		if proxy != nil {
			return d.tunnel(co, dialer, proxy)
		}
	}
	if !d.secure() {
		dialer.TLS = nil
	}
	return dialer.Dial(co, "tcp", hostPort(d.u))
}

// hostPort is where a URL leads to.
func hostPort(u *url.URL) string {
	port := "80"
	if u.Scheme == "wss" || u.Scheme == "https" {
		port = "443"
	}
	return net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), port))
}

// hello is the client's handshake (RFC 6455, 4.1).
func (d *dial) hello() ([]byte, error) {
	var b strings.Builder
	line := func(name, value string) { fmt.Fprintf(&b, "%s: %s\r\n", name, value) }
	fmt.Fprintf(&b, "GET %s HTTP/1.1\r\n", d.u.RequestURI())
	host := d.u.Host
	if own := map[string]string{"ws": ":80", "wss": ":443"}[d.u.Scheme]; strings.HasSuffix(host, own) {
		host = strings.TrimSuffix(host, own)
	}
	if i, end := strings.IndexByte(host, '%'), strings.IndexByte(host, ']'); 0 < i && i < end {
		host = host[:i] + host[end:] // a zone means nothing there (RFC 6874, 4)
	}
	if given := d.header.Get("Host"); given != "" {
		host = given
	}
	line("Host", host)
	line("Upgrade", "websocket")
	line("Connection", "Upgrade")
	line("Sec-WebSocket-Key", d.key)
	line("Sec-WebSocket-Version", wswire.Version)
	for _, p := range d.o.Subprotocols {
		if !wswire.IsToken(p) {
			return nil, fmt.Errorf("websocket: the subprotocol %q is not a token", p)
		}
	}
	if len(d.o.Subprotocols) > 0 {
		line("Sec-WebSocket-Protocol", strings.Join(d.o.Subprotocols, ", "))
	}
	if d.want != nil {
		line("Sec-WebSocket-Extensions", d.want.Offer())
	}
	for name, value := range d.header.All() {
		if !ownField(name, value) {
			return nil, fmt.Errorf("websocket: the field %q cannot be sent with a handshake", name)
		}
		if !wswire.EqualFold(name, "Host") {
			line(name, value)
		}
	}
	return []byte(b.String() + "\r\n"), nil
}

// ownField reports whether a field is one that the user may send.
func ownField(name, value string) bool {
	for _, not := range []string{"Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version",
		"Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "Content-Length", "Transfer-Encoding"} {
		if wswire.EqualFold(name, not) {
			return false
		}
	}
	return wswire.IsToken(name) && !strings.ContainsAny(value, "\r\n\x00")
}

// finish waits for the server's answer and judges it.
func (d *dial) finish(co *loop.Co, s *stream.Stream) (*Conn, error) {
	head, err := answerTo(co, s)
	if err != nil {
		return nil, err
	}
	r := &Response{Status: head.Status, Reason: head.Reason}
	for _, f := range head.Fields {
		r.Header.Add(f.Name, f.Value)
	}
	if d.o.OnResponse != nil {
		d.o.OnResponse(r)
	}
	set := d.o.settings(s.Loop(), false)
	if wrong := d.judge(head, &set); wrong != "" {
		return nil, &HandshakeError{Status: r.Status, Reason: wrong, Response: r}
	}
	return newConn(s, set), nil
}

func (d *dial) judge(head *wswire.Response, set *settings) (wrong string) {
	a := &wswire.Answer{
		Minor: head.Minor, Status: head.Status,
		Connection: head.Values("Connection"), Upgrade: head.Values("Upgrade"),
		Accept: head.Values("Sec-WebSocket-Accept"), Protocol: head.Values("Sec-WebSocket-Protocol"),
	}
	if wrong = wswire.CheckAnswer(a, d.key, d.o.Subprotocols); wrong != "" {
		return wrong
	}
	for _, p := range d.o.Subprotocols {
		if len(a.Protocol) == 1 && p == a.Protocol[0] {
			set.protocol = p // not the answer's, which would keep all of that
		}
	}
	list, ok := wswire.ParseExtensions(head.Values("Sec-WebSocket-Extensions"))
	if !ok {
		return "Sec-WebSocket-Extensions is not a list of extensions"
	}
	agreed, on, wrong := wswire.CheckAgreed(list, d.want)
	if on {
		*set = set.deflated(agreed, d.o.Compression)
	}
	return wrong
}

// answerTo reads the head of the final answer, before which others may come that mean nothing
// to us (RFC 9110, 15.2); frames may come behind it at once.
func answerTo(co *loop.Co, s *stream.Stream) (*wswire.Response, error) {
	for range maxInterim {
		head, err := nextAnswer(co, s)
		if err != nil || head.Status/100 != 1 || head.Status == 101 {
			return head, err
		}
	}
	return nil, &HandshakeError{Reason: "one interim answer after another"}
}

func nextAnswer(co *loop.Co, s *stream.Stream) (*wswire.Response, error) {
	b, err := loop.Await(co, s.ReadUntil("\r\n\r\n", maxAnswer))
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, fmt.Errorf("websocket: waiting for the server's answer: %w", err)
	}
	head, n, wrong := wswire.ParseResponse(b)
	if wrong == "" && n != len(b) {
		wrong = "an empty line where none belongs"
	}
	if wrong != "" {
		return nil, &HandshakeError{Reason: wrong}
	}
	return head, nil
}
