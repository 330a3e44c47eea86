package stream

import (
	"fmt"
	"net/netip"
	"os"
	"slices"
	"time"

	"github.com/zonda-go/zonda/internal/proxyproto"
	"github.com/zonda-go/zonda/loop"
)

// headerTime is how long a proxy may take to send its header. That covers a packet that
// is lost and sent again, for which the protocol wants at least 3 seconds.
const headerTime = 5 * time.Second

var errNoHeader = fmt.Errorf("stream: no PROXY header: %w", os.ErrDeadlineExceeded)

// trusts reports whether t comes from a proxy that says whose it is.
func (sv *serving) trusts(t Transport) bool {
	if len(sv.srv.ProxyFrom) == 0 {
		return false
	}
	from := t.RemoteAddr().Addr().Unmap().WithZone("")
	return slices.ContainsFunc(sv.srv.ProxyFrom, func(p netip.Prefix) bool { return p.Contains(from) })
}

// client is the address for which t counts as long as no proxy has said another; not valid:
// none.
func (sv *serving) client(t Transport) netip.Addr {
	if sv.books.perAddr <= 0 || sv.trusts(t) {
		return netip.Addr{}
	}
	return t.RemoteAddr().Addr()
}

// A headerless is the Consumer of a connection whose PROXY header has not come whole. It
// belongs to the loop.
type headerless struct {
	s     *Stream
	timer loop.Timer
}

func awaitHeader(s *Stream) {
	c := &headerless{s: s}
	c.timer = s.l.After(headerTime, c.expire)
	s.SetConsumer(c)
}

// Consume takes the header, and leaves what comes behind it to those who come then: in the
// next iteration, because during Consume nobody can be given it.
func (c *headerless) Consume(p []byte) int {
	h, n, err := proxyproto.Parse(p)
	switch {
	case err != nil:
		c.fail(err)
	case n > 0:
		c.timer.Stop()
		c.s.SetConsumer(nil)
		c.s.l.Call(func() { c.pass(h) })
	}
	return n
}

// expire finds the stream gone if the server has closed it.
func (c *headerless) expire() {
	if c.s.err == nil {
		c.fail(errNoHeader)
	}
}

// Ended: the proxy has gone first.
func (c *headerless) Ended(err error) { c.fail(err) }

func (c *headerless) fail(err error) {
	c.timer.Stop()
	sv := c.s.site.sv
	sv.books.proxyFailed()
	sv.log.Debug("zonda: proxy sent no valid header", "remote", remoteName(c.s), "error", err)
	c.s.Abort()
}

// pass lets the connection in under its client's name.
func (c *headerless) pass(h proxyproto.Header) {
	s := c.s
	if s.err != nil {
		return // it has broken since
	}
	if from := h.Source.Addr(); from.IsValid() {
		if !s.site.sv.books.named(from) {
			s.Abort()
			return
		}
		s.seldom().origin = &h
	}
	s.site.open(s)
}
