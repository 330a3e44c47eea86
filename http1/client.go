package http1

import (
	"cmp"
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

const (
	// DefaultMaxPerHost is Client.MaxPerHost's default, in connections.
	DefaultMaxPerHost = 100
	// DefaultMaxConns is Client.MaxConns's default, in connections.
	DefaultMaxConns = 1000

	defaultRedirects   = 5
	defaultIdleTimeout = 90 * time.Second
	defaultUserAgent   = "zonda"
)

// A Client asks HTTP/1.1 servers, and keeps connections to use them again. It belongs
// to a loop: the one of the first coroutine that uses it. On another one it gives
// ErrClientLoop; make one client for each loop. Set its fields before that and leave
// them alone then. The zero Client is ready for use. Close, or the end of its loop,
// closes its connections.
type Client struct {
	// Dialer connects. Its TLS and Timeout are not used. Default: the zero Dialer.
	Dialer *stream.Dialer
	// TLS is how https is spoken, with client certificates for example. A Config that
	// is nil is an empty one; a ServerName that is not set is the URL's host. Default:
	// the system's certificates are trusted.
	TLS *stream.TLSOptions
	// Unix is the path of a Unix socket to connect to, whatever host a URL names.
	// Default: none.
	Unix string
	// Proxy says by which proxy to go to a URL: http, https (TLS to the proxy, as TLS
	// says) or socks5; nil means none. ProxyFromEnvironment is one. Default: no proxies.
	Proxy func(*url.URL) (*url.URL, error)
	// MaxPerHost bounds the connections to one host, MaxConns those to all. Requests
	// beyond that wait in their order. Default: 100 and 1000; negative: no limit.
	MaxPerHost, MaxConns int
	// MaxIdle bounds the connections that are kept for later. Default: no limit but
	// MaxConns; negative: none is kept, and servers are told so.
	MaxIdle int
	// IdleTimeout is how long a connection is kept unused. Default: 90 s; negative: as
	// long as the server likes.
	IdleTimeout time.Duration
	// Timeouts bound the phases of each request. A request may have its own.
	Timeouts Timeouts
	// Redirects is how many redirects of a request are followed. If there are more,
	// the response is the last one. Default: 5; negative: none.
	Redirects int
	// MaxHead bounds the head of a response in bytes. Default: 64 KiB.
	MaxHead int
	// MaxBody bounds the body of a response in bytes, as it comes and decoded. Default:
	// 100 MiB; negative: no limit.
	MaxBody int64
	// Jar keeps cookies. It is called on the loop and must not block, as one of
	// net/http/cookiejar does not. Default: none, cookies are forgotten.
	Jar http.CookieJar
	// ToASCII makes the name of a host in a URL, or of a proxy, that is not ASCII one that
	// is: golang.org/x/net/idna's Lookup.ToASCII does ("bücher.example" becomes
	// "xn--bcher-kva.example"). It is called on the loop. Default: such names are refused.
	ToASCII func(name string) (string, error)
	// UserAgent is sent with requests that do not say themselves. Default: "zonda".
	UserAgent string
	// Logger receives what nobody waits for: a response to no request. Default: the
	// loop's.
	Logger *slog.Logger

	state atomic.Pointer[clientPool] // nil before the first use
}

// Fetch asks, and gives a future of the response with its whole body. When the last one
// who waits for the future leaves, or co ends, the request is cancelled and its
// connection closed. The future fails with a *ClientError if there is no whole
// response, with a *StatusError if its status is not 2xx and r does not permit that, and
// with a *loop.PanicError if a function in r panics.
//
// While it waits for the response, the request has no coroutine: thousands of futures
// take less memory than as many coroutines in Do.
func (c *Client) Fetch(co *loop.Co, r *ClientRequest) *loop.Future[*Response] {
	if err := withoutUpgrade(r); err != nil {
		return loop.FailedFuture[*Response](co.Loop(), err)
	}
	call, err := c.start(co, r)
	if err != nil {
		return loop.FailedFuture[*Response](co.Loop(), err)
	}
	call.span = loop.ScopeFunc(co, func(err error) { call.abandon(err) })
	call.parent = call.span
	call.result.OnWithdraw(func() {
		call.result.Quiet() // whatever ends it first, nobody waits to hear
		call.abandon(loop.ErrWithdrawn)
	})
	if co.Err() == nil {
		call.proceed()
	}
	return call.result.Future()
}

// Get asks for a URL, and waits in co for the response with its body:
//
//	res, err := client.Get(co, "http://127.0.0.1:8888/")
func (c *Client) Get(co *loop.Co, url string) (*Response, error) {
	return c.Do(co, &ClientRequest{URL: url})
}

// Do is Fetch for co, which waits for the response.
func (c *Client) Do(co *loop.Co, r *ClientRequest) (*Response, error) {
	return c.ask(co, r, false)
}

// Open is Do for a body that is to be read piece by piece: it returns when the head of
// the response has come, and Response.Stream has the rest. That must be closed. The
// body of a *StatusError is read as by Do. Timeouts.Whole, 20 s unless told, counts up
// to the end of the body, and MaxBody for all of it; a deadline of co's own
// (Co.WithTimeout) ends with Open, and reading waits as long as the coroutine that reads.
func (c *Client) Open(co *loop.Co, r *ClientRequest) (*Response, error) {
	return c.ask(co, r, true)
}

// CloseIdle closes the connections that are not in use. It belongs to the loop.
func (c *Client) CloseIdle() {
	if p := c.state.Load(); p != nil {
		p.closeIdle()
	}
}

// Close ends the client at once: requests fail with ErrClientClosed, and all
// connections are closed. It belongs to the loop. To close twice does nothing.
func (c *Client) Close() {
	p := c.state.Load()
	if p == nil {
		c.state.CompareAndSwap(nil, &clientPool{closed: true})
		return
	}
	p.close(ErrClientClosed)
}

// ClientStats is what a Client has at hand. It is a value without owner.
type ClientStats struct {
	// Open is the connections, with those that are being made; Idle are not in use.
	Open, Idle int
	// Waiting is the requests that wait for a connection.
	Waiting int
	// Hosts is how many hosts there are connections to.
	Hosts int
}

// Stats tells what the client has at hand. It belongs to the loop.
func (c *Client) Stats() ClientStats {
	p := c.state.Load()
	if p == nil {
		return ClientStats{}
	}
	return ClientStats{Open: p.open, Idle: p.idle, Waiting: p.waiting, Hosts: len(p.hosts)}
}

// pool is the client's state on l.
func (c *Client) pool(l *loop.Loop) (*clientPool, error) {
	p := c.state.Load()
	if p == nil {
		p = newClientPool(c, l)
		if !c.state.CompareAndSwap(nil, p) {
			p = c.state.Load() // another loop was quicker
		} else {
			loop.Go(l, p.followLoop)
		}
	}
	switch {
	case p.l != nil && p.l != l:
		return nil, ErrClientLoop
	case p.closed:
		return nil, ErrClientClosed
	}
	return p, nil
}

// limit is n with its default, and 0 for no limit.
func limit[T int | int64 | time.Duration](n, standard T) T { return max(cmp.Or(n, standard), 0) }
