package stream_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/netip"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// A client that speaks TLS: ten seconds for everything, from the lookup to the handshake.
func ExampleDialer() {
	l, err := loop.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	d := &stream.Dialer{Timeout: 10 * time.Second, TLS: &stream.TLSOptions{}}
	_, err = loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		s, err := d.Dial(co, "tcp", "example.com:443")
		if err != nil {
			return struct{}{}, err
		}
		defer s.Close()
		agreed, _ := s.TLS()
		fmt.Println(s.RemoteAddr(), agreed.NegotiatedProtocol)
		return struct{}{}, nil
	})
	if err != nil {
		log.Print(err)
	}
}

// A test has names of its own, and a network in memory.
func ExampleMapResolver() {
	l, err := loop.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	n := &looptest.Network{}
	d := &stream.Dialer{Network: n, Resolver: stream.MapResolver{Hosts: map[string][]netip.AddrPort{
		"api.example.com":     {netip.MustParseAddrPort("10.0.0.1:0")},
		"api.example.com:443": {netip.MustParseAddrPort("10.0.0.1:8443")},
	}}}
	_, err = loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		ln, err := n.Listen(l, "tcp", ":8443")
		if err != nil {
			return struct{}{}, err
		}
		defer ln.Close()
		s, err := d.Dial(co, "tcp", "api.example.com:443")
		if err != nil {
			return struct{}{}, err
		}
		fmt.Println(s.RemoteAddr().Port())
		s.Abort()
		_, err = d.Dial(co, "tcp", "api.example.com:80")
		return struct{}{}, err
	})
	fmt.Println(err != nil)
	// Output:
	// 8443
	// true
}

func ExampleDialError() {
	l, err := loop.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	d := &stream.Dialer{Resolver: stream.MapResolver{}} // it knows no name
	_, err = loop.RunSync(l, func(co *loop.Co) (*stream.Stream, error) {
		return d.Dial(co, "tcp", "example.com:443")
	})
	var failed *stream.DialError
	var unknown *net.DNSError
	if errors.As(err, &failed) && errors.As(err, &unknown) {
		fmt.Println(failed.Phase, unknown.IsNotFound)
	}
	fmt.Println(err)
	// Output:
	// lookup true
	// stream: dial tcp example.com:443: lookup: lookup example.com: no such host
}

func ExampleSystemResolver() {
	l, err := loop.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	all, err := loop.RunSync(l, func(co *loop.Co) ([]netip.AddrPort, error) {
		return stream.SystemResolver{}.LookUp(co, "tcp", "localhost:80") // or another name
	})
	fmt.Println(all, err)
	// Output: [127.0.0.1:80 [::1]:80] <nil>
}

func ExampleLookUp() {
	addr, err := stream.LookUp(context.Background(), "tcp", "127.0.0.1:80") // or a name
	fmt.Println(addr, err)
	// Output: 127.0.0.1:80 <nil>
}
