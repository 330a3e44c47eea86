package http1

import (
	"fmt"
	"net/http"
)

// Cookies are the cookies that the client has sent, in its order, read as net/http
// reads them: what is malformed is left out, and values lose their quotes. They were
// made by the client, so look at them as at the rest of a request.
func (r *Request) Cookies() []*http.Cookie {
	return r.stdHead("Cookie").Cookies()
}

// Cookie is the first cookie of that name: that of the longest path, if a client has
// several (RFC 6265, 5.4). Without one the error is http.ErrNoCookie.
func (r *Request) Cookie(name string) (*http.Cookie, error) {
	return r.stdHead("Cookie").Cookie(name)
}

// SetCookie adds a Set-Cookie field. Unlike net/http's function of that name, it
// returns an error, which matches ErrBadField, and adds nothing, if the cookie has no
// valid name, or an attribute that would end early on the wire or mean something else.
// A value may not have control bytes, quotes, semicolons or backslashes, nor anything
// beyond ASCII: encode what comes from elsewhere.
func (w *ResponseWriter) SetCookie(c *http.Cookie) error {
	if err := c.Valid(); err != nil {
		return fmt.Errorf("%w: %w", ErrBadField, err)
	}
	w.Header().Add("Set-Cookie", c.String())
	return nil
}

// BasicAuth is the user's name and password of the field Authorization, if it has the
// scheme Basic (RFC 7617). Compare them in constant time, with crypto/subtle.
func (r *Request) BasicAuth() (username, password string, ok bool) {
	if len(r.Header.Values("Authorization")) > 1 {
		return "", "", false // whichever was checked before us need not be the first
	}
	return r.stdHead("Authorization").BasicAuth()
}

// stdHead is a request of net/http with the fields of one name, for its methods.
func (r *Request) stdHead(name string) *http.Request {
	return &http.Request{Header: http.Header{name: r.Header.Values(name)}}
}
