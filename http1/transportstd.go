package http1

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/zonda-go/zonda/internal/httpwire"
	"github.com/zonda-go/zonda/loop"
)

// A Fetcher asks servers: a Client, or a StdClient where HTTP/2 is wanted, or a test's. It
// belongs to the loop, unless the implementation says more.
type Fetcher interface {
	// Fetch asks, and gives a future of the response with its whole body.
	Fetch(co *loop.Co, r *ClientRequest) *loop.Future[*Response]
}

var (
	_ Fetcher = (*Client)(nil)
	_ Fetcher = (*StdClient)(nil)
)

// A StdClient is a Fetcher on net/http, each request on a goroutine: it speaks HTTP/2
// where the server does, and costs what net/http costs (as Tornado's curl client is to
// its simple one). Coroutines of several loops may share it. Set its fields before the
// first use and leave them alone then. The zero StdClient is ready for use.
//
// Connections, TLS, proxies and their limits are Transport's affair. What a ClientRequest
// has that needs the loop (Producer, OnBody, OnHeader, OnProgress, Upgrade), and Digest, Raw, TLS,
// Unix, Proxy and the timeouts of single phases, is refused with an error that matches
// errors.ErrUnsupported.
type StdClient struct {
	// Transport asks. Default: http.DefaultTransport.
	Transport http.RoundTripper
	// Jar keeps cookies. Default: none, cookies are forgotten.
	Jar http.CookieJar
	// Redirects is how many redirects are followed. Default: 5; negative: none.
	Redirects int
	// MaxBody bounds the body of a response in bytes, decoded. Default: 100 MiB;
	// negative: no limit.
	MaxBody int64
	// Timeout is how long all of a request may take, on the machine's clock, unless it
	// has Timeouts.Whole. Default: 20 s; negative: no limit.
	Timeout time.Duration
}

// Fetch is Client.Fetch: errors are a *ClientError or a *StatusError, and when nobody
// waits for the future any more the request is cancelled.
func (c *StdClient) Fetch(co *loop.Co, r *ClientRequest) *loop.Future[*Response] {
	l := co.Loop()
	p := loop.NewPromise[*Response](l)
	req, err := c.request(r)
	if err != nil {
		p.Fail(&ClientError{PhaseRequest, methodOf(r), shownText(r.URL), err})
		return p.Future()
	}
	whole := c.Timeout
	if r.Timeouts != nil {
		whole = cmp.Or(r.Timeouts.Whole, whole)
	}
	began := l.Now()
	return loop.FromFunc(l, func(ctx context.Context) (*Response, error) {
		if d := limit(whole, defaultWhole); d > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, d)
			defer cancel()
		}
		before := time.Now()
		res, err := c.do(req.WithContext(ctx), r)
		if err != nil {
			return nil, err
		}
		res.Timing = Timing{Start: began, Total: time.Since(before)}
		if (res.Status < 200 || res.Status > 299) && !r.AnyStatus {
			return nil, &StatusError{res}
		}
		return res, nil
	})
}

// request is r for net/http.
func (c *StdClient) request(r *ClientRequest) (*http.Request, error) {
	if err := checkRequest(r); err != nil {
		return nil, err
	}
	if r.Producer != nil || r.OnBody != nil || r.OnHeader != nil || r.OnProgress != nil || r.Digest || r.Raw ||
		r.TLS != nil || r.Unix != "" || r.Proxy != "" || r.Upgrade != "" || r.Timeouts != nil && *r.Timeouts != (Timeouts{Whole: r.Timeouts.Whole}) {
		return nil, fmt.Errorf("http1: a StdClient cannot do what this request wants: %w", errors.ErrUnsupported)
	}
	body := r.Reader
	if len(r.Body) > 0 {
		body = bytes.NewReader(r.Body)
	}
	if _, err := parseURL(r.URL); err != nil {
		return nil, badRequest("%w", err)
	}
	req, err := http.NewRequest(methodOf(r), r.URL, body)
	if err != nil {
		return nil, badRequest("%w", err)
	}
	if r.BodyLength > 0 {
		req.ContentLength = r.BodyLength
	}
	for name, value := range r.Header.All() {
		if httpwire.EqualFold(name, "Host") {
			req.Host = value
			continue
		}
		req.Header.Add(name, value)
	}
	if r.User+r.Password != "" {
		req.SetBasicAuth(r.User, r.Password)
	}
	if !r.IfModifiedSince.IsZero() {
		req.Header.Set("If-Modified-Since", httpDate(r.IfModifiedSince))
	}
	if r.Expect100 && body != nil {
		req.Header.Set("Expect", "100-continue")
	}
	return req, nil
}

// do asks, on a goroutine.
func (c *StdClient) do(req *http.Request, r *ClientRequest) (*Response, error) {
	redirects := 0
	limits := limit(cmp.Or(r.Redirects, c.Redirects), defaultRedirects)
	client := &http.Client{Transport: c.Transport, Jar: c.Jar, CheckRedirect: func(_ *http.Request, via []*http.Request) error {
		if len(via) > limits {
			return http.ErrUseLastResponse
		}
		redirects = len(via)
		return nil
	}}
	fail := func(phase string, err error) (*Response, error) {
		return nil, &ClientError{phase, req.Method, shownURL(req.URL), err}
	}
	got, err := client.Do(req)
	if err != nil {
		var ue *url.Error // it has the method and the URL, as ours does
		if errors.As(err, &ue) {
			err = ue.Err
		}
		return fail(PhaseResponse, err)
	}
	defer got.Body.Close()
	res := stdResponse(got, r)
	res.Redirects = redirects
	from := io.Reader(got.Body)
	most := limit(cmp.Or(r.MaxBody, c.MaxBody), DefaultMaxBody)
	if most > 0 {
		from = io.LimitReader(from, most+1)
	}
	if res.Body, err = io.ReadAll(from); err != nil {
		return fail(PhaseBody, err)
	}
	if most > 0 && int64(len(res.Body)) > most {
		return fail(PhaseBody, ErrResponseTooLarge)
	}
	res.Trailer = headerOf(got.Trailer)
	return res, nil
}

// stdResponse is what net/http has got, without its body.
func stdResponse(got *http.Response, r *ClientRequest) *Response {
	_, reason, _ := strings.Cut(got.Status, " ")
	return &Response{
		Status:        got.StatusCode,
		Reason:        reason,
		Major:         got.ProtoMajor,
		Minor:         got.ProtoMinor,
		Header:        headerOf(got.Header),
		URL:           got.Request.URL,
		Request:       r,
		ContentLength: got.ContentLength,
		Decoded:       got.Uncompressed,
		TLS:           got.TLS,
		method:        got.Request.Method,
	}
}

// headerOf is a map's fields, in the order of their names.
func headerOf(m http.Header) (h Header) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		for _, v := range m[name] {
			h.Add(name, v)
		}
	}
	return h
}
