package http1_test

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// A rawCase is bytes that a client sends on a new connection, and what becomes
// of them. The tables of them are in the files raw_*_test.go, and rawCases has
// them all.
type rawCase struct {
	name string
	rfc  string // the section that decides: "9112, 2.2"
	send string // in wire notation

	rawVerdict
	rule string // the name of httpwire's rule that refuses it, if one does

	// What net/http makes of it if that is something else, and why this server
	// does not do the same.
	std rawVerdict
	why string
}

// A rawVerdict is what the client gets: the status codes in order, and how it is
// left: "kept", if the connection takes a further request, "closed", or "waits",
// if the server needs more bytes. And it is what the handlers saw, one after
// another, as rawSaw tells it.
type rawVerdict struct{ want, saw string }

// rawHead and rawBody are the limits of a server for the cases.
const rawHead, rawBody = 1024, 1000

func accepted(name, rfc, send string, saw ...string) rawCase {
	want := strings.Repeat("200 ", len(saw)) + "kept"
	return rawCase{name: name, rfc: rfc, send: send, rawVerdict: rawVerdict{want, strings.Join(saw, " + ")}}
}

func denied(name, rfc, send string, status int, rule string) rawCase {
	return rawCase{name: name, rfc: rfc, send: send, rawVerdict: rawVerdict{strconv.Itoa(status) + " closed", ""}, rule: rule}
}

func other(name, rfc, send, want string, saw ...string) rawCase {
	return rawCase{name: name, rfc: rfc, send: send, rawVerdict: rawVerdict{want, strings.Join(saw, " + ")}}
}

// by names the rule that refuses the last request.
func (c rawCase) by(rule string) rawCase {
	c.rule = rule
	return c
}

// differs says what net/http does. Without saw the handlers see nothing there.
func (c rawCase) differs(why, want string, saw ...string) rawCase {
	c.why, c.std = why, rawVerdict{want, strings.Join(saw, " + ")}
	return c
}

// net/http's verdict.
func (c rawCase) byNetHTTP() rawVerdict {
	if c.why != "" {
		return c.std
	}
	return c.rawVerdict
}

func rawCases() []rawCase {
	return slices.Concat(rawLines, rawStartLines, rawTargets, rawHosts, rawFields,
		rawLengths, rawCodings, rawChunks, rawTrailers, rawConnections, rawLimits)
}

// rawSaw is a request as its handler saw it.
func rawSaw(method, target, host string, length int64, body []byte) string {
	s := method + " " + target + " " + cmp.Or(host, "-")
	if length != 0 {
		s += " =" + string(body)
	}
	return strings.Trim(strconv.QuoteToASCII(s), `"`)
}

// rawHandler answers with what it saw in the field Saw. It leaves the body of
// /unread alone. What is wrong with another one, it tells.
func rawHandler(tell func(error)) http1.HandlerFunc {
	return func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		var body []byte
		if r.Path() != "/unread" {
			var err error
			if body, err = io.ReadAll(r.Body); err != nil {
				tell(err)
				return err
			}
		}
		w.Header().Set("Saw", rawSaw(r.Method, r.Target, r.Host, r.ContentLength, body))
		return nil
	}
}

// rawStdHandler is rawHandler for net/http.
func rawStdHandler(w http.ResponseWriter, r *http.Request) {
	var body []byte
	if r.URL.Path != "/unread" {
		var err error
		body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, rawBody))
		switch err.(type) {
		case nil:
		case *http.MaxBytesError:
			w.WriteHeader(413)
			return
		default:
			w.Header().Set("Connection", "close")
			w.WriteHeader(400)
			return
		}
	}
	w.Header().Set("Saw", rawSaw(r.Method, r.RequestURI, r.Host, r.ContentLength, body))
}

// rawProbe is sent when the connection should take a further request: then it has
// no byte left of the ones before.
const rawProbe = "GET /probe HTTP/1.1|Host: probe|Connection: close||"

// A rawTalk is one case with one server.
type rawTalk struct {
	net.Conn
	r     *bufio.Reader
	rough bool // it may reset what it closes, and answer a request that is cut off
	got   rawVerdict
}

// talk sends what is left of the case, and returns what became of all of it. The
// verdict that is expected says how many responses to wait for.
func (c rawCase) talk(conn net.Conn, send string, want rawVerdict, rough bool) rawVerdict {
	k := &rawTalk{Conn: conn, r: bufio.NewReader(conn), rough: rough}
	if _, err := io.WriteString(k, send); err != nil {
		return rawVerdict{err.Error(), ""}
	}
	statuses := strings.Fields(want.want)
	end := statuses[len(statuses)-1]
	saws := strings.Split(want.saw, " + ")
	seen := 0
	for _, status := range statuses[:len(statuses)-1] {
		method, _, _ := strings.Cut(saws[min(seen, len(saws)-1)], " ")
		if !k.response(method, status == "100") {
			return k.got
		}
		if status >= "200" {
			seen++
		}
	}
	k.end(end)
	return k.got
}

// response adds a response to what the client got, or how it was left. A 100 that
// is not waited for may come, and may not: the server need not send it when it has
// the body.
func (k *rawTalk) response(method string, interim bool) bool {
	resp, err := http.ReadResponse(k.r, &http.Request{Method: cmp.Or(method, "GET")})
	if err == nil && resp.StatusCode == 100 && !interim {
		return k.response(method, false)
	}
	if err == nil {
		_, err = io.Copy(io.Discard, resp.Body)
	}
	if err != nil {
		k.left(err)
		return false
	}
	k.got.want += strconv.Itoa(resp.StatusCode) + " "
	if saw := resp.Header.Get("Saw"); saw != "" {
		if k.got.saw != "" {
			k.got.saw += " + "
		}
		k.got.saw += saw
	}
	return true
}

// left adds what an error says.
func (k *rawTalk) left(err error) {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		k.got.want += "waits"
	case err == io.EOF || err == io.ErrUnexpectedEOF || k.rough && errors.Is(err, syscall.ECONNRESET):
		k.got.want += "closed"
	default:
		k.got.want += err.Error()
	}
}

// end finds out how the connection is left.
func (k *rawTalk) end(want string) {
	switch want {
	case "kept":
		before := k.got
		if _, err := io.WriteString(k, wire(rawProbe)); err != nil {
			k.got.want += "closed"
			return
		}
		if !k.response("GET", false) {
			return
		}
		if strings.HasSuffix(k.got.saw, "GET /probe probe") {
			k.got = before
			k.got.want += "kept"
		}
		return
	case "waits":
		_ = k.Conn.(interface{ CloseWrite() error }).CloseWrite()
	}
	switch b, err := k.r.Peek(1); {
	case want == "waits" && (err == io.EOF || k.rough):
		k.got.want += "waits" // and an end comes of the client's end
	case err != nil:
		k.left(err)
	default:
		k.got.want += fmt.Sprintf("and %q", b)
	}
}

// check complains of a verdict that is not the expected one.
func (c rawCase) check(t *testing.T, server string, got, want rawVerdict) {
	t.Helper()
	if got != want {
		t.Errorf("%s, %s (RFC %s): %.200q\n got %s; saw %.200s\nwant %s; saw %.200s", server, c.name, c.rfc, c.send, got.want, got.saw, want.want, want.saw)
	}
}

// patience bounds a step of a talk; only a failure needs it.
const patience = 20 * time.Second
