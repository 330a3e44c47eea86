package http1

import (
	"crypto/tls"
	"net/netip"
	"slices"
	"strings"

	"github.com/zonda-go/zonda/internal/httpwire"
)

// This file is where a request came from, as far as that can be believed.

// TLS is what was agreed on in the connection's handshake; false without TLS.
func (r *Request) TLS() (tls.ConnectionState, bool) { return r.Body.ex.c.s.TLS() }

// ClientIP is the client's address: RemoteAddr's, or, if that is one of
// Server.TrustProxies, the one that the proxy has told. Of a list in X-Forwarded-For it
// is the last that is none of the trusted proxies: those before it were written by
// somebody whom nobody vouches for. X-Real-IP counts only without X-Forwarded-For, so the
// proxy must set one of them, and if it is X-Real-IP, take the other away. What is no
// address is not believed. The zero address means that the client has none, behind a Unix
// socket. With Server.TrustForwarded only the field Forwarded counts, by the same rule.
func (r *Request) ClientIP() netip.Addr {
	peer := r.RemoteAddr.Addr().Unmap()
	if !r.proxied() {
		return peer
	}
	if r.trustsForwarded() {
		if _, ip := r.forwarding(); ip.IsValid() {
			return ip
		}
		return peer
	}
	if lines := r.Header.Values("X-Forwarded-For"); len(lines) > 0 {
		return r.forwardedFor(lines, peer)
	}
	if ip := parseIP(r.Header.Get("X-Real-IP")); ip.IsValid() {
		return ip
	}
	return peer
}

// Scheme is "https" or "http": as the proxy has told in X-Forwarded-Proto (of a list, the
// last) or, without it, X-Scheme, if RemoteAddr is one of Server.TrustProxies; else as the
// connection is. With Server.TrustForwarded only the field Forwarded counts.
func (r *Request) Scheme() string {
	if r.proxied() {
		told, ok := r.last("X-Forwarded-Proto")
		if !ok {
			told, _ = r.last("X-Scheme")
		}
		if r.trustsForwarded() {
			f, _ := r.forwarding()
			told = f.proto
		}
		for _, known := range [...]string{"http", "https"} {
			if httpwire.EqualFold(told, known) {
				return known
			}
		}
	}
	if _, secure := r.TLS(); secure {
		return "https"
	}
	return "http"
}

// ClientHost is the host that the client asked, with the port if it gave one: as the proxy
// has told in X-Forwarded-Host (of a list, the last), or with Server.TrustForwarded in the
// field Forwarded, if RemoteAddr is one of Server.TrustProxies; else Host. What could be no
// host is not believed.
func (r *Request) ClientHost() string {
	if r.proxied() {
		told, _ := r.last("X-Forwarded-Host")
		if r.trustsForwarded() {
			f, _ := r.forwarding()
			told = f.host
		}
		if httpwire.ValidHost(told) {
			return told
		}
	}
	return r.Host
}

func (r *Request) trustsForwarded() bool { return r.Body.ex.c.sv.srv.TrustForwarded }

// proxied reports whether the request came from a proxy that is trusted.
func (r *Request) proxied() bool {
	peer := r.RemoteAddr.Addr()
	trusted := r.Body.ex.c.sv.srv.TrustProxies
	return len(trusted) > 0 && (!peer.IsValid() || contains(trusted, peer))
}

func contains(prefixes []netip.Prefix, ip netip.Addr) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(ip.Unmap()) })
}

// forwardedFor goes through the addresses from the nearest on.
func (r *Request) forwardedFor(lines []string, peer netip.Addr) netip.Addr {
	client := peer
	for _, line := range slices.Backward(lines) {
		for rest, more := line, true; more; {
			var item string
			rest, item, more = cutLast(rest)
			if item == "" {
				continue // empty elements of a list mean nothing (RFC 9110, 5.6.1)
			}
			ip := parseIP(item)
			if !ip.IsValid() {
				return peer
			}
			client = ip
			if !contains(r.Body.ex.c.sv.srv.TrustProxies, ip) {
				return client
			}
		}
	}
	return client
}

// last is the last element of a list; false: there is no such field.
func (r *Request) last(name string) (string, bool) {
	lines := r.Header.Values(name)
	if len(lines) == 0 {
		return "", false
	}
	_, item, _ := cutLast(lines[len(lines)-1])
	return item, true
}

// cutLast takes the last element off a list.
func cutLast(list string) (rest, item string, more bool) {
	i := strings.LastIndexByte(list, ',')
	if i < 0 {
		return "", strings.Trim(list, " \t"), false
	}
	return list[:i], strings.Trim(list[i+1:], " \t"), true
}

// parseIP gives the zero address for what is none. A zone means something only on the
// machine that has written it.
func parseIP(s string) netip.Addr {
	ip, err := netip.ParseAddr(s)
	if err != nil || ip.Zone() != "" {
		return netip.Addr{}
	}
	return ip.Unmap()
}
