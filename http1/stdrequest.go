package http1

import (
	"net/http"
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
	return m
}
