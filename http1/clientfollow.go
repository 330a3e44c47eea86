package http1

import (
	"cmp"
	"fmt"
	"net/url"
)

// This file is what a response makes of its request: a redirect leads to another hop,
// and so does a challenge to authenticate.

// after is the next hop; nil: res is final.
func (hop *clientHop) after(call *clientCall, res *Response) (*clientHop, error) {
	r := call.req
	if res.Status == 401 {
		return hop.answerChallenge(r, res), nil
	}
	location := res.Header.Get("Location")
	max := limit(cmp.Or(r.Redirects, call.p.c.Redirects), defaultRedirects)
	if !redirects(res.Status) || location == "" || call.redirects >= max {
		return nil, nil
	}
	to, err := parseURL(location)
	if err != nil {
		return nil, badRequest("a redirect to %s: %w", shownText(location), err)
	}
	to = hop.url.ResolveReference(to)
	next := &clientHop{
		method:   hop.method,
		noBody:   hop.noBody,
		foreign:  hop.foreign,
		user:     hop.user,
		password: hop.password,
	}
	next.rewrite(res.Status)
	if next.hasBody(r) && r.Reader != nil {
		return nil, nil // it has been read, and cannot be sent again
	}
	if err := next.aim(call.p, r, to); err != nil {
		return nil, fmt.Errorf("a redirect to %s: %w", shownURL(to), err)
	}
	call.redirects++
	next.followTo(hop, r, to)
	return next, nil
}

// redirects holds for the statuses that lead elsewhere (RFC 9110, 15.4).
func redirects(status int) bool {
	switch status {
	case 301, 302, 303, 307, 308:
		return true
	}
	return false
}

// rewrite changes the method as all clients do (RFC 9110, 15.4.2 to 15.4.4): after 303
// it is GET, and after 301 or 302 of a POST as well.
func (hop *clientHop) rewrite(status int) {
	switch {
	case status == 303 && hop.method != "HEAD" && hop.method != "GET",
		(status == 301 || status == 302) && hop.method == "POST":
		hop.method, hop.noBody = "GET", true
	}
}

// followTo decides about what is secret: another origin (scheme, host or port) gets
// neither user and password nor the fields Authorization and Cookie, and so it stays
// for the rest of the way.
func (hop *clientHop) followTo(from *clientHop, r *ClientRequest, to *url.URL) {
	if hop.key.secure != from.key.secure || hop.origin() != from.origin() {
		hop.foreign = true
		hop.user, hop.password = "", ""
	}
	if to.User != nil {
		hop.user = to.User.Username()
		hop.password, _ = to.User.Password()
	}
	if hop.user+hop.password != "" && !r.Digest {
		hop.auth = basicAuth(hop.user, hop.password)
	}
}

// origin is the host and port, also where a proxy connects.
func (hop *clientHop) origin() string {
	addr, _ := addressOf(hop.url) // it was valid
	return addr
}
