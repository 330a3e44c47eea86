package http1

import (
	"strings"

	"github.com/zonda-go/zonda/internal/httpwire"
)

// This file is a connection that speaks another protocol after the response 101.

// upgrades reports whether the exchange may end with that: it was asked for, and nothing
// of the request is still to be sent.
func (x *clientExchange) upgrades() bool { return x.call.req.Upgrade != "" && x.upload == nil }

// chose reports whether a server has chosen what was offered (RFC 9110, 7.8).
func chose(res *Response, offered string) bool {
	any := false
	for _, v := range res.Header.Values("Upgrade") {
		for name := range strings.SplitSeq(v, ",") {
			if any = httpwire.HasToken(offered, strings.Trim(name, " \t")); !any {
				return false
			}
		}
	}
	return any
}

// handOver makes the connection the caller's, together with what came behind the head.
func (x *clientExchange) handOver() {
	c := x.c
	x.done = true
	c.leave()
	c.s.SetConsumer(nil)
	x.res.Upgraded = c.s
	c.h.free()
}

// withoutUpgrade refuses a request with Upgrade where nobody could take the connection.
func withoutUpgrade(r *ClientRequest) error {
	if r.Upgrade == "" {
		return nil
	}
	return &ClientError{PhaseRequest, methodOf(r), "", badRequest("Upgrade is for Do and Open")}
}
