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

// told answers with what the server believes of the client.
func told(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
	_, err := fmt.Fprint(w, r.ClientIP(), " ", r.Scheme(), " ", r.ClientHost())
	return err
}

// TestForwarded: the field of RFC 7239, where it is trusted.
func TestForwarded(t *testing.T) {
	const proxy, stranger = "10.0.0.1", "8.8.8.8"
	srv := &http1.Server{Handler: http1.HandlerFunc(told), TrustProxies: prefixes("10.0.0.0/8", "2001:db8::/32"), TrustForwarded: true}
	serveOn(t, &world{srv: srv, net: &looptest.Network{}}, func(co *loop.Co, w *world) error {
		for _, tt := range []struct{ name, from, fields, want string }{
			{"nothing told", proxy, "", "10.0.0.1 http a"},
			{"all told", proxy, `Forwarded: for=4.4.4.4;proto=https;host="b.test:81";by=10.0.0.1|`, "4.4.4.4 https b.test:81"},
			{"in any case, with blanks", proxy, "forwarded: \tFOR=4.4.4.4 ; Proto=HTTPS ;; other=x|", "4.4.4.4 https a"},
			{"with a port", proxy, `Forwarded: for="4.4.4.4:99"|`, "4.4.4.4 http a"},
			{"with a hidden port", proxy, `Forwarded: for="4.4.4.4:_p"|`, "4.4.4.4 http a"},
			{"v6", proxy, `Forwarded: for="[2620::c0de]"|`, "2620::c0de http a"},
			{"v6 with a port", proxy, `Forwarded: for="[2620::c0de]:4711";host="b.test"|`, "2620::c0de http b.test"},
			{"v4 in v6", proxy, `Forwarded: for="[::ffff:4.4.4.4]"|`, "4.4.4.4 http a"},
			{"quoted pairs", proxy, `Forwarded: for="4.4\.4.4"|`, "4.4.4.4 http a"},
			{"the last", proxy, "Forwarded: for=1.1.1.1;host=evil, for=4.4.4.4;host=b|", "4.4.4.4 http b"},
			{"the last line", proxy, "Forwarded: for=1.1.1.1;proto=https|Forwarded: for=4.4.4.4|", "4.4.4.4 http a"},
			{"behind trusted ones", proxy, `Forwarded: for=1.1.1.1;host=evil,for=4.4.4.4;host=b;proto=https, for=10.5.5.5;host=c|Forwarded: for="[2001:db8::1]";host=d|`, "4.4.4.4 https b"},
			{"only trusted ones", proxy, "Forwarded: for=10.1.1.1;host=b, for=10.5.5.5;host=c|", "10.1.1.1 http b"},
			{"empty elements", proxy, "Forwarded: ,, for=4.4.4.4,\t,|", "4.4.4.4 http a"},
			{"a comma in quotes", proxy, `Forwarded: for=1.1.1.1;x="a, for=2.2.2.2", for=4.4.4.4|`, "4.4.4.4 http a"},
			{"unknown", proxy, "Forwarded: for=1.1.1.1, for=unknown;proto=https|", "10.0.0.1 https a"},
			{"hidden", proxy, "Forwarded: for=1.1.1.1;proto=https, for=_hidden;host=b|", "10.0.0.1 http b"},
			{"hidden behind a trusted one", proxy, "Forwarded: for=1.1.1.1, for=_hidden, for=10.5.5.5|", "10.0.0.1 http a"},
			{"nobody", proxy, "Forwarded: for=1.1.1.1, proto=https|", "10.0.0.1 https a"},
			{"v6 without brackets", proxy, `Forwarded: for="2620::c0de"|`, "10.0.0.1 http a"},
			{"v4 in brackets", proxy, `Forwarded: for="[4.4.4.4]"|`, "10.0.0.1 http a"},
			{"a zone", proxy, `Forwarded: for="[fe80::1%eth0]"|`, "10.0.0.1 http a"},
			{"behind the brackets", proxy, `Forwarded: for="[2620::c0de]x"|`, "10.0.0.1 http a"},
			{"a port that is none", proxy, `Forwarded: for="4.4.4.4:x"|`, "10.0.0.1 http a"},
			{"an empty port", proxy, `Forwarded: for="4.4.4.4:"|`, "10.0.0.1 http a"},
			{"a host that is none", proxy, `Forwarded: for=4.4.4.4;host="b/evil"|`, "4.4.4.4 http a"},
			{"a line break in the host", proxy, "Forwarded: for=4.4.4.4;host=\"b\tX\"|", "4.4.4.4 http a"},
			{"a scheme that is none", proxy, "Forwarded: for=4.4.4.4;proto=gopher|", "4.4.4.4 http a"},
			{"twice", proxy, "Forwarded: for=4.4.4.4;for=1.1.1.1|", "10.0.0.1 http a"},
			{"an open quote before the proxy's", proxy, `Forwarded: for="1.1.1.1, for=4.4.4.4|`, "10.0.0.1 http a"},
			{"an open quote, escaped", proxy, `Forwarded: for="1.1.1.1\", for=4.4.4.4|`, "10.0.0.1 http a"},
			{"an open quote in another line", proxy, `Forwarded: for="1.1.1.1|Forwarded: for=4.4.4.4|`, "10.0.0.1 http a"},
			{"a port without quotes", proxy, "Forwarded: for=4.4.4.4;host=b:81|", "10.0.0.1 http a"},
			{"no value", proxy, "Forwarded: for=;proto=https|", "10.0.0.1 http a"},
			{"no name", proxy, "Forwarded: =4.4.4.4|", "10.0.0.1 http a"},
			{"an address alone", proxy, "Forwarded: 4.4.4.4|", "10.0.0.1 http a"},
			{"bytes behind a value", proxy, `Forwarded: for="4.4.4.4"x|`, "10.0.0.1 http a"},
			{"the other fields", proxy, "X-Forwarded-For: 1.1.1.1|X-Real-IP: 1.1.1.1|X-Forwarded-Proto: https|X-Scheme: https|X-Forwarded-Host: evil|", "10.0.0.1 http a"},
			{"beside it", proxy, "X-Forwarded-For: 1.1.1.1|X-Forwarded-Host: evil|Forwarded: for=4.4.4.4|", "4.4.4.4 http a"},
			{"from a stranger", stranger, "Forwarded: for=4.4.4.4;proto=https;host=b|", "8.8.8.8 http a"},
		} {
			if got := w.askFrom(co, tt.from, "", tt.fields); got != tt.want+"<open>" {
				t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
			}
		}
		return nil
	})
}

// TestForwardedHost is X-Forwarded-Host, and that Forwarded means nothing unless it is
// said to.
func TestForwardedHost(t *testing.T) {
	srv := &http1.Server{Handler: http1.HandlerFunc(told), TrustProxies: prefixes("10.0.0.0/8")}
	serveOn(t, &world{srv: srv, net: &looptest.Network{}}, func(co *loop.Co, w *world) error {
		for _, tt := range []struct{ from, fields, want string }{
			{"10.0.0.1", "", "a"},
			{"10.0.0.1", "X-Forwarded-Host: b.test:8080|", "b.test:8080"},
			{"10.0.0.1", "X-Forwarded-Host: evil, b|", "b"},
			{"10.0.0.1", "X-Forwarded-Host: evil|X-Forwarded-Host: [::1]:80|", "[::1]:80"},
			{"10.0.0.1", "X-Forwarded-Host: b/c|", "a"},
			{"10.0.0.1", "X-Forwarded-Host: u@b|", "a"},
			{"10.0.0.1", "X-Forwarded-Host: b,|", "a"},
			{"10.0.0.1", "Forwarded: for=4.4.4.4;host=b;proto=https|", "a"},
			{"8.8.8.8", "X-Forwarded-Host: b|", "a"},
		} {
			if got, want := w.askFrom(co, tt.from, "", tt.fields), tt.from+" http "+tt.want+"<open>"; got != want {
				t.Errorf("%s: %s, want %s", tt.fields, got, want)
			}
		}
		return nil
	})
}
