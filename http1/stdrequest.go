package http1

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/zonda-go/zonda/loop"
)

// This file is a request's parts in the form that net/http gives them.

// A stdContext is the request's context: the Co, and what net/http has in it besides.
type stdContext struct {
	*loop.Co
	c *stdCall
}

// Value is the Co's, and net/http's two of the server and of this end's address.
func (x *stdContext) Value(key any) any {
	switch key {
	case http.ServerContextKey:
		return x.c.ex.c.sv.srv.stdServer()
	case http.LocalAddrContextKey:
		return x.c.ex.c.std.local
	}
	return x.Co.Value(key)
}

// A stdConn is what a net/http handler is told of a connection. Without TLS, those to the
// same address share one. It is immutable.
type stdConn struct {
	local net.Addr
	tls   *tls.ConnectionState
}

// maxLocals bounds the addresses of its own that a service knows.
const maxLocals = 64

// meetStd makes the connection's stdConn with its first request.
func (c *conn) meetStd() {
	if c.std != nil {
		return
	}
	addr := c.s.LocalAddr()
	if state, ok := c.s.TLS(); ok {
		c.std = &stdConn{stdNetAddr(addr), &state}
		return
	}
	if c.std = c.sv.locals[addr]; c.std == nil {
		c.std = &stdConn{local: stdNetAddr(addr)}
		if len(c.sv.locals) < maxLocals {
			c.sv.locals[addr] = c.std
		}
	}
}

// stdNetAddr is an address as package net has it. One that is no IP address is a Unix
// socket's, whose name the stream does not know.
func stdNetAddr(a netip.AddrPort) net.Addr {
	if !a.IsValid() {
		return &net.UnixAddr{Net: "unix"}
	}
	return net.TCPAddrFromAddrPort(a)
}

// stdAddr is the RemoteAddr of a request: "@" for a client on a Unix socket, as net/http has it.
func stdAddr(a netip.AddrPort) string {
	if !a.IsValid() {
		return "@"
	}
	return a.String()
}

// parseTarget makes a URL of the request's target.
func parseTarget(u *url.URL, r *Request) error {
	if r.Method == "CONNECT" {
		u.Host = r.Target
		return nil
	}
	if path, query, asked := strings.Cut(r.Target, "?"); plainPath(path) {
		u.Path, u.RawQuery, u.ForceQuery = path, query, asked && query == ""
		return nil
	}
	parsed, err := url.ParseRequestURI(r.Target)
	if err == nil {
		*u = *parsed
	}
	return err
}

// plainPath reports whether path is one that url.ParseRequestURI would leave as it is:
// most are, and to see that costs little of what it does.
func plainPath(path string) bool {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") {
		return false
	}
	for i := range len(path) {
		switch b := path[i]; {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '-' <= b && b <= '9': // among them "-", "." and "/"
		case b == '_', b == '~', b == '=', b == '&', b == '@', b == '+', b == ':':
		default:
			return false
		}
	}
	return true
}

// stdHeader is h as a map, without what net/http keeps in other places.
func stdHeader(h *Header) http.Header {
	n := h.Len()
	m := make(http.Header, n)
	values := make([]string, n) // one piece of memory for all
	for i := range n {
		f := h.at(i)
		name := http.CanonicalHeaderKey(f.Name)
		if name == "Host" || name == "Transfer-Encoding" {
			continue
		}
		if old, ok := m[name]; ok {
			m[name] = append(old, f.Value)
			continue
		}
		values[i] = f.Value
		m[name] = values[i : i+1 : i+1]
	}
	if p := m["Pragma"]; len(p) > 0 && p[0] == "no-cache" {
		if _, ok := m["Cache-Control"]; !ok {
			m["Cache-Control"] = []string{"no-cache"} // RFC 9111, 5.4
		}
	}
	return m
}
