package http1

import (
	"cmp"
	"net/url"
	"strings"

	"github.com/zonda-go/zonda/internal/httpwire"
)

// This file is a request on the wire: its head, and a small body behind it.

// smallBody is up to how many bytes a body goes out in one write with its head.
const smallBody = 64 << 10

// send writes the request, or begins to.
func (x *clientExchange) send() {
	r, pool := x.call.req, x.call.p
	b := x.appendHead(pool.scratch[:0])
	whole := !x.hop.hasBody(r) || r.Reader == nil && r.Producer == nil && len(r.Body) <= smallBody && !r.Expect100
	if whole && !x.hop.noBody {
		b = append(b, r.Body...)
	}
	x.c.s.Write(b) // if that fails, the stream ends, and Ended tells
	pool.scratch = keep(b)
	if !whole {
		x.startUpload()
	}
}

func (x *clientExchange) appendHead(b []byte) []byte {
	hop, r, c := x.hop, x.call.req, x.call.p.c
	b = httpwire.AppendRequestLine(b, hop.method, hop.target)
	b = httpwire.AppendField(b, "Host", hop.hostField(r))
	for name, value := range r.Header.All() {
		if hop.sends(name) {
			b = httpwire.AppendField(b, name, value)
		}
	}
	if !r.Header.Has("User-Agent") {
		b = httpwire.AppendField(b, "User-Agent", cmp.Or(c.UserAgent, defaultUserAgent))
	}
	if x.call.decodes() {
		b = httpwire.AppendField(b, "Accept-Encoding", "gzip, deflate")
	}
	if cookies := hop.cookies(c, r); cookies != "" {
		b = httpwire.AppendField(b, "Cookie", cookies)
	}
	if hop.auth != "" {
		b = httpwire.AppendField(b, "Authorization", hop.auth)
	}
	if hop.proxyAuth != "" {
		b = httpwire.AppendField(b, "Proxy-Authorization", hop.proxyAuth)
	}
	if !r.IfModifiedSince.IsZero() {
		b = httpwire.AppendField(b, "If-Modified-Since", httpDate(r.IfModifiedSince))
	}
	b = x.appendFraming(b)
	switch {
	case r.Upgrade != "":
		b = httpwire.AppendField(b, "Connection", "Upgrade")
		b = httpwire.AppendField(b, "Upgrade", r.Upgrade)
	case !hop.keep:
		b = httpwire.AppendField(b, "Connection", "close")
	}
	return httpwire.AppendHeadEnd(b)
}

// appendFraming says where the body ends. A method for which a body has a meaning says
// so also if there is none (RFC 9110, 8.6).
func (x *clientExchange) appendFraming(b []byte) []byte {
	hop, r := x.hop, x.call.req
	switch n := hop.length(r); {
	case n < 0:
		b = httpwire.AppendField(b, "Transfer-Encoding", "chunked")
	case n > 0 || takesBody(hop.method):
		b = httpwire.AppendContentLength(b, n)
	}
	if r.Expect100 && hop.hasBody(r) {
		b = httpwire.AppendField(b, "Expect", "100-continue")
	}
	return b
}

// sends reports whether a field of the request goes out as it is.
func (hop *clientHop) sends(name string) bool {
	is := func(other string) bool { return httpwire.EqualFold(name, other) }
	switch {
	case is("Host"), is("Cookie"), is("Expect"), is("Content-Length"), is("Transfer-Encoding"),
		is("Connection"), is("Keep-Alive"), is("Proxy-Connection"), is("Upgrade"):
		return false // what of it is to be sent has its own place
	case is("Authorization"):
		return !hop.foreign && hop.auth == ""
	case is("Proxy-Authorization"):
		return hop.forwarded() && hop.proxyAuth == "" && !hop.foreign
	case is("Content-Type"), is("Content-Encoding"), is("Content-Language"), is("Content-Location"):
		return !hop.noBody
	}
	return true
}

// hostField is the request's field Host (RFC 9112, 3.2).
func (hop *clientHop) hostField(r *ClientRequest) string {
	if own := r.Header.Get("Host"); own != "" && !hop.foreign {
		return own
	}
	return hop.host
}

// cookies is the field Cookie: the request's own, as long as it does not go elsewhere,
// and what the jar has for the URL.
func (hop *clientHop) cookies(c *Client, r *ClientRequest) string {
	var all []string
	if !hop.foreign {
		all = r.Header.Values("Cookie")
	}
	if c.Jar != nil {
		for _, k := range c.Jar.Cookies(hop.url) {
			value := k.Value
			if k.Quoted {
				value = `"` + value + `"` // the quotes belong to it (RFC 6265, 5.2)
			}
			if httpwire.ValidFieldValue(value) && httpwire.ValidFieldName(k.Name) {
				all = append(all, k.Name+"="+value)
			}
		}
	}
	if len(all) == 1 {
		return all[0]
	}
	return strings.Join(all, "; ")
}

// keepCookies puts the cookies that a response sets into the jar.
func (call *clientCall) keepCookies(res *Response) {
	if jar := call.p.c.Jar; jar != nil && res.Header.Has("Set-Cookie") {
		jar.SetCookies(call.hop.url, res.Cookies())
	}
}

// requestTarget is the target in the form for a server, or for a proxy (RFC 9112,
// 3.2.1 and 3.2.2).
func requestTarget(u *url.URL, absolute bool) string {
	if !absolute {
		return u.RequestURI()
	}
	return u.Scheme + "://" + u.Host + u.RequestURI()
}
