package http1_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// toASCII stands for idna.Lookup.ToASCII, and knows few names.
func toASCII(name string) (string, error) {
	known := map[string]string{"bücher.test": "xn--bcher-kva.test", "BÜCHER.test": "xn--bcher-kva.test", "ü.test": "xn--tda.test",
		"slash.tést": "a/b", "blank.tést": "a b", "empty.tést": "", "same.tést": "same.tést"}
	if ascii, ok := known[name]; ok {
		return ascii, nil
	}
	return "", errors.New("unknown rune")
}

// A name that is not ASCII is looked up, and told to the server, as ToASCII has it; after
// a redirect, too.
func TestClientIDNA(t *testing.T) {
	hosts := stream.MapResolver{Hosts: map[string][]netip.AddrPort{
		"xn--bcher-kva.test": {netip.MustParseAddrPort("127.0.0.1:0")},
		"xn--tda.test":       {netip.MustParseAddrPort("127.0.0.1:0")},
	}}
	withClient(t, &http1.Client{ToASCII: toASCII}, func(co *loop.Co, w *clientWorld) error {
		w.client.Dialer.Resolver = hosts
		h := func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
			if r.Host == "xn--tda.test" {
				w.Header().Set("Location", "http://BÜCHER.test/x")
				w.SetStatus(302)
				return nil
			}
			_, err := fmt.Fprint(w, r.Host)
			return err
		}
		w.serve(co, hostA, h)
		w.serve(co, "127.0.0.1:81", h)
		for name, want := range map[string]string{
			"bücher.test": "xn--bcher-kva.test", "b%C3%BCcher.test:80": "xn--bcher-kva.test", "ü.test": "xn--bcher-kva.test",
			"bücher.test:81": "xn--bcher-kva.test:81",
		} {
			res, err := w.client.Get(co, "http://"+name+"/")
			if got := brief(res, err); got != fmt.Sprintf("200 %q", want) {
				t.Errorf("%s: %s", name, got)
			}
		}
		if s := w.client.Stats(); s.Hosts != 3 {
			t.Errorf("%+v", s)
		}
		for name, want := range map[string]string{"ä.test": "unknown rune", "slash.tést": "the host", "blank.tést": "the host", "empty.tést": "without a host", "same.tést": "ToASCII has made"} {
			if _, err := w.client.Get(co, "http://"+name+"/"); !errors.Is(err, http1.ErrBadRequest) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		return nil
	})
}

// Without that it is an error, which says what to do.
func TestClientIDNARefused(t *testing.T) {
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		for _, r := range []*http1.ClientRequest{{URL: "http://bücher.test/"}, {URL: urlOf("/"), Proxy: "http://bücher.test"}} {
			_, err := w.client.Do(co, r)
			if !errors.Is(err, http1.ErrBadRequest) || !strings.Contains(err.Error(), `"bücher.test"`) || !strings.Contains(err.Error(), "x/net/idna") {
				t.Error(err)
			}
		}
		return nil
	})
}
