package http1

import (
	"cmp"
	"errors"
	"time"

	"github.com/zonda-go/zonda/loop"
)

// A clientCall is a ClientRequest under way: one exchange after another, until one has
// the final response. It belongs to the loop.
type clientCall struct {
	p          *clientPool
	req        *ClientRequest
	parent     loop.Parent // of the coroutine that sends the body
	sentBody   func()      // told when that has ended; may be nil
	prev, next *clientCall // among the pool's; next also among those to use again
	hop        *clientHop  // where the request goes now
	x          *clientExchange
	scope      *loop.Co // of a wait without an exchange
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
	over       bool
	uploads    bool // a coroutine was started that sends a body
	first      clientExchange
}

// ask sends r and gives the response, in co.
func (c *Client) ask(co *loop.Co, r *ClientRequest, streams bool) (*Response, error) {
	p, err := c.pool(co.Loop())
	if err != nil {
		return nil, refusedRequest(r, err)
	}
	call := p.takeCall()
	call.req, call.parent, call.streams = r, co, streams
	res, err := call.ask(co, p)
	if err == nil && !streams {
		p.giveCall(call)
	}
	return res, err
}

func (call *clientCall) ask(co *loop.Co, p *clientPool) (*Response, error) {
	hop, err := p.knownHop(call.req)
	if err != nil {
		return nil, refusedRequest(call.req, err)
	}
	call.p, call.hop = p, hop
	call.begin()
	return call.run(co)
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

// run goes from exchange to exchange. However it ends, by a panic of the user's code too,
// nothing is left under way but a body that the caller reads.
func (call *clientCall) run(co *loop.Co) (res *Response, err error) {
	defer func() {
		if res == nil || !call.streams {
			call.giveUp()
		}
	}()
	for {
		if err := call.exchange(co); err != nil {
			return nil, err
		}
		got := call.x.res
		call.keepCookies(got)
		next, err := call.hop.after(call, got)
		if err != nil {
			return nil, call.wrap(PhaseRequest, err)
		}
		if next == nil {
			return call.receive(co, got)
		}
		call.x.skip()
		call.x = nil
		call.hop = next
	}
}

// exchange sends the request, and waits for the head of the response. On a connection
// that had been used before, the server may have closed it just when the request was
// on its way: that is no failure if the request can be repeated (RFC 9112, 9.3.1).
func (call *clientCall) exchange(co *loop.Co) error {
	for {
		c, err := call.connect(co)
		if err != nil {
			return err
		}
		x := &call.first
		if x.call != nil {
			x = &clientExchange{} // most calls need no second one
		}
		x.call, x.c, x.hop = call, c, call.hop
		c.x, call.x = x, x
		call.sent = call.at // nothing has waited since
		x.send()
		err = call.awaitHead(co, x)
		if err == nil {
			return nil
		}
		again := c.used && !x.heard && call.err == nil && errors.Is(err, ErrServerGone) && call.hop.repeatable(call.req)
		x.fail(PhaseResponse, err)
		if !again {
			return call.wrap(PhaseResponse, err)
		}
		call.x = nil
		call.look()
	}
}

func (call *clientCall) awaitHead(co *loop.Co, x *clientExchange) error {
	if x.upload == nil {
		x.watchHead()
	}
	for !x.head {
		if err := x.wait(co); err != nil {
			return err
		}
	}
	return nil
}

// watchHead begins to count the time for the head, when all of the request is sent.
func (x *clientExchange) watchHead() {
	if d := x.call.limits.FirstByte; d > 0 && !x.head && x.err == nil {
		x.late = x.call.p.l.After(d, func() { x.fail(PhaseResponse, errTimeout) })
	}
}

// receive sees to the final response.
func (call *clientCall) receive(co *loop.Co, res *Response) (*Response, error) {
	x := call.x
	res.Redirects = call.redirects
	res.Timing = call.timing
	wrong := (res.Status < 200 || res.Status > 299) && !call.req.AnyStatus
	call.streams = call.streams && !wrong
	call.final = true
	if call.req.OnHeader != nil {
		call.req.OnHeader(res)
	}
	if call.streams {
		res.Stream = newResponseBody(x)
		if x.done {
			call.end()
		}
		return res, nil
	}
	var err error
	if x.direct {
		err = x.collected(co)
	} else {
		err = newResponseBody(x).readAll(co)
	}
	if err != nil {
		return nil, call.wrap(PhaseBody, err)
	}
	if x.direct {
		res.Timing.Total = call.at.Sub(call.timing.Start)
	}
	if wrong {
		return nil, &StatusError{res}
	}
	return res, nil
}

// collected waits until the body is whole, which is collected as it comes.
func (x *clientExchange) collected(co *loop.Co) error {
	for !x.done {
		if err := x.wait(co); err != nil {
			return err
		}
	}
	return nil
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
