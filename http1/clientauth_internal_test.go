package http1

import (
	"crypto/md5"
	"fmt"
	"strings"
	"testing"
)

// The examples of RFC 7616, 3.9.1, and the one of RFC 2069 in the erratum's form.
func TestDigestVectors(t *testing.T) {
	const common = `Digest realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`
	const cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
	for _, tt := range []struct{ challenge, user, password, want string }{
		{common + ", algorithm=MD5", "Mufasa", "Circle of Life", "8ca523f5e9506fed4657c9700eebdbec"},
		{common + ", algorithm=SHA-256", "Mufasa", "Circle of Life", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
		{`Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"`, "Mufasa", "CircleOfLife", "1949323746fe6a43ef61f9606e7febea"},
	} {
		path := "/dir/index.html"
		c := challenges([]string{tt.challenge})
		if len(c) != 1 {
			t.Fatalf("%d challenges in %s", len(c), tt.challenge)
		}
		got := c[0].answer(tt.user, tt.password, "GET", path, cnonce, nil, true)
		if !strings.Contains(got, fmt.Sprintf(`response="%s"`, tt.want)) {
			t.Errorf("%s\nis answered %s\nwant response %s", tt.challenge, got, tt.want)
		}
	}
	for _, bad := range []string{`Digest realm="a", nonce="b", algorithm=SHA-1`, `Digest realm="a", nonce="b", qop="auth-int"`, `Digest realm="a", nonce="b", qop="other"`} {
		if got := challenges([]string{bad})[0].answer("u", "p", "GET", "/", "c", nil, false); got != "" {
			t.Errorf("%s is answered %s", bad, got)
		}
	}
}

// With qop=auth-int the body is part of what is vouched for (RFC 7616, 3.4.3).
func TestDigestIntegrity(t *testing.T) {
	sum := func(s string) string { return fmt.Sprintf("%x", md5.Sum([]byte(s))) }
	for _, body := range []string{"", "text"} {
		got := challenges([]string{`Digest realm="r", nonce="n", qop="auth-int"`})[0].answer("u", "p", "PUT", "/x", "c", []byte(body), true)
		want := sum(sum("u:r:p") + ":n:00000001:c:auth-int:" + sum("PUT:/x:"+sum(body)))
		if !strings.Contains(got, `response="`+want+`"`) || !strings.Contains(got, ", qop=auth-int,") {
			t.Errorf("%q: %s, want %s", body, got, want)
		}
	}
}

// Challenges stand side by side, in one field or several (RFC 9110, 11.6.1).
func TestChallenges(t *testing.T) {
	for _, tt := range []struct {
		values string // apart by newlines
		want   string
	}{
		{"", "[]"},
		{"Negotiate", "[{Negotiate map[]}]"},
		{`Basic realm="a, b"`, "[{Basic map[realm:a, b]}]"},
		{`Newauth realm="apps", type=1, title="Login to \"apps\"", Basic realm="simple"`, `[{Newauth map[realm:apps title:Login to "apps" type:1]} {Basic map[realm:simple]}]`},
		{"Basic Realm = a\nDigest nonce=b", "[{Basic map[realm:a]} {Digest map[nonce:b]}]"},
		{`Basic realm="unfinished`, "[{Basic map[realm:unfinished]}]"},
		{`realm="nobody's"`, "[]"},
		{",, ,Basic", "[{Basic map[]}]"},
		{"=", "[]"},
		{"a =", "[]"},
	} {
		if got := fmt.Sprint(challenges(strings.Split(tt.values, "\n"))); got != tt.want {
			t.Errorf("%q: %s, want %s", tt.values, got, tt.want)
		}
	}
}
