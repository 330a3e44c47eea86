package main

import (
	"io"
	"slices"
	"strings"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// loopProxy passes requests on without a goroutine.
type loopProxy struct {
	target string // scheme and host
	client http1.Client
}

// hop are the fields that say something of one connection only (RFC 9110, 7.6.1).
var hop = []string{"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect", "content-length"}

func (p *loopProxy) Serve(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
	out := &http1.ClientRequest{
		Method:    r.Method,
		URL:       p.target + r.Target,
		AnyStatus: true, Redirects: -1, Raw: true, MaxBody: -1, Nonstandard: true,
	}
	pass(&out.Header, &r.Header)
	out.Header.Add("X-Forwarded-For", r.RemoteAddr.Addr().String())
	if r.ContentLength != 0 {
		out.BodyLength = max(0, r.ContentLength)
		out.Producer = func(_ *loop.Co, body *http1.BodyWriter) error {
			_, err := io.Copy(body, r.Body)
			return err
		}
	}
	resp, err := p.client.Open(co, out)
	if err != nil {
		return &http1.HTTPError{Status: 502, Err: err}
	}
	defer resp.Stream.Close()
	w.SetStatus(resp.Status)
	pass(w.Header(), &resp.Header)
	_, err = io.Copy(w, resp.Stream)
	return err
}

// pass copies what is meant for the other end.
func pass(to, from *http1.Header) {
	for name, value := range from.All() {
		if !slices.Contains(hop, strings.ToLower(name)) {
			to.Add(name, value)
		}
	}
}
