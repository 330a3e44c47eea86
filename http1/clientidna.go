package http1

import (
	"net/url"
	"strings"
)

// This file is hosts whose names are not ASCII.

// plainHost gives u a host in ASCII. A port, if there is one, stays.
func (c *Client) plainHost(u *url.URL) error {
	name := u.Hostname()
	if isASCII(name) {
		return nil
	}
	if c.ToASCII == nil {
		return badRequest("the host %q is not ASCII: set Client.ToASCII, to Lookup.ToASCII of golang.org/x/net/idna for example", name)
	}
	ascii, err := c.ToASCII(name)
	switch {
	case err != nil:
		return badRequest("the host %q: %w", name, err)
	case !isASCII(ascii):
		return badRequest("the host %q: ToASCII has made it %q", name, ascii)
	}
	u.Host = ascii + strings.TrimPrefix(u.Host, name)
	return nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
