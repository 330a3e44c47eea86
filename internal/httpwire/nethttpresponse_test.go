package httpwire_test

import (
	"bufio"
	"bytes"
	"errors"
	"net/http"
	"net/textproto"
	"strings"
	"testing"

	"github.com/zonda-go/zonda/internal/httpwire"
)

// stricterResponses are the rules by which response heads are refused here that
// net/http may accept, with the law. A refusal by any other rule must be
// net/http's too.
var stricterResponses = map[string]string{
	"bare-lf":           "RFC 9112, 2.2: a recipient MAY take a bare LF for a line end; it need not",
	"bare-cr":           "RFC 9112, 4: no CR in a reason phrase",
	"nul":               "RFC 9112, 4: no control byte in a reason phrase",
	"control":           "RFC 9112, 4: no control byte in a reason phrase",
	"status-code":       "RFC 9110, 15: three digits, of which the first is the class",
	"version-major":     "RFC 9110, 15.6.6: another major version is not spoken here",
	"head-too-large":    "RFC 9112, 3: a limit is ours to set",
	"name-blank":        "RFC 9112, 5.1: to be removed by a proxy; a client may refuse what others read otherwise",
	"content-forbidden": "RFC 9110, 8.6 and RFC 9112, 6.1: MUST NOT be sent; others read a body there",
	"coding-on-1.0":     "RFC 9112, 6.1: MUST be treated as faulty framing",
	"coding-and-length": "RFC 9112, 6.1: ought to be handled as an error",
}

// laxerResponse tells why net/http may refuse a head that is accepted here, or "".
func laxerResponse(head []byte, r *httpwire.Response, err error) (law string) {
	switch {
	case strings.Contains(err.Error(), "bad trailer key"):
		return "RFC 9110, 6.6.2: Trailer is a hint; what comes as a trailer is checked when it comes"
	case severalLengths(head, r.Fields):
		return "RFC 9110, 8.6: one decimal value repeated MAY be taken as one"
	}
	return ""
}

// responses has a case for each rule in stricterResponses; "|" stands for CR LF.
var responses = []string{
	"HTTP/1.1 200 OK|Content-Length: 5||", "HTTP/1.1 200|Content-Length: 5||", "HTTP/1.0 200 OK||", "HTTP/1.1 200 OK||",
	"HTTP/1.1 200 OK|Transfer-Encoding: chunked||", "HTTP/1.1 304 X|Content-Length: 5||", "HTTP/1.1 304 X||", "HTTP/1.1 205 X||",
	"HTTP/1.1 100 Continue||", "HTTP/1.1 101 X|Upgrade: a|Connection: upgrade||", "HTTP/1.1 204 X|Content-Length: 0||", "HTTP/1.1 204 X||",
	"HTTP/1.1 200 OK|A: b|\tc|Content-Length: 5||", "HTTP/1.1 200 OK|A: b|  | c ||", "HTTP/1.1 200 OK|A: b| |A:||", "HTTP/1.1 200 OK| A: b||",
	"HTTP/1.1 200 OK|Content-Length: 2, 2||", "HTTP/1.1 200 OK|Content-Length: 2|Content-Length: 02||", "HTTP/1.1 200 OK|Content-Length: 2, 4||",
	"HTTP/1.0 200 OK|Connection: keep-alive|Content-Length: 5||", "HTTP/1.1 200 OK|Connection: close|Content-Length: 5||",
	"HTTP/1.1 200 OK|Connection: x, CLOSE||", "HTTP/1.1 999  x\t\xff |Content-Length: 0||", "HTTP/1.1 200 OK|Pragma: no-cache||",
	"HTTP/1.1 200 OK|Transfer-Encoding: chunked|Trailer: Content-Length||", "HTTP/1.1 200 OK|Host: a b|Expect: x||",

	"HTTP/1.1 200 OK\nContent-Length: 5\n\n", "HTTP/1.1 200 O\rK||", "HTTP/1.1 200 O\x00K||", "HTTP/1.1 200 O\x01K||", "HTTP/1.1  200 OK||",
	"HTTP/1.1 099 OK||", "HTTP/2.0 200 OK||", "HTTP/1.1 200 OK|A: " + strings.Repeat("b", httpwire.DefaultMaxHead) + "||", "HTTP/1.1 200 OK|A : b||",
	"HTTP/1.1 204 X|Content-Length: 5||", "HTTP/1.1 204 X|Content-Length: x||", "HTTP/1.1 204 X|Content-Length: 5|Content-Length: 6||",
	"HTTP/1.1 204 X|Content-Length: 9223372036854775808||", "HTTP/1.1 304 X|Transfer-Encoding: gzip||",
	"HTTP/1.1 304 X|Transfer-Encoding: gzip, chunked||", "HTTP/1.1 304 X|Transfer-Encoding: chunked, chunked||",
	"HTTP/1.0 200 OK|Transfer-Encoding: chunked||", "HTTP/1.1 200 OK|Transfer-Encoding: chunked|Content-Length: 5||",
	"ICY 200 OK||", "HTTP/1.1 2000 OK||", "HTTP/1.1 200 OK|A(: b||", "HTTP/1.1 200 OK|: b||", "HTTP/1.1 200 OK|b||", "http/1.1 200 OK||",
}

// readBoth reads a response head with both, as one to a request with method.
func readBoth(head []byte, method string) (ours httpwire.Response, n int, err error, theirs *http.Response, theirErr error) {
	var p httpwire.ResponseParser
	theirs, theirErr = http.ReadResponse(bufio.NewReader(bytes.NewReader(head)), &http.Request{Method: method})
	n, err = p.Head(head, method, 0) // last: it may unfold in head
	return p.Response, n, err, theirs, theirErr
}

func FuzzResponsesAgainstNetHTTP(f *testing.F) {
	for _, s := range responses {
		if len(s) > 1024 {
			continue // the fuzzer spends its time on shortening long ones
		}
		for method := range byte(3) {
			f.Add([]byte(strings.ReplaceAll(s, "|", "\r\n")), method)
		}
	}
	f.Fuzz(func(t *testing.T, sent []byte, by byte) {
		method := [...]string{"GET", "HEAD", "CONNECT"}[by%3]
		head := bytes.Clone(sent)
		r, n, err, theirs, theirErr := readBoth(head, method)
		switch ours := (*httpwire.Error)(nil); {
		case errors.As(err, &ours):
			if theirErr == nil && stricterResponses[ours.Rule] == "" {
				t.Errorf("%q: net/http accepts, and nothing is said about: %v", sent, err)
			}
		case n == 0:
			if theirErr == nil && !bytes.HasSuffix(sent, []byte("\r\n")) {
				// The end of the input is no line end here: RFC 9112, 2.1.
				t.Errorf("%q: net/http accepts what is not complete", sent)
			}
		case theirErr != nil:
			if laxerResponse(head, &r, theirErr) == "" {
				t.Errorf("%q: accepted, and nothing is said about: %v", sent, theirErr)
			}
		default:
			compareResponses(t, head, method, &r, theirs)
		}
	})
}

// TestStricterResponsesIsNeeded: each rule in the list refuses something that
// net/http accepts, so that the list does not excuse more than it must.
func TestStricterResponsesIsNeeded(t *testing.T) {
	needed := map[string]bool{}
	for _, s := range responses {
		_, _, err, _, theirErr := readBoth([]byte(strings.ReplaceAll(s, "|", "\r\n")), "GET")
		if ours := (*httpwire.Error)(nil); errors.As(err, &ours) && theirErr == nil {
			needed[ours.Rule] = true
		}
	}
	for rule := range stricterResponses {
		if !needed[rule] {
			t.Errorf("%s: no head is refused by it that net/http accepts", rule)
		}
	}
}

// compareResponses holds two accepted readings of one head against each other.
func compareResponses(t *testing.T, head []byte, method string, ours *httpwire.Response, theirs *http.Response) {
	t.Helper()
	check := func(what string, our, their any) {
		t.Helper()
		if our != their {
			t.Errorf("%s of %q to %s: %v, net/http has %v", what, head, method, our, their)
		}
	}
	check("status", ours.Status, theirs.StatusCode)
	check("minor version", int(ours.Minor), min(theirs.ProtoMinor, 1))
	reason := theirs.Status[len("200"):]
	check("reason", strings.TrimLeft(string(ours.Reason.Of(head)), " "), strings.TrimLeft(reason, " "))

	// A response to HEAD has no body, whatever it says, and the connection goes on
	// (RFC 9112, 6.3); net/http closes it if no length is told. It knows nothing of
	// tunnels (RFC 9110, 9.3.6).
	if method != "HEAD" && !ours.Tunnel {
		check("keep-alive", ours.KeepAlive, !theirs.Close)
		length := ours.Length
		switch {
		case !httpwire.HasContent(ours.Status):
			length = max(0, theirs.ContentLength) // of 304, net/http tells it or not
		case ours.Framing == httpwire.Chunked, ours.Framing == httpwire.UntilClose:
			length = -1
		}
		check("length", length, max(theirs.ContentLength, -1))
		check("chunked", ours.Framing == httpwire.Chunked, len(theirs.TransferEncoding) == 1 && httpwire.HasContent(ours.Status))
	}

	taken := map[string]bool{"Transfer-Encoding": true, "Content-Length": true, "Trailer": true, "Connection": true}
	fields := http.Header{}
	for _, f := range ours.Fields {
		name := textproto.CanonicalMIMEHeaderKey(string(f.Name.Of(head)))
		fields[name] = append(fields[name], string(f.Value.Of(head)))
	}
	// How many blanks a fold becomes is open (RFC 9112, 5.2), and they are no part of a
	// value's end (RFC 9110, 5.5).
	plain := func(values []string) string {
		var all []string
		for _, v := range values {
			all = append(all, strings.Join(strings.Fields(v), " "))
		}
		return strings.Join(all, "|")
	}
	for name, values := range fields {
		if !taken[name] {
			check("field "+name, plain(values), plain(theirs.Header[name]))
		}
	}
	for name := range theirs.Header {
		if _, ok := fields[name]; !ok && (name != "Cache-Control" || fields["Pragma"] == nil) {
			t.Errorf("%q: net/http alone has the field %s", head, name)
		}
	}
}
