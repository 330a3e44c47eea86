package http1

import (
	"cmp"
	"crypto/tls"
	"strings"

	"github.com/zonda-go/zonda/internal/httpwire"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// connect gives a connection for the call's hop: one that waits for a request, or a new
// one. While there are too many, it waits.
func (call *clientCall) connect(co *loop.Co) (*clientConn, error) {
	p := call.p
	for {
		if p.closed {
			return nil, call.wrap(PhaseQueue, ErrClientClosed)
		}
		if err := co.Err(); err != nil {
			return nil, call.wrap(PhaseQueue, loop.Yield(co)) // its error has the cause
		}
		h := p.host(call.hop.key)
		c, err := h.place(co, call)
		switch {
		case err != nil:
			return nil, err
		case c == nil:
			return h.fresh(co, call)
		case !c.usable():
			c.drop() // the server has closed it, and we have not been told yet
		case co.Err() != nil:
			h.release(c, p.l.Now()) // it came together with the end of who waited for it
		default:
			return c, nil
		}
	}
}

// place is acquire within the phase of the queue, if it must wait at all.
func (h *clientHost) place(co *loop.Co, call *clientCall) (c *clientConn, err error) {
	if h.waiters.Len() == 0 && h.ready() {
		return h.take(), nil
	}
	err = call.within(co, PhaseQueue, call.limits.Queue, &call.timing.Queue, func(co *loop.Co) (err error) {
		c, err = h.acquire(co)
		return err
	})
	return c, err
}

// fresh makes a connection in a place that is taken.
func (h *clientHost) fresh(co *loop.Co, call *clientCall) (*clientConn, error) {
	var s *stream.Stream
	made := false
	defer func() {
		if !made {
			if s != nil {
				s.Abort()
			}
			h.free()
		}
	}()
	err := call.within(co, PhaseConnect, call.limits.Connect, &call.timing.Connect, func(co *loop.Co) (err error) {
		if s, err = call.dial(co); err == nil {
			err = call.throughProxy(co, s)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if h.key.secure {
		err := call.within(co, PhaseTLS, call.limits.TLS, &call.timing.TLS, func(co *loop.Co) error {
			_, err := loop.Await(co, s.StartTLS(h.tlsOptions(call.hop)))
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if h.p.closed {
		return nil, call.wrap(PhaseConnect, ErrClientClosed)
	}
	made = true
	c := newClientConn(h, s)
	if c.gone {
		return nil, call.wrap(PhaseResponse, errUnasked)
	}
	return c, nil
}

// dial connects to where the hop's bytes go first.
func (call *clientCall) dial(co *loop.Co) (*stream.Stream, error) {
	hop := call.hop
	var d stream.Dialer
	if own := call.p.c.Dialer; own != nil {
		d = *own
	}
	d.TLS, d.Timeout = nil, 0
	switch {
	case hop.key.unix != "":
		return d.Dial(co, "unix", hop.key.unix)
	case hop.proxy != nil:
		addr, err := addressOf(hop.proxy)
		if err != nil {
			return nil, err
		}
		return d.Dial(co, "tcp", addr)
	}
	return d.Dial(co, "tcp", hop.key.addr)
}

// tlsOptions are those of a host: the client's, or the request's, with what is missing.
func (h *clientHost) tlsOptions(hop *clientHop) stream.TLSOptions {
	if h.tls == nil {
		o := tlsFor(hop.url.Hostname(), h.key.tls)
		h.tls = &o
	}
	return *h.tls
}

func tlsFor(host string, own *stream.TLSOptions) stream.TLSOptions {
	var o stream.TLSOptions
	if own != nil {
		o = *own
	}
	o.Timeout, o.Server = -1, false // the phase has a limit
	o.Config = cmp.Or(o.Config, &tls.Config{}).Clone()
	if o.Config.ServerName == "" {
		o.Config.ServerName, _, _ = strings.Cut(host, "%") // no certificate has a zone
	}
	if o.Config.NextProtos == nil {
		o.Config.NextProtos = []string{"http/1.1"}
	}
	return o
}

// maxHead bounds the head of a response.
func (p *clientPool) maxHead() int { return cmp.Or(p.c.MaxHead, DefaultMaxHead) }

// takeParser is a parser for the next head; giveParser returns it.
func (p *clientPool) takeParser() *httpwire.ResponseParser {
	x := p.parser
	p.parser = nil
	if x == nil {
		x = &httpwire.ResponseParser{}
	}
	return x
}

func (p *clientPool) giveParser(x *httpwire.ResponseParser) {
	x.Reset()
	p.parser = x
}
