package http1

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// socks has a SOCKS5 proxy connect (RFC 1928), by the name: the proxy looks it up.
func socks(co *loop.Co, s *stream.Stream, user *url.Userinfo, addr string) error {
	read := func(n int) ([]byte, error) { return loop.Await(co, s.ReadFull(n)) }
	hello := []byte{5, 1, 0} // no authentication
	if user != nil {
		hello = []byte{5, 2, 0, 2} // or user and password: many proxies know one of them only
	}
	s.Write(hello)
	answer, err := read(2)
	switch {
	case err != nil:
		return err
	case answer[0] != 5:
		return fmt.Errorf("%w: it does not speak SOCKS5", ErrProxy)
	case answer[1] == 2 && user != nil:
		if err := socksUser(s, read, user); err != nil {
			return err
		}
	case answer[1] != 0:
		return fmt.Errorf("%w: SOCKS authentication", ErrProxy)
	}
	request, err := socksRequest(addr)
	if err != nil {
		return err
	}
	s.Write(request)
	if answer, err = read(4); err != nil {
		return err
	}
	if answer[0] != 5 || answer[1] != 0 {
		return fmt.Errorf("%w: SOCKS: %s", ErrProxy, socksReason(answer[1]))
	}
	left := 4 // the address that the proxy has bound, of no use here
	switch answer[3] {
	case 1:
	case 3:
		n, err := read(1)
		if err != nil {
			return err
		}
		left = int(n[0])
	case 4:
		left = 16
	default:
		return fmt.Errorf("%w: SOCKS: an address of type %d", ErrProxy, answer[3])
	}
	_, err = read(left + 2)
	return err
}

// socksUser authenticates (RFC 1929).
func socksUser(s *stream.Stream, read func(int) ([]byte, error), user *url.Userinfo) error {
	name := user.Username()
	password, _ := user.Password()
	if len(name) > 255 || len(password) > 255 || name == "" {
		return badRequest("user or password of a SOCKS proxy")
	}
	b := append([]byte{1, byte(len(name))}, name...)
	b = append(append(b, byte(len(password))), password...)
	s.Write(b)
	answer, err := read(2)
	if err == nil && answer[1] != 0 {
		err = fmt.Errorf("%w: SOCKS user or password", ErrProxy)
	}
	return err
}

func socksRequest(addr string) ([]byte, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, err
	}
	b := []byte{5, 1, 0}
	switch ip, err := netip.ParseAddr(host); {
	case err == nil && ip.Unmap().Is4():
		b = append(append(b, 1), ip.Unmap().AsSlice()...)
	case err == nil:
		b = append(append(b, 4), ip.WithZone("").AsSlice()...)
	case len(host) > 255:
		return nil, badRequest("a host's name of %d bytes", len(host))
	default:
		b = append(append(b, 3, byte(len(host))), host...)
	}
	return binary.BigEndian.AppendUint16(b, uint16(n)), nil
}

// socksReason is what RFC 1928, 6 says of a reply.
func socksReason(code byte) string {
	reasons := [...]string{
		1: "general failure", 2: "not allowed", 3: "network unreachable", 4: "host unreachable",
		5: "connection refused", 6: "time to live expired", 7: "command not supported", 8: "address type not supported",
	}
	if int(code) < len(reasons) && reasons[code] != "" {
		return reasons[code]
	}
	return "reply " + strconv.Itoa(int(code))
}
