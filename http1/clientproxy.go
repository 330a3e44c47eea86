package http1

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"syscall"

	"github.com/zonda-go/zonda/internal/httpwire"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// ProxyFromEnvironment is a Client.Proxy that does what the variables HTTP_PROXY,
// HTTPS_PROXY and NO_PROXY say, as net/http does: they are read once, and the loopback
// is never asked by a proxy. Any goroutine may call it.
func ProxyFromEnvironment(u *url.URL) (*url.URL, error) {
	return http.ProxyFromEnvironment(&http.Request{URL: u})
}

// choosesProxy finds the proxy of a hop, if there is one.
func (hop *clientHop) choosesProxy(p *clientPool, r *ClientRequest) (err error) {
	switch {
	case hop.key.unix != "" || r.Proxy == "direct":
		return nil
	case r.Proxy != "":
		hop.proxy, err = parseURL(r.Proxy)
	case p.c.Proxy != nil:
		hop.proxy, err = p.c.Proxy(hop.url)
	}
	if err != nil {
		return badRequest("the proxy: %w", err)
	}
	if hop.proxy == nil {
		return nil
	}
	if !isASCII(hop.proxy.Host) {
		u := *hop.proxy // which may be the user's
		hop.proxy = &u
		if err := p.c.plainHost(&u); err != nil {
			return err
		}
	}
	switch hop.proxy.Scheme {
	case "http", "https":
		if u := hop.proxy.User; u != nil && !hop.key.secure {
			password, _ := u.Password()
			hop.proxyAuth = basicAuth(u.Username(), password)
		}
		if !hop.key.secure {
			hop.key.addr = "" // one connection to the proxy serves all hosts
		}
	case "socks5", "socks5h":
	default:
		return badRequest("a proxy with the scheme %q", hop.proxy.Scheme)
	}
	if _, err := addressOf(hop.proxy); err != nil {
		return err
	}
	hop.key.proxy = hop.proxy.String()
	return nil
}

// forwarded reports whether the proxy is asked for the URL itself, instead of for a
// connection.
func (hop *clientHop) forwarded() bool { return hop.proxy != nil && hop.key.addr == "" }

// throughProxy makes s, which leads to the hop's proxy if it has one, lead to where the
// request goes.
func (call *clientCall) throughProxy(co *loop.Co, s *stream.Stream) error {
	hop := call.hop
	if hop.proxy == nil || hop.key.unix != "" {
		return nil
	}
	var err error
	if hop.proxy.Scheme == "https" {
		_, err = loop.Await(co, s.StartTLS(call.proxyTLS()))
	}
	switch {
	case err != nil || hop.forwarded():
	case hop.proxy.Scheme == "socks5" || hop.proxy.Scheme == "socks5h":
		err = socks(co, s, hop.proxy.User, hop.key.addr)
	default:
		err = call.tunnel(co, s)
	}
	switch {
	case err == nil && len(s.Buffered()) == 0:
		return nil
	case err == nil:
		err = errUnasked
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		err = lostBy(io.EOF)
	case errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE):
		err = lostBy(err)
	}
	return call.wrap(PhaseProxy, err)
}

// proxyTLS is how TLS is spoken to the proxy itself: as the client speaks it.
func (call *clientCall) proxyTLS() stream.TLSOptions {
	o := tlsFor("", call.p.c.TLS)
	o.Config.ServerName = call.hop.proxy.Hostname()
	return o
}

// tunnel has an HTTP proxy connect (RFC 9110, 9.3.6). The stream behind it must be
// untouched, so the answer is read up to its end and no further.
func (call *clientCall) tunnel(co *loop.Co, s *stream.Stream) error {
	hop, p := call.hop, call.p
	b := httpwire.AppendRequestLine(nil, "CONNECT", hop.key.addr)
	b = httpwire.AppendField(b, "Host", hop.key.addr)
	if u := hop.proxy.User; u != nil {
		password, _ := u.Password()
		b = httpwire.AppendField(b, "Proxy-Authorization", basicAuth(u.Username(), password))
	}
	s.Write(httpwire.AppendHeadEnd(b))
	for range maxInterim + 1 {
		head, err := loop.Await(co, s.ReadUntil("\r\n\r\n", p.maxHead()))
		if err != nil {
			return err
		}
		parser := httpwire.ResponseParser{}
		// An empty line is the end of a head; the parser wants to see what follows it.
		n, err := parser.Head(head, "CONNECT", p.maxHead())
		switch status := parser.Response.Status; {
		case err != nil:
			return badResponse(err)
		case n == 0:
			return fmt.Errorf("%w: its answer is not one", ErrProxy)
		case status/100 == 1 && status != 101:
		case status/100 != 2:
			return fmt.Errorf("%w: %d %s", ErrProxy, status, bytes.TrimSpace(parser.Response.Reason.Of(head)))
		default:
			return nil
		}
	}
	return errInterim
}

// socks has a SOCKS5 proxy connect (RFC 1928), by the name: the proxy looks it up.
func socks(co *loop.Co, s *stream.Stream, user *url.Userinfo, addr string) error {
	read := func(n int) ([]byte, error) { return loop.Await(co, s.ReadFull(n)) }
	hello := []byte{5, 1, 0} // no authentication
	if user != nil {
		hello = []byte{5, 2, 0, 2} // or user and password: many proxies know one of them only
	}
	s.Write(hello)
	answer, err := read(2)
	switch {
	case err != nil:
		return err
	case answer[0] != 5:
		return fmt.Errorf("%w: it does not speak SOCKS5", ErrProxy)
	case answer[1] == 2 && user != nil:
		if err := socksUser(s, read, user); err != nil {
			return err
		}
	case answer[1] != 0:
		return fmt.Errorf("%w: SOCKS authentication", ErrProxy)
	}
	request, err := socksRequest(addr)
	if err != nil {
		return err
	}
	s.Write(request)
	if answer, err = read(4); err != nil {
		return err
	}
	if answer[0] != 5 || answer[1] != 0 {
		return fmt.Errorf("%w: SOCKS: %s", ErrProxy, socksReason(answer[1]))
	}
	left := 4 // the address that the proxy has bound, of no use here
	switch answer[3] {
	case 1:
	case 3:
		n, err := read(1)
		if err != nil {
			return err
		}
		left = int(n[0])
	case 4:
		left = 16
	default:
		return fmt.Errorf("%w: SOCKS: an address of type %d", ErrProxy, answer[3])
	}
	_, err = read(left + 2)
	return err
}

// socksUser authenticates (RFC 1929).
func socksUser(s *stream.Stream, read func(int) ([]byte, error), user *url.Userinfo) error {
	name := user.Username()
	password, _ := user.Password()
	if len(name) > 255 || len(password) > 255 || name == "" {
		return badRequest("user or password of a SOCKS proxy")
	}
	b := append([]byte{1, byte(len(name))}, name...)
	b = append(append(b, byte(len(password))), password...)
	s.Write(b)
	answer, err := read(2)
	if err == nil && answer[1] != 0 {
		err = fmt.Errorf("%w: SOCKS user or password", ErrProxy)
	}
	return err
}

func socksRequest(addr string) ([]byte, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, err
	}
	b := []byte{5, 1, 0}
	switch ip, err := netip.ParseAddr(host); {
	case err == nil && ip.Unmap().Is4():
		b = append(append(b, 1), ip.Unmap().AsSlice()...)
	case err == nil:
		b = append(append(b, 4), ip.WithZone("").AsSlice()...)
	case len(host) > 255:
		return nil, badRequest("a host's name of %d bytes", len(host))
	default:
		b = append(append(b, 3, byte(len(host))), host...)
	}
	return binary.BigEndian.AppendUint16(b, uint16(n)), nil
}

// socksReason is what RFC 1928, 6 says of a reply.
func socksReason(code byte) string {
	reasons := [...]string{
		1: "general failure", 2: "not allowed", 3: "network unreachable", 4: "host unreachable",
		5: "connection refused", 6: "time to live expired", 7: "command not supported", 8: "address type not supported",
	}
	if int(code) < len(reasons) && reasons[code] != "" {
		return reasons[code]
	}
	return "reply " + strconv.Itoa(int(code))
}
