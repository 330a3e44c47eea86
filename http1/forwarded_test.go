package http1_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// whence answers with what the server believes of the client.
func whence(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
	_, secure := r.TLS()
	_, err := fmt.Fprint(w, r.RemoteAddr.Addr(), " ", r.ClientIP(), " ", r.Scheme(), " ", secure)
	return err
}

func prefixes(list ...string) (all []netip.Prefix) {
	for _, s := range list {
		all = append(all, netip.MustParsePrefix(s))
	}
	return all
}

// dialFrom is dial from an address.
func (w *world) dialFrom(co *loop.Co, from string) *client {
	w.t.Helper()
	s, err := stream.Dial(co, w.net.Host(from), "tcp", address)
	if err != nil {
		w.t.Fatal(err)
	}
	return &client{s, w.t}
}

// askFrom is what whence answers to a client at an address.
func (w *world) askFrom(co *loop.Co, from, before, fields string) string {
	w.t.Helper()
	c := w.dialFrom(co, from)
	c.send(co, before+"GET / HTTP/1.1|Host: a|"+fields+"|")
	got := c.now(co)
	c.Abort()
	_, body, _ := cutLast(got, "||")
	return body
}

func cutLast(s, sep string) (before, after string, found bool) {
	for i := len(s) - len(sep); i >= 0; i-- {
		if s[i:i+len(sep)] == sep {
			return s[:i], s[i+len(sep):], true
		}
	}
	return s, "", false
}

// TestClientIP is Tornado H25 and H26.
func TestClientIP(t *testing.T) {
	const proxy, stranger = "10.0.0.1", "8.8.8.8"
	srv := &http1.Server{Handler: http1.HandlerFunc(whence), TrustProxies: prefixes("10.0.0.0/8", "2001:db8::/32")}
	serveOn(t, &world{srv: srv, net: &looptest.Network{}}, func(co *loop.Co, w *world) error {
		for _, tt := range []struct{ name, from, fields, want string }{
			{"nothing told", proxy, "", proxy},
			{"real, v4", proxy, "X-Real-IP: 4.4.4.4|", "4.4.4.4"},
			{"real, v6", proxy, "X-Real-IP: 2620:0:1cfe:face:b00c::3|", "2620:0:1cfe:face:b00c::3"},
			{"real, v4 in v6", proxy, "X-Real-IP: ::ffff:4.4.4.4|", "4.4.4.4"},
			{"forwarded, one", proxy, "X-Forwarded-For: 4.4.4.4|", "4.4.4.4"},
			{"forwarded, the last", proxy, "X-Forwarded-For: 127.0.0.1, 4.4.4.4|", "4.4.4.4"},
			{"forwarded, the last line", proxy, "X-Forwarded-For: 1.1.1.1|x-forwarded-for: 4.4.4.4|", "4.4.4.4"},
			{"behind a trusted one", proxy, "X-Forwarded-For: 1.1.1.1, 4.4.4.4, 10.5.5.5|X-Forwarded-For: 2001:db8::1|", "4.4.4.4"},
			{"only trusted ones", proxy, "X-Forwarded-For: 10.1.1.1, 10.5.5.5|", "10.1.1.1"},
			{"empty elements", proxy, "X-Forwarded-For: 1.1.1.1,4.4.4.4,,\t, |", "4.4.4.4"},
			{"script", proxy, "X-Real-IP: 4.4.4.4<script>|", proxy},
			{"a host", proxy, "X-Forwarded-For: www.google.com|", proxy},
			{"a host behind a trusted one", proxy, "X-Forwarded-For: 4.4.4.4, www.google.com, 10.5.5.5|", proxy},
			{"a zone", proxy, "X-Real-IP: fe80::1%25eth0|", proxy},
			{"both", proxy, "X-Real-IP: 1.1.1.1|X-Forwarded-For: 4.4.4.4|", "4.4.4.4"},
			{"from a stranger", stranger, "X-Real-IP: 4.4.4.4|X-Forwarded-For: 5.5.5.5|", stranger},
		} {
			if got, want := w.askFrom(co, tt.from, "", tt.fields), tt.from+" "+tt.want+" http false<open>"; got != want {
				t.Errorf("%s: %s, want %s", tt.name, got, want)
			}
		}
		return nil
	})
}

// TestScheme is Tornado H27.
func TestScheme(t *testing.T) {
	const proxy, stranger = "10.0.0.1", "8.8.8.8"
	srv := &http1.Server{Handler: http1.HandlerFunc(whence), TrustProxies: prefixes("10.0.0.0/8")}
	serveOn(t, &world{srv: srv, net: &looptest.Network{}}, func(co *loop.Co, w *world) error {
		for _, tt := range []struct{ from, fields, want string }{
			{proxy, "", "http"},
			{proxy, "X-Scheme: https|", "https"},
			{proxy, "X-Forwarded-Proto: https|", "https"},
			{proxy, "X-Forwarded-Proto: HTTPS|", "https"},
			{proxy, "X-Forwarded-Proto: https , http|", "http"},
			{proxy, "X-Forwarded-Proto: http,https|", "https"},
			{proxy, "X-Forwarded-Proto: unknown|", "http"},
			{proxy, "X-Scheme: https|X-Forwarded-Proto: http|", "http"},
			{stranger, "X-Scheme: https|X-Forwarded-Proto: https|", "http"},
		} {
			if got, want := w.askFrom(co, tt.from, "", tt.fields), tt.from+" "+tt.from+" "+tt.want+" false<open>"; got != want {
				t.Errorf("%s: %s, want %s", tt.fields, got, want)
			}
		}
		return nil
	})
}

// TestTrustNobody: without TrustProxies the fields mean nothing.
func TestTrustNobody(t *testing.T) {
	serveOn(t, &world{srv: &http1.Server{Handler: http1.HandlerFunc(whence)}, net: &looptest.Network{}}, func(co *loop.Co, w *world) error {
		if got := w.askFrom(co, "10.0.0.1", "", "X-Real-IP: 4.4.4.4|X-Scheme: https|"); got != "10.0.0.1 10.0.0.1 http false<open>" {
			t.Error(got)
		}
		return nil
	})
}

// TestProxyFrom: the PROXY protocol replaces the connection's address, and it is that one
// which is then trusted or not.
func TestProxyFrom(t *testing.T) {
	srv := &http1.Server{Handler: http1.HandlerFunc(whence), ProxyFrom: prefixes("10.0.0.0/8"), TrustProxies: prefixes("10.0.0.0/8", "9.9.9.9/32")}
	serveOn(t, &world{srv: srv, net: &looptest.Network{}}, func(co *loop.Co, w *world) error {
		for from, want := range map[string]string{
			"7.7.7.7": "7.7.7.7 7.7.7.7 http false<open>",
			"9.9.9.9": "9.9.9.9 4.4.4.4 http false<open>",
		} {
			if got := w.askFrom(co, "10.0.0.1", "PROXY TCP4 "+from+" 1.2.3.4 5 80|", "X-Real-IP: 4.4.4.4|"); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
		return nil
	})
}
