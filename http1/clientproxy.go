package http1

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
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
