package httpwire_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httputil"
	"net/textproto"
	"net/url"
	"strings"
	"testing"

	"github.com/zonda-go/zonda/internal/httpwire"
)

// stricter are the rules by which heads are refused here that net/http may
// accept, with the law. A refusal by any other rule must be net/http's too.
var stricter = map[string]string{
	"bare-lf":           "RFC 9112, 2.2: a recipient MAY take a bare LF for a line end; it need not",
	"target-fragment":   "RFC 9112, 3.2: no target form has a fragment",
	"target-form":       "RFC 9112, 3.2.2: an absolute URI without authority names no server",
	"target-asterisk":   "RFC 9112, 3.2.4: only with OPTIONS",
	"target-authority":  "RFC 9112, 3.2.3: CONNECT takes host:port and nothing else",
	"target-host":       "RFC 9110, 4.2.1: a URI with an empty host is invalid; RFC 3986, 3.2.2",
	"target-userinfo":   "RFC 9110, 4.2.4: SHOULD be treated as an error",
	"version-major":     "RFC 9110, 15.6.6: another major version is not spoken here",
	"line-too-long":     "RFC 9112, 3: a limit is ours to set",
	"head-too-large":    "RFC 9112, 3: a limit is ours to set",
	"obs-fold":          "RFC 9112, 5.2: MUST be rejected or replaced",
	"name-blank":        "RFC 9112, 5.1: MUST be rejected",
	"host-missing":      "RFC 9112, 3.2: MUST be answered with 400; http.Server checks it after ReadRequest",
	"host-value":        "RFC 9112, 3.2: MUST be answered with 400; http.Server checks it after ReadRequest",
	"coding-on-1.0":     "RFC 9112, 6.1: MUST be treated as faulty framing",
	"coding-and-length": "RFC 9112, 6.1: ought to be handled as an error",
	"expectation":       "RFC 9110, 10.1.1: MAY be answered with 417",
}

// laxer tells why net/http may refuse a head that is accepted here, or "".
func laxer(head []byte, r *httpwire.Request, err error) (law string) {
	switch target := r.Target.Of(head); {
	case r.Method.Start > 0:
		return "RFC 9112, 2.2: an empty line before the request line SHOULD be ignored"
	case errors.Is(err, errTrailer) && has(head, r, "Trailer", ""):
		return "RFC 9110, 6.6.2: Trailer is a hint; what comes as a trailer is checked when it comes"
	case severalLengths(head, r.Fields):
		return "RFC 9110, 8.6: one decimal value repeated MAY be taken as one"
	case errors.As(err, new(url.EscapeError)) && bytes.IndexByte(target, '%') >= 0:
		return "RFC 9112, 3: escapes are decoded, and refused, by whoever interprets the target"
	case errors.As(err, new(*url.Error)) && r.Form != httpwire.Origin && bytes.IndexByte(r.Host.Of(head), '[') >= 0:
		return "RFC 3986, 3.2.2: which addresses exist is up to whoever connects to one"
	}
	return ""
}

// errTrailer stands for net/http's refusal of a name announced in Trailer.
var errTrailer = errors.New("bad trailer key")

func has(head []byte, r *httpwire.Request, name, part string) bool {
	v, ok := r.Find(head, name)
	return ok && strings.Contains(string(v.Of(head)), part)
}

// severalLengths reports more than one number in Content-Length; net/http
// knows no list and compares repeated values as text.
func severalLengths(head []byte, fields []httpwire.Field) bool {
	n := 0
	for _, f := range fields {
		if httpwire.EqualFold(f.Name.Of(head), "Content-Length") {
			n += 1 + bytes.Count(f.Value.Of(head), []byte(","))
		}
	}
	return n > 1
}

// heads has a case for each rule in stricter; "|" stands for CR LF.
var heads = []string{
	"GET / HTTP/1.1|Host: a||", "GET /%zz HTTP/1.1|Host: a||", "|GET / HTTP/1.0||",
	"GET http://u@b:80/x?y HTTP/1.1|Host: a||", "GET http://[::z]/ HTTP/1.1|Host: a||",
	"OPTIONS * HTTP/1.1|Host: a||", "CONNECT a:1 HTTP/1.1|Host: b||", "CONNECT /x HTTP/1.1|Host: b||",
	"POST / HTTP/1.1|Host: a|Content-Length: 5|content-length: 5||", "POST / HTTP/1.1|Host: a|Content-Length: 5, 5||",
	"POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||", "POST / HTTP/1.0|Transfer-Encoding: chunked||",
	"POST / HTTP/1.1|Host: a|Transfer-Encoding: gzip, chunked||", "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked|Content-Length: 3||",
	"GET / HTTP/1.1|Host: a|A: b| c||", "GET / HTTP/1.1\nHost: a\n\n", "GET / HTTP/1.1|Host: a|A : b||", "GET / HTTP/1.1|Host: a|A:\tb\x80 ||",
	"GET / HTTP/1.0|Connection: keep-alive, close||", "GET / HTTP/1.0|Connection: keep-alive||", "GET / HTTP/1.3|Host: a|Connection: x,Close||",
	"POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked|Trailer: Content-Length||", "GET / HTTP/1.1|Host: a|Pragma: no-cache||",
	"GET / HTTP/1.1||", "GET / HTTP/1.1|Host: a|Host: b||", "GET / HTTP/1.1|Host: a b||", "PRI * HTTP/2.0||", "GET / HTTP/1.1|Host: a|Expect: x||",
	"GET /#x HTTP/1.1|Host: a||", "GET /x y HTTP/1.1|Host: a||", "GET urn:x HTTP/1.1|Host: a||", "GET * HTTP/1.1|Host: a||",
	"GET http:///x HTTP/1.1|Host: a||", "GET / HTTP/1.1|Host: a|A: " + strings.Repeat("b", httpwire.DefaultMaxHead) + "||",
	"GET /" + strings.Repeat("b", httpwire.DefaultMaxHead) + " HTTP/1.1|Host: a||",
	"GET / HTTP/1.1|Host: a\r||", "GET / HTTP/1.1|Host: a|\r|", "GET / HTTP/1.1\r|Host: a||",
}

func FuzzAgainstNetHTTP(f *testing.F) {
	for _, s := range heads {
		if len(s) > 1024 {
			continue // the fuzzer spends its time on shortening long ones
		}
		f.Add([]byte(strings.ReplaceAll(s, "|", "\r\n")))
	}
	f.Fuzz(func(t *testing.T, head []byte) {
		var p httpwire.Parser
		n, err := p.Head(head, 0)
		theirs, theirErr := http.ReadRequest(bufio.NewReader(bytes.NewReader(head)))
		if theirErr != nil && strings.Contains(theirErr.Error(), "bad trailer key") {
			theirErr = errors.Join(theirErr, errTrailer)
		}
		switch ours := (*httpwire.Error)(nil); {
		case errors.As(err, &ours):
			if theirErr == nil && stricter[ours.Rule] == "" {
				t.Errorf("%q: net/http accepts, and nothing is said about: %v", head, err)
			}
		case n == 0:
			if theirErr == nil {
				// The end of the input is no line end here: RFC 9112, 2.1.
				t.Errorf("%q: net/http accepts what is not complete", head)
			}
		case theirErr != nil:
			if laxer(head, &p.Request, theirErr) == "" {
				t.Errorf("%q: accepted, and nothing is said about: %v", head, theirErr)
			}
		default:
			compare(t, head, &p.Request, theirs)
		}
	})
}

// TestStricterIsNeeded: each rule in the list refuses something that net/http
// accepts, so that the list does not excuse more than it must.
func TestStricterIsNeeded(t *testing.T) {
	needed := map[string]bool{}
	for _, s := range heads {
		head := []byte(strings.ReplaceAll(s, "|", "\r\n"))
		var p httpwire.Parser
		_, err := p.Head(head, 0)
		_, theirErr := http.ReadRequest(bufio.NewReader(bytes.NewReader(head)))
		if ours := (*httpwire.Error)(nil); errors.As(err, &ours) && theirErr == nil {
			needed[ours.Rule] = true
		}
	}
	for rule := range stricter {
		if !needed[rule] {
			t.Errorf("%s: no head is refused by it that net/http accepts", rule)
		}
	}
}

// compare holds two accepted readings of one head against each other.
func compare(t *testing.T, head []byte, ours *httpwire.Request, theirs *http.Request) {
	t.Helper()
	check := func(what string, our, their any) {
		t.Helper()
		if our != their {
			t.Errorf("%s of %q: %v, net/http has %v", what, head, our, their)
		}
	}
	check("method", string(ours.Method.Of(head)), theirs.Method)
	check("target", string(ours.Target.Of(head)), theirs.RequestURI)
	check("host", string(ours.Host.Of(head)), theirs.Host)
	check("minor version", int(ours.Minor), min(theirs.ProtoMinor, 1))
	check("keep-alive", ours.KeepAlive, !theirs.Close)
	length := ours.Length
	if ours.Framing == httpwire.Chunked {
		length = -1
	}
	check("length", length, theirs.ContentLength)
	check("chunked", ours.Framing == httpwire.Chunked, len(theirs.TransferEncoding) == 1)

	// net/http takes Host, the framing and Trailer out of the map, and adds
	// Cache-Control to Pragma.
	taken := map[string]bool{"Host": true, "Transfer-Encoding": true, "Content-Length": true, "Trailer": true}
	fields := http.Header{}
	for _, f := range ours.Fields {
		name := textproto.CanonicalMIMEHeaderKey(string(f.Name.Of(head)))
		fields[name] = append(fields[name], string(f.Value.Of(head)))
	}
	for name, values := range fields {
		if !taken[name] {
			check("field "+name, strings.Join(values, "|"), strings.Join(theirs.Header[name], "|"))
		}
	}
	for name := range theirs.Header {
		if _, ok := fields[name]; !ok && (name != "Cache-Control" || fields["Pragma"] == nil) {
			t.Errorf("%q: net/http alone has the field %s", head, name)
		}
	}
}

// FuzzChunksAgainstNetHTTP wants the data of every body accepted here to be
// what net/http reads from it. That net/http takes more is its business.
func FuzzChunksAgainstNetHTTP(f *testing.F) {
	for _, s := range []string{"0||", "5|hello|0||", "5;a=b|hello|00|A: b||", "a \t;x|0123456789|0||", "2|||0||", "0005|hello|0||", "5 |hello|0||"} {
		f.Add([]byte(strings.ReplaceAll(s, "|", "\r\n")))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var c httpwire.Chunks
		var ours []byte
		for consumed := 0; ; {
			data, n, done, err := c.Next(body[consumed:])
			ours = append(ours, data...)
			consumed += n
			if done {
				break
			}
			if err != nil || n == 0 {
				return
			}
		}
		theirs, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(body)))
		if err != nil && blankBeforeExtension(body) {
			return // RFC 9110, 5.6.3: a recipient MUST parse BWS; net/http does not
		}
		if err != nil || !bytes.Equal(ours, theirs) {
			t.Errorf("%q: %q, net/http has %q, %v", body, ours, theirs, err)
		}
	})
}

func blankBeforeExtension(body []byte) bool {
	return bytes.Contains(body, []byte(" ;")) || bytes.Contains(body, []byte("\t;"))
}
