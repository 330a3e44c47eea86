package http1

import (
	"net/netip"
	"strings"
)

// This file is the field Forwarded (RFC 7239).

// A forwarding is what one proxy says of a request that it passes on.
type forwarding struct{ by, from, proto, host string }

// forwarding is what the outermost of the trusted proxies says, and the client's address
// if it has one: the last element whose address is not that of another trusted proxy.
// Those before it were written by somebody whom nobody vouches for. If the field is
// malformed it is the zero forwarding.
func (r *Request) forwarding() (told forwarding, client netip.Addr) {
	all := parseForwarded(r.Header.Values("Forwarded"))
	for len(all) > 0 {
		told, all = all[len(all)-1], all[:len(all)-1]
		client = parseNode(told.from)
		if !client.IsValid() || !contains(r.Body.ex.c.sv.srv.TrustProxies, client) {
			break
		}
	}
	return told, client
}

// parseForwarded takes the field's lines apart; nil: there is none, or one is malformed.
func parseForwarded(lines []string) (all []forwarding) {
	for _, s := range lines {
		for s != "" {
			f, rest, ok := cutForwarding(s)
			if !ok {
				return nil
			}
			if f != (forwarding{}) { // empty elements of a list mean nothing
				all = append(all, f)
			}
			s = rest
		}
	}
	return all
}

// cutForwarding takes an element, with the comma behind it.
func cutForwarding(s string) (f forwarding, rest string, ok bool) {
	for {
		s = strings.TrimLeft(s, " \t")
		switch {
		case s == "":
			return f, "", true
		case s[0] == ',':
			return f, s[1:], true
		case s[0] == ';':
			s = s[1:]
			continue
		}
		var name, value string
		name, s = cutToken(s)
		if name == "" || !strings.HasPrefix(s, "=") {
			return f, "", false
		}
		if value, s, ok = cutValue(s[1:]); !ok || !f.set(name, value) {
			return f, "", false
		}
		if s = strings.TrimLeft(s, " \t"); s != "" && s[0] != ';' && s[0] != ',' {
			return f, "", false
		}
	}
}

// set takes a parameter, of which each may be there once.
func (f *forwarding) set(name, value string) bool {
	var to *string
	switch strings.ToLower(name) {
	case "for":
		to = &f.from
	case "by":
		to = &f.by
	case "proto":
		to = &f.proto
	case "host":
		to = &f.host
	default:
		return true
	}
	if *to != "" || value == "" {
		return false
	}
	*to = value
	return true
}

// parseNode is a node's address (RFC 7239, 6): with a port or without, IPv6 in brackets.
// It is the zero address for "unknown", and for names that hide one ("_secret").
func parseNode(s string) netip.Addr {
	ip, port, more := strings.Cut(s, ":")
	if inner, ok := strings.CutPrefix(s, "["); ok {
		if ip, port, ok = strings.Cut(inner, "]"); !ok || !strings.Contains(ip, ":") {
			return netip.Addr{}
		}
		port, more = strings.CutPrefix(port, ":")
		if !more && port != "" {
			return netip.Addr{}
		}
	}
	hidden := len(port) > 1 && port[0] == '_'
	if more && !hidden && (len(port) < 1 || len(port) > 5 || strings.Trim(port, "0123456789") != "") {
		return netip.Addr{}
	}
	return parseIP(ip)
}
