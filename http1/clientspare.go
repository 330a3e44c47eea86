package http1

// This file is calls that are used again, with the exchange that lies in each: a request
// leaves nothing to the collector but its response.

// maxSpares bounds the calls that are kept: coroutines that ask one thing after another
// need a few at a time, however many they are.
const maxSpares = 64

// takeCall is a call to begin with.
func (p *clientPool) takeCall() *clientCall {
	call := p.spare
	if call == nil {
		return &clientCall{}
	}
	p.spare, call.next = call.next, nil
	p.spares--
	return call
}

// giveCall takes back a call that has given its response to who waited for it. Nobody
// else may know of it or of its exchange: who reads the body does, and what sends one may,
// after its end.
func (p *clientPool) giveCall(call *clientCall) {
	if call.streams || call.uploads || call.helper != nil || p.spares >= maxSpares {
		return
	}
	*call = clientCall{expires: call.expires, next: p.spare}
	p.spare = call
	p.spares++
}
