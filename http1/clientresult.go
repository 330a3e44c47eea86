package http1

import "errors"

// This file is how a call comes to its result.

// answered hears that the head of a response has come. A plain one needs no helper: what
// has yet to come of its body is collected as it comes.
func (call *clientCall) answered() {
	x := call.x
	r, status := call.req, x.res.Status
	switch {
	case status/100 == 3, status == 401, r.OnHeader != nil, call.p.c.Jar != nil, x.tunnel, !x.direct && (!call.streams || call.isWrong(x.res)):
		call.help(&clientHelper{call: call, step: call.responding})
	default:
		call.accept(x.res)
		if call.streams {
			call.open(x.res)
		}
	}
}

// accept takes res for the final response.
func (call *clientCall) accept(res *Response) {
	res.Redirects = call.redirects
	res.Timing = call.timing
	call.streams = call.streams && !call.isWrong(res)
	call.final = true
}

// isWrong holds for a response that is an error.
func (call *clientCall) isWrong(res *Response) bool {
	return (res.Status < 200 || res.Status > 299) && !call.req.AnyStatus && !call.x.tunnel
}

// open gives a response away whose body the caller reads.
func (call *clientCall) open(res *Response) {
	res.Stream = newResponseBody(call.x)
	call.settle(res, nil)
	if call.x.done {
		call.end()
	}
}

// upgraded gives a connection away that speaks another protocol now.
func (call *clientCall) upgraded(res *Response) {
	call.x.handOver()
	call.streams = false // the connection is nothing of the call's any more
	call.look()
	res.Timing.Total = call.at.Sub(call.timing.Start)
	call.settle(res, nil)
}

// finished hears that an exchange has come to its end in good order.
func (call *clientCall) finished() {
	switch {
	case !call.final || call.helper != nil:
	case call.settled:
		call.end()
	default:
		call.completed(call.x.res)
	}
}

// completed gives a response away whose body is whole.
func (call *clientCall) completed(res *Response) {
	if call.x.direct {
		res.Timing.Total = call.at.Sub(call.timing.Start)
	}
	if call.isWrong(res) {
		call.settle(nil, &StatusError{res})
	} else {
		call.settle(res, nil)
	}
}

// broken hears that an exchange was broken off. On a connection that had been used
// before, the server may have closed it just when the request was on its way: that is no
// failure if the request can be repeated (RFC 9112, 9.3.1).
func (call *clientCall) broken(x *clientExchange) {
	switch {
	case call.x != x, call.helper != nil: // it is left behind, or the helper will notice
	case call.settled:
		call.end()
	case x.c.used && !x.heard && call.err == nil && errors.Is(x.err, ErrServerGone) && call.hop.repeatable(call.req) && !call.once:
		call.x = nil
		call.look()
		call.proceed()
	default:
		call.settle(nil, x.err)
	}
}

// settle ends the call: nothing is left under way but a body that the caller reads.
func (call *clientCall) settle(res *Response, err error) {
	if call.settled {
		return
	}
	call.settled = true
	if err != nil {
		call.streams = false
		if h := call.helper; h != nil && h.co != nil {
			h.co.Cancel(err)
		}
		if x := call.x; x != nil {
			x.fail(x.phase(), err)
		}
	}
	if !call.streams {
		call.end()
	}
	if err != nil {
		call.result.TryFail(err)
	} else {
		call.result.TrySet(res)
	}
}
