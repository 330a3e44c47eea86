package http1_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// FuzzClientResponse has a server answer with arbitrary bytes, then close. However they
// are cut, the client comes to the same end, and keeps nothing that it must not.
func FuzzClientResponse(f *testing.F) {
	for _, s := range []string{
		"HTTP/1.1 200 OK|Content-Length: 5||hello",
		"HTTP/1.1 200 OK|Transfer-Encoding: chunked||5|hello|0|T: 1||",
		"HTTP/1.1 100 Continue||HTTP/1.1 204 No Content||",
		"HTTP/1.0 200||until the end",
		"HTTP/1.1 200 OK|Content-Encoding: deflate|Content-Length: 7||\x01\x02\x00\xfd\xffhi",
		"HTTP/1.1 302 Found|Location: /x|Content-Length: 0||HTTP/1.1 200 OK|Content-Length: 1||x",
		"HTTP/1.1 401 No|WWW-Authenticate: Digest realm=\"a\", nonce=b|Content-Length: 0||",
		"HTTP/1.1 200 OK|A: b|  c|Content-Length: 1||x",
	} {
		f.Add([]byte(wire(s)), uint8(3))
	}
	f.Fuzz(func(t *testing.T, response []byte, cut uint8) {
		if len(response) > 1000 { // byte by byte, each costs some iterations
			return
		}
		whole := fuzzedResponse(t, response, len(response))
		if pieces := fuzzedResponse(t, response, int(cut)%64+1); pieces != whole {
			t.Errorf("as a whole: %s\nin pieces of %d: %s", whole, int(cut)%64+1, pieces)
		}
	})
}

func fuzzedResponse(t *testing.T, response []byte, cut int) (outcome string) {
	withClient(t, &http1.Client{Redirects: -1, MaxBody: 1 << 20}, func(co *loop.Co, w *clientWorld) error {
		w.script(co, hostA, func(co *loop.Co, p peer, _ int) error {
			if _, err := p.head(co); err != nil {
				return err
			}
			for rest := response; len(rest) > 0; {
				n := min(cut, len(rest))
				p.Write(rest[:n])
				rest = rest[n:]
				settle(co)
			}
			p.Close()
			return nil
		})
		res, err := w.client.Do(co, &http1.ClientRequest{URL: urlOf("/"), AnyStatus: true})
		var ce *http1.ClientError
		switch {
		case errors.As(err, &ce):
			outcome = ce.Phase
		case err != nil:
			t.Errorf("an error without a phase: %v", err)
		default:
			outcome = brief(res, nil)
			for _, h := range []*http1.Header{&res.Header, &res.Trailer} {
				for name, value := range h.All() {
					outcome += fmt.Sprintf("|%s: %s", name, value)
				}
			}
		}
		settle(co)
		settle(co)
		if s := w.client.Stats(); s.Open != s.Idle {
			t.Errorf("%+v", s)
		}
		return nil
	})
	return outcome
}
