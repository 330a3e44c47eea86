package http1

import (
	"cmp"
	"time"

	"github.com/zonda-go/zonda/loop"
)

// A clientCall is a ClientRequest under way: one exchange after another, until one has
// the final response. It belongs to the loop.
//
// What happens to it drives it: nobody stands still for it but who waits for the result.
// Where something has to wait, or code of the user's is called, it has a helper.
//
//	proceed ──► begin ──► answered ──► completed ──► settle
//	   ▲ └► connecting ─┘    └► responding ─┘
//	   └── broken ◄─┘            └► connecting: a redirect
type clientCall struct {
	p          *clientPool
	req        *ClientRequest
	parent     loop.Parent // of the helpers, and of the coroutine that sends the body
	sentBody   func()      // told when that has ended; may be nil
	prev, next *clientCall // among the pool's; next also among those to use again
	hop        *clientHop  // where the request goes now
	x          *clientExchange
	helper     *clientHelper // nil: none is at work
	scope      *loop.Co      // of the helper's wait, without an exchange
	phase      string        // of that wait
	span       *loop.Co      // of Fetch: ends with the coroutine that has asked
	whole      loop.Timer
	expires    func() // expire, for whole
	limits     Timeouts
	timing     Timing
	at         time.Time // when something happened last: see look
	sent       time.Time // when the last request was
	maxBody    int64     // 0: no limit
	redirects  int
	err        error // what has ended it from outside
	streams    bool  // the body is the caller's to read
	final      bool  // x has the final response
	once       bool  // the request's body cannot be made a second time
	settled    bool  // the result is there
	over       bool
	uploads    bool // a coroutine was started that sends a body
	result     loop.Promise[*Response]
	first      clientExchange
}

// start makes a call of r, under way as soon as proceed is called.
func (c *Client) start(co *loop.Co, r *ClientRequest) (*clientCall, error) {
	p, err := c.pool(co.Loop())
	var hop *clientHop
	if err == nil {
		hop, err = p.knownHop(r)
	}
	if err != nil {
		return nil, refusedRequest(r, err)
	}
	call := p.takeCall()
	call.p, call.req, call.parent, call.hop = p, r, co, hop
	call.begin()
	return call, nil
}

// ask sends r, and gives the response to co.
func (c *Client) ask(co *loop.Co, r *ClientRequest, streams bool) (*Response, error) {
	call, err := c.start(co, r)
	if err != nil {
		return nil, err
	}
	call.streams = streams
	return call.wait(co, true)
}

// wait has the call proceed, and waits for its result in co; if that is all, the call can
// be used again. It is where most coroutines stand that use a client, so there should be
// little on their stacks.
func (call *clientCall) wait(co *loop.Co, all bool) (*Response, error) {
	call.result.Quiet()
	if co.Err() == nil {
		call.proceed()
	}
	res, err := loop.Await(co, call.result.Future())
	switch {
	case !call.settled: // co was cancelled
		return nil, call.abandon(err)
	case err == nil && all:
		call.p.giveCall(call)
	}
	return res, err
}

// refusedRequest is the error of a request that goes nowhere.
func refusedRequest(r *ClientRequest, err error) error {
	return &ClientError{PhaseRequest, methodOf(r), shownText(r.URL), err}
}

func methodOf(r *ClientRequest) string {
	if r.Method == "" {
		return "GET"
	}
	return r.Method
}

func (call *clientCall) begin() {
	p := call.p
	call.result.Renew(p.l)
	limits := &p.c.Timeouts
	if call.req.Timeouts != nil {
		limits = call.req.Timeouts
	}
	call.limits = limits.filled()
	call.maxBody = limit(cmp.Or(call.req.MaxBody, p.c.MaxBody), DefaultMaxBody)
	call.look()
	call.timing.Start = call.at
	if d := call.limits.Whole; d > 0 {
		if call.expires == nil {
			call.expires = call.expire
		}
		call.whole = p.l.At(call.at.Add(d), call.expires)
	}
	call.next = p.calls
	if call.next != nil {
		call.next.prev = call
	}
	p.calls = call
}

// proceed sends the request on a connection that waits for one, or has a helper make
// one.
func (call *clientCall) proceed() {
	p := call.p
	if p.coming == 0 {
		if c := p.idleFor(call.hop.key); c != nil {
			call.send(c)
			return
		}
	}
	p.coming++
	call.help(&clientHelper{call: call, step: call.connecting, comes: true})
}

// send begins an exchange.
func (call *clientCall) send(c *clientConn) {
	x := &call.first
	if x.call != nil {
		x = &clientExchange{} // most calls need no second one
	}
	x.call, x.c, x.hop = call, c, call.hop
	c.x, call.x = x, x
	call.sent = call.at // nothing has waited since
	x.send()
	if x.upload == nil {
		x.watchHead()
	}
}

// watchHead begins to count the time for the head, when all of the request is sent.
func (x *clientExchange) watchHead() {
	if d := x.call.limits.FirstByte; d > 0 && !x.head && x.err == nil {
		x.late = x.call.p.l.At(x.call.at.Add(d), func() { x.fail(PhaseResponse, errTimeout) })
	}
}

// collects reports whether the body of res can be taken as it comes: nobody wants to
// see its pieces.
func (call *clientCall) collects(res *Response) bool {
	r := call.req
	return !call.streams && r.OnBody == nil && r.OnProgress == nil && call.encoding(res) == ""
}

// gotHead notes when the head of a response has come.
func (call *clientCall) gotHead() { call.timing.FirstByte += call.at.Sub(call.sent) }

// look reads the clock: when a call begins, when it has waited, and when bytes have come.
// In between no time passes that would count, and each reading costs as much as an
// allocation.
func (call *clientCall) look() { call.at = call.p.l.Now() }
