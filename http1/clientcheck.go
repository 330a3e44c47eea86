package http1

import "github.com/zonda-go/zonda/internal/httpwire"

// This file is what a ClientRequest may be, and what its method says of its body.

// checkRequest refuses what cannot be sent.
func checkRequest(r *ClientRequest) error {
	bodies := 0
	for _, there := range []bool{r.Body != nil, r.Reader != nil, r.Producer != nil} {
		if there {
			bodies++
		}
	}
	method := methodOf(r)
	switch {
	case !httpwire.ValidFieldName(method):
		return badRequest("the method %q", method)
	case method == "CONNECT":
		return badRequest("CONNECT makes a tunnel, which is a proxy's affair")
	case !httpwire.ValidFieldValue(r.Upgrade):
		return badRequest("%w: Upgrade: %q", ErrBadField, r.Upgrade)
	case bodies > 1:
		return badRequest("more than one of Body, Reader and Producer")
	case r.BodyLength < 0:
		return badRequest("a negative BodyLength")
	case (r.Reader != nil || r.Producer != nil || len(r.Body) > 0) && bodyless(method) && !r.Nonstandard:
		return badRequest("a body with %s, which needs Nonstandard", method)
	}
	for name, value := range r.Header.All() {
		if !httpwire.ValidFieldName(name) || !httpwire.ValidFieldValue(value) {
			return badRequest("%w: %q: %q", ErrBadField, name, value)
		}
	}
	return nil
}

// bodyless holds for the methods of which a body has no meaning (RFC 9110, 9.3).
func bodyless(method string) bool {
	switch method {
	case "GET", "HEAD", "DELETE", "OPTIONS", "TRACE":
		return true
	}
	return false
}

// takesBody holds for the methods of which a server expects a body.
func takesBody(method string) bool { return method == "POST" || method == "PUT" || method == "PATCH" }

// hasBody reports whether the hop has a body to send.
func (hop *clientHop) hasBody(r *ClientRequest) bool {
	return !hop.noBody && (len(r.Body) > 0 || r.Reader != nil || r.Producer != nil)
}

// length is the length of the hop's body; -1: nobody knows.
func (hop *clientHop) length(r *ClientRequest) int64 {
	switch {
	case !hop.hasBody(r):
		return 0
	case r.Reader == nil && r.Producer == nil:
		return int64(len(r.Body))
	case r.BodyLength > 0:
		return r.BodyLength
	}
	return -1
}

// repeatable reports whether the hop may be sent a second time when nobody knows what
// became of the first: its method says so (RFC 9110, 9.2.2), or a key that tells the
// server that they are the same, as net/http has it.
func (hop *clientHop) repeatable(r *ClientRequest) bool {
	switch hop.method {
	case "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE":
	default:
		if !r.Header.Has("Idempotency-Key") && !r.Header.Has("X-Idempotency-Key") {
			return false
		}
	}
	return !hop.hasBody(r) || r.Reader == nil
}
