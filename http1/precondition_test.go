package http1_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// conditional answers with a tag and a date, "" and 0 for none, and counts as changed
// what was not refused.
func conditional(etag string, modified time.Time) http1.HandlerFunc {
	return func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		w.Header().Set("Content-Type", "text/plain")
		if w.Preconditions(r, etag, modified) {
			return nil
		}
		_, err := w.WriteString("done")
		return err
	}
}

var modified = time.Date(1999, 12, 31, 12, 0, 0, 500_000_000, time.UTC)

const (
	before = "Fri, 31 Dec 1999 11:59:59 GMT"
	at     = "Fri, 31 Dec 1999 12:00:00 GMT"
	after  = "Fri, 31 Dec 1999 12:00:01 GMT"
)

func TestPreconditions(t *testing.T) {
	for _, tt := range []struct {
		name   string
		etag   string
		method string // "": GET
		fields string
		want   int
	}{
		{"none", `"v1"`, "", "", 200},
		{"none-match", `"v1"`, "", `If-None-Match: "v1"|`, 304},
		{"none-match HEAD", `"v1"`, "HEAD", `If-None-Match: "v1"|`, 304},
		{"none-match other", `"v1"`, "", `If-None-Match: "v2"|`, 200},
		{"none-match list", `"v1"`, "", `If-None-Match: "v2", W/"v1"|`, 304},
		{"none-match list without blanks", `"v1"`, "", `If-None-Match: ,"v2","v1"|`, 304},
		{"none-match two lines", `"v1"`, "", `If-None-Match: "v2"|If-None-Match: "v1"|`, 304},
		{"none-match *", `"v1"`, "", `If-None-Match: *|`, 304},
		{"none-match * without a tag", "", "", `If-None-Match: *|`, 304},
		{"none-match without a tag", "", "", `If-None-Match: ""|`, 200},
		{"none-match empty", `"v1"`, "", `If-None-Match:|`, 200},
		{"none-match weak to weak", `W/"v1"`, "", `If-None-Match: W/"v1"|`, 304},
		{"none-match strong to weak", `W/"v1"`, "", `If-None-Match: "v1"|`, 304},
		{"none-match comma in the tag", `"a,b"`, "", `If-None-Match: "a,b"|`, 304},
		{"none-match part of a tag", `"b"`, "", `If-None-Match: "a,"b"|`, 200},
		{"none-match unquoted", `"v1"`, "", `If-None-Match: v1|`, 200},
		{"none-match behind garbage", `"v1"`, "", `If-None-Match: "v2" x, "v1"|`, 200},
		{"none-match blank in a tag", `"v1"`, "", `If-None-Match: "v 1", "v1"|`, 200},
		{"none-match without a comma", `"v1"`, "", `If-None-Match: "v2""v1"|`, 200},
		{"none-match lower w", `W/"v1"`, "", `If-None-Match: w/"v1"|`, 200},
		{"none-match unclosed", `"v1"`, "", `If-None-Match: "v1|`, 200},
		{"none-match with PUT", `"v1"`, "PUT", `If-None-Match: "v1"|`, 412},
		{"none-match * with PUT", `"v1"`, "PUT", `If-None-Match: *|`, 412},
		{"none-match before the date", `"v1"`, "", `If-None-Match: "v2"|If-Modified-Since: ` + at + "|", 200},
		{"OPTIONS", `"v1"`, "OPTIONS", `If-None-Match: "v1"|If-Match: "v2"|`, 200},

		{"since before", "", "", "If-Modified-Since: " + before + "|", 200},
		{"since then", "", "", "If-Modified-Since: " + at + "|", 304},
		{"since after", "", "", "If-Modified-Since: " + after + "|", 304},
		{"since RFC 850", "", "", "If-Modified-Since: Friday, 31-Dec-99 12:00:00 GMT|", 304},
		{"since asctime", "", "", "If-Modified-Since: Fri Dec 31 12:00:00 1999|", 304},
		{"since no date", "", "", "If-Modified-Since: yesterday|", 200},
		{"since before 1970", "", "", "If-Modified-Since: Mon, 01 Jan 1900 00:00:00 GMT|", 200},
		{"since twice", "", "", "If-Modified-Since: " + after + "|If-Modified-Since: " + after + "|", 200},
		{"since with PUT", "", "PUT", "If-Modified-Since: " + after + "|", 200},

		{"match", `"v1"`, "PUT", `If-Match: "v1"|`, 200},
		{"match list", `"v1"`, "PUT", `If-Match: "v0", "v1"|`, 200},
		{"match other", `"v1"`, "PUT", `If-Match: "v2"|`, 412},
		{"match other GET", `"v1"`, "", `If-Match: "v2"|`, 412},
		{"match *", `"v1"`, "PUT", `If-Match: *|`, 200},
		{"match weak", `W/"v1"`, "PUT", `If-Match: W/"v1"|`, 412},
		{"match weak to strong", `"v1"`, "PUT", `If-Match: W/"v1"|`, 412},
		{"match garbage", `"v1"`, "PUT", `If-Match: v1|`, 412},
		{"match without a tag", "", "PUT", `If-Match: ""|`, 412},
		{"match before none-match", `"v1"`, "", `If-Match: "v2"|If-None-Match: "v1"|`, 412},
		{"match, then none-match", `"v1"`, "", `If-Match: "v1"|If-None-Match: "v1"|`, 304},

		{"unmodified since before", "", "PUT", "If-Unmodified-Since: " + before + "|", 412},
		{"unmodified since then", "", "PUT", "If-Unmodified-Since: " + at + "|", 200},
		{"unmodified since after", "", "PUT", "If-Unmodified-Since: " + after + "|", 200},
		{"unmodified since no date", "", "PUT", "If-Unmodified-Since: 1|", 200},
		{"match before unmodified", `"v1"`, "PUT", `If-Match: "v1"|If-Unmodified-Since: ` + before + "|", 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			method, body := tt.method, "|done"
			if method == "" {
				method = "GET"
			}
			want := fmt.Sprintf("HTTP/1.1 %d ", tt.want)
			if method == "HEAD" || tt.want != 200 {
				body = "|"
			}
			serve(t, conditional(tt.etag, modified), func(co *loop.Co, w *world) error {
				c := w.dial(co)
				c.send(co, method+" / HTTP/1.1|Host: a|"+tt.fields+"|")
				got := c.recv(co)
				if !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "|"+body+"<open>") {
					t.Errorf("got %s, want %s", got, want)
				}
				if sent := strings.Contains(got, "|ETag: "+tt.etag+"|"); sent != (tt.etag != "") {
					t.Errorf("ETag is wrong: %s", got)
				}
				return nil
			})
		})
	}
}

func TestPreconditionFields(t *testing.T) {
	const get304 = `GET / HTTP/1.1|Host: a|If-None-Match: *||`
	for _, tt := range []handlerCase{
		{name: "200", handle: conditional(`"v1"`, modified),
			want: `HTTP/1.1 200 OK|Content-Type: text/plain|ETag: "v1"|Last-Modified: ` + at + `|DATE|Content-Length: 4||done<open>`},
		{name: "304 has no date beside a tag", handle: conditional(`"v1"`, modified), send: get304,
			want: `HTTP/1.1 304 Not Modified|ETag: "v1"|DATE||<open>`},
		{name: "304 by date", handle: conditional("", modified), send: get304,
			want: "HTTP/1.1 304 Not Modified|Last-Modified: " + at + "|DATE||<open>"},
		{name: "412", handle: conditional("", modified), send: `GET / HTTP/1.1|Host: a|If-Match: "x"||`,
			want: "HTTP/1.1 412 Precondition Failed|Last-Modified: " + at + "|DATE|Content-Length: 0||<open>"},
		{name: "a date to come", handle: conditional("", modified.AddDate(1, 0, 0)),
			want: "HTTP/1.1 200 OK|Content-Type: text/plain|Last-Modified: Sat, 01 Jan 2000 00:00:00 GMT|DATE|Content-Length: 4||done<open>"},
		{name: "no date", handle: conditional("", time.Unix(0, 0)),
			want: "HTTP/1.1 200 OK|Content-Type: text/plain|DATE|Content-Length: 4||done<open>"},
		{name: "not for a failure", send: get304, want: "HTTP/1.1 404 Not Found|ETag: \"v1\"|DATE|Content-Length: 4||gone<open>",
			handle: func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
				w.SetStatus(404)
				if w.Preconditions(r, `"v1"`, time.Time{}) {
					return nil
				}
				_, err := w.WriteString("gone")
				return err
			}},
		{name: "no tag", handle: conditional("v1", modified), want: failure + "<open>", log: "entity tag"},
	} {
		tt.check(t)
	}
}

// TestContentETag: equal contents have equal tags, which clients can send back.
func TestContentETag(t *testing.T) {
	a, b := http1.ContentETag([]byte("a")), http1.ContentETag([]byte("b"))
	if a == b || a != http1.ContentETag([]byte("a")) || !strings.HasPrefix(a, `"`) {
		t.Error(a, b)
	}
	serve(t, conditional(a, time.Time{}), func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.send(co, "GET / HTTP/1.1|Host: a|If-None-Match: "+a+"||")
		if got := c.recv(co); !strings.HasPrefix(got, "HTTP/1.1 304 ") {
			t.Error(got)
		}
		return nil
	})
}
