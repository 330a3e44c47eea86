package stream

import (
	"cmp"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/zonda-go/zonda/loop"
)

// fallbackDelay is Dialer.FallbackDelay's default: Tornado's.
const fallbackDelay = 300 * time.Millisecond

// A Dialer connects, to names too, and by TLS if that is wanted. Set its fields and leave
// them alone then: coroutines of one loop or several may share it. The zero value is
// ready for use. What the connections of TCP are to have, such as keep-alive, is the
// Network's affair.
type Dialer struct {
	// Network is what addresses mean. Default: the machine's, System{}.
	Network Network
	// Resolver is asked what a name stands for, and not asked about an IP address with
	// a number for its port. Default: SystemResolver{}.
	Resolver Resolver
	// Timeout is how long it all may take: lookup, attempts and the handshake of TLS.
	// Default: as long as the Co lives. The system gives an attempt up after minutes.
	Timeout time.Duration
	// ConnectTimeout is how long the attempt at one address may take. Default: as long
	// as the Network lets it.
	ConnectTimeout time.Duration
	// FallbackDelay is how long the addresses of the other family (IPv4 or IPv6) wait
	// for those of the first address's. Default: 300 ms. Negative: addresses are tried
	// one after another, as the Resolver has given them.
	FallbackDelay time.Duration
	// LocalAddr is this end's address and port; port 0 means any that is free. A port
	// without an address means the loopback address. Addresses of the other family are
	// left out. On a Network without DialFrom the error matches errors.ErrUnsupported.
	// Default: the system chooses.
	LocalAddr netip.AddrPort
	// TLS has the stream speak TLS when Dial returns. A Config that is nil is an empty
	// one, and a ServerName that is not set is the host that is dialled. The handshake
	// has a timeout of its own, see TLSOptions. Default: no TLS.
	TLS *TLSOptions
}

// Dial connects to address, waits for that, and gives a stream. network is "tcp", "tcp4"
// or "tcp6", where address is host:port and the host a name or an IP address; or another
// that the Network knows, such as "unix", where it is the Network that understands the
// address.
//
// Of several addresses those of the first one's family are tried in turn. Those of the
// other family begin after FallbackDelay or the first failure, beside them. The first
// attempt that succeeds ends the others.
//
// Errors are *DialError. When co is cancelled Dial gives up, in whatever phase. All that
// it has opened is closed by the time it returns, but for the stream.
func (d *Dialer) Dial(co *loop.Co, network, address string) (*Stream, error) {
	if d.Timeout > 0 {
		scope, done := co.WithTimeout(d.Timeout)
		defer done()
		co = scope
	}
	fail := func(phase string, err error) (*Stream, error) {
		return nil, &DialError{Phase: phase, Net: network, Address: address, Err: err}
	}
	targets, err := d.targets(co, network, address)
	if err != nil {
		return fail("lookup", err)
	}
	s, err := d.connect(co, network, targets)
	if err != nil {
		return fail("connect", err)
	}
	if d.TLS == nil {
		return s, nil
	}
	if _, err := loop.Await(co, s.StartTLS(d.tls(network, address))); err != nil {
		s.Abort()
		return fail("tls", err)
	}
	return s, nil
}

// Dial is a Dialer's, with nothing set but its Network; n may be nil, as there.
func Dial(co *loop.Co, n Network, network, address string) (*Stream, error) {
	return (&Dialer{Network: n}).Dial(co, network, address)
}

// targets are what there is to be tried, one at least.
func (d *Dialer) targets(co *loop.Co, network, address string) ([]target, error) {
	if !isTCP(network) {
		return []target{{name: address}}, nil
	}
	all, err := d.lookUp(co, network, address)
	if err != nil {
		return nil, err
	}
	var fit []target
	for _, a := range all {
		a = netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
		if d.fits(network, a.Addr()) {
			fit = append(fit, target{a.String(), a})
		}
	}
	if len(fit) == 0 {
		return nil, &net.AddrError{Err: "no suitable address", Addr: address}
	}
	return fit, nil
}

func (d *Dialer) lookUp(co *loop.Co, network, address string) ([]netip.AddrPort, error) {
	if a, err := netip.ParseAddrPort(address); err == nil {
		return []netip.AddrPort{a}, nil
	}
	switch host, _, err := net.SplitHostPort(address); {
	case err != nil:
		return nil, err
	case host == "":
		return nil, &net.AddrError{Err: "missing host", Addr: address}
	case d.Resolver != nil:
		return d.Resolver.LookUp(co, network, address)
	}
	return SystemResolver{}.LookUp(co, network, address)
}

// fits reports whether an address is of a family that network and LocalAddr allow.
func (d *Dialer) fits(network string, a netip.Addr) bool {
	local := d.LocalAddr.Addr().Unmap()
	return a.IsValid() && (network == "tcp" || a.Is4() == (network == "tcp4")) &&
		(!local.IsValid() || a.Is4() == local.Is4())
}

func (d *Dialer) network() Network {
	if d.Network != nil {
		return d.Network
	}
	return System{}
}

func (d *Dialer) connect(co *loop.Co, network string, targets []target) (*Stream, error) {
	r := race{
		dial:  func(co *loop.Co, to target) (Transport, error) { return d.attempt(co, network, to) },
		delay: cmp.Or(d.FallbackDelay, fallbackDelay),
	}
	t, err := r.run(co, targets)
	if err != nil {
		return nil, err
	}
	s, err := New(co.Loop(), t)
	if err != nil {
		return nil, errors.Join(err, t.Close(true))
	}
	return s, nil
}

// tls is TLS with what Dial adds: the name that the server must prove.
func (d *Dialer) tls(network, address string) TLSOptions {
	o := *d.TLS
	if o.Config == nil {
		o.Config = &tls.Config{}
	}
	host, _, err := net.SplitHostPort(address)
	if err == nil && isTCP(network) && o.Config.ServerName == "" && !o.Server {
		o.Config = o.Config.Clone()
		o.Config.ServerName = host
	}
	return o
}
