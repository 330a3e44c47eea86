package http1

import (
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/zonda-go/zonda/internal/httpwire"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// A Transport is a Client as an http.RoundTripper: existing code goes on to use
// http.Client, and its requests share connections and limits with the coroutines of the
// loop. Any goroutine may call its methods, but not whoever holds the loop, for which
// they wait; the loop must run. Set its fields before and leave them alone then.
//
// Bodies are streams both ways, at the same time too. Of the client's settings, Timeouts
// but for Whole, the limits on connections, Proxy and TLS count; redirects, cookies and
// the time for everything are http.Client's affair, so the client should have no Jar.
// The body of a response of status 101, to a request with the field Upgrade, is the
// connection as a net.Conn (see stream.GoConn), which the caller must close.
type Transport struct {
	// Client asks. It must be set, and may be used by coroutines of Loop as well.
	Client *Client
	// Loop is where it lives. It must be set.
	Loop *loop.Loop
}

var _ http.RoundTripper = (*Transport)(nil)

// RoundTrip sends a request and gives the response when its head has come. Errors are
// those of Client.Open; after the loop is closed, the error matches loop.ErrClosed.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL == nil {
		closeBody(r)
		return nil, badRequest("no URL")
	}
	rt := &roundTrip{t: t, r: r}
	_, err := loop.Do(r.Context(), t.Loop, rt.run)
	if err != nil {
		rt.sent()
		return nil, err
	}
	return rt.response(), nil
}

// CloseIdleConnections closes the connections that are not in use, as http.Client's does.
func (t *Transport) CloseIdleConnections() {
	_ = t.Loop.Post(t.Client.CloseIdle) // a closed loop has closed them
}

// A roundTrip is one RoundTrip.
type roundTrip struct {
	t    *Transport
	r    *http.Request
	once sync.Once // closing the request's body

	// Owned by the loop, until run has ended.
	res   *Response
	call  *clientCall
	all   []byte   // the whole body, if it has come with the head
	begun bool     // the request's body has been
	conn  net.Conn // of a response of status 101
}

// sent closes the request's body, which RoundTrip must, off the loop: that may block.
func (rt *roundTrip) sent() { rt.once.Do(func() { go closeBody(rt.r) }) }

func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
}

// run asks, on the loop. The body of the request, and that of the response, outlive it.
func (rt *roundTrip) run(co *loop.Co) (none struct{}, err error) {
	req := rt.request()
	if rt.call, err = rt.t.Client.start(co, req); err != nil {
		return none, err
	}
	rt.call.parent, rt.call.streams, rt.call.sentBody = co.Loop(), true, rt.sent
	rt.call.once = req.Producer != nil && rt.r.GetBody == nil
	rt.res, err = rt.call.wait(co, false)
	switch {
	case err != nil:
	case rt.res.Upgraded != nil:
		rt.conn = stream.GoConn(rt.res.Upgraded)
	default:
		rt.all, err = rt.res.Stream.atOnce()
	}
	return none, err
}

// request is what http.Client has made, for a Client.
func (rt *roundTrip) request() *ClientRequest {
	r := rt.r
	u := *r.URL
	u.User = nil // http.Client has made a field of it
	limits := rt.t.Client.Timeouts
	limits.Whole = -1
	req := &ClientRequest{
		Method:      r.Method,
		URL:         u.String(),
		AnyStatus:   true,
		Redirects:   -1,
		Nonstandard: true,
		MaxBody:     -1,
		Timeouts:    &limits,
	}
	req.Header = headerOf(r.Header)
	if r.Host != "" {
		req.Header.Set("Host", r.Host)
	}
	if r.Close {
		req.Header.Set("Connection", "close")
	}
	if req.Header.lists("Connection", "Upgrade") {
		req.Upgrade = strings.Join(req.Header.Values("Upgrade"), ", ")
	}
	req.Expect100 = httpwire.HasToken(req.Header.Get("Expect"), "100-continue")
	if r.Body != nil && r.Body != http.NoBody {
		req.BodyLength = max(r.ContentLength, 0)
		req.Producer = rt.produce
	}
	return req
}

// produce sends the body of the request, and its trailers. Reading it may last as long
// as the response does, so it has a goroutine of its own. When the request is repeated,
// its GetBody makes another body.
func (rt *roundTrip) produce(co *loop.Co, w *BodyWriter) error {
	body := rt.r.Body
	if rt.begun {
		var err error
		body, err = loop.Await(co, loop.FromFunc(co.Loop(), func(context.Context) (io.ReadCloser, error) { return rt.r.GetBody() }))
		if err != nil {
			return err
		}
		defer func() { go body.Close() }() // it may block
	}
	rt.begun = true
	if err := sendReader(co, w, body, loop.FromFunc); err != nil {
		return err
	}
	*w.Trailer() = headerOf(rt.r.Trailer)
	return nil
}

// response is the response as net/http has it.
func (rt *roundTrip) response() *http.Response {
	res := rt.res
	out := &http.Response{
		Status:        strconv.Itoa(res.Status) + " " + res.Reason,
		StatusCode:    res.Status,
		Proto:         "HTTP/1." + strconv.Itoa(res.Minor),
		ProtoMajor:    1,
		ProtoMinor:    res.Minor,
		Header:        stdHeader(&res.Header),
		ContentLength: res.ContentLength,
		Uncompressed:  res.Decoded,
		Request:       rt.r,
		TLS:           res.TLS,
		Body:          http.NoBody,
	}
	if res.Decoded {
		out.ContentLength = -1
	}
	framing := rt.call.x.framing.kind
	if httpwire.HasToken(res.Header.Get("Transfer-Encoding"), "chunked") {
		out.TransferEncoding = []string{"chunked"}
		announceTrailers(out)
	}
	out.Close = closesConnection(&res.Header) || framing == httpwire.UntilClose ||
		res.Minor == 0 && !res.Header.lists("Connection", "keep-alive")
	if rt.conn != nil {
		out.Body = rt.conn
		return out
	}
	if framing == httpwire.NoBody {
		return out
	}
	body := &transportBody{l: rt.t.Loop, from: res.Stream, out: out, res: res, all: rt.all}
	if rt.all != nil {
		body.addTrailer()
	} else {
		body.stop = context.AfterFunc(rt.r.Context(), body.cancelled)
	}
	out.Body = body
	return out
}

// announceTrailers moves the names of trailers to where net/http has them.
func announceTrailers(out *http.Response) {
	for _, name := range trailerNames(out.Header) {
		if out.Trailer == nil {
			out.Trailer = make(http.Header)
		}
		out.Trailer[name] = nil
	}
	out.Header.Del("Trailer")
}

// transportBody is the body of a response for goroutines: Read for one at a time, Close
// for any.
type transportBody struct {
	l    *loop.Loop
	from *ResponseBody // belongs to the loop
	out  *http.Response
	res  *Response
	stop func() bool // of the wait for the context's end; nil: all has come
	all  []byte      // not nil: what is left of the whole body
	err  error
	shut atomic.Bool // Close was called
}

// Read has the loop read into p.
func (b *transportBody) Read(p []byte) (n int, err error) {
	switch {
	case b.shut.Load():
		return 0, http.ErrBodyReadAfterClose
	case b.err != nil:
		return 0, b.err
	case b.stop == nil:
		n = copy(p, b.all)
		b.all = b.all[n:]
		if n == 0 && len(p) > 0 {
			err = io.EOF
		}
		return n, err
	}
	_, err = loop.Do(context.Background(), b.l, func(*loop.Co) (none struct{}, err error) {
		n, err = b.from.Read(p)
		return none, err
	})
	switch {
	case err != nil && b.shut.Load() && n == 0:
		err = http.ErrBodyReadAfterClose // it was this that has ended the read
	case err == io.EOF:
		b.addTrailer()
	}
	if err != nil {
		b.err = err
		b.stop()
	}
	return n, err
}

// addTrailer shows the trailers, which are there when the body has been read.
func (b *transportBody) addTrailer() {
	if b.res.Trailer.Len() == 0 {
		return
	}
	if b.out.Trailer == nil {
		b.out.Trailer = make(http.Header)
	}
	maps.Copy(b.out.Trailer, stdHeader(&b.res.Trailer))
}

// Close ends the reading, also a Read that is under way. It does not wait.
func (b *transportBody) Close() error {
	if !b.shut.Swap(true) && b.stop != nil {
		b.stop()
		_ = b.l.Post(func() { _ = b.from.Close() }) // a closed loop has closed it
	}
	return nil
}

// cancelled breaks the response off when the request's context ends.
func (b *transportBody) cancelled() {
	cause := context.Cause(b.out.Request.Context())
	_ = b.l.Post(func() { b.from.x.fail(PhaseBody, cause) })
}
