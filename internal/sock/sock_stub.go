//go:build !(linux || darwin || dragonfly || freebsd || netbsd || openbsd)

package sock

import (
	"errors"
	"io/fs"
	"net"
	"net/netip"
)

// No backend of package poll watches sockets here, so there is nothing that
// these functions could do.

// ErrAgain is never returned here.
var ErrAgain = errors.New("sock: the call would block")

// Listen gives a *net.OpError that matches errors.ErrUnsupported.
func Listen(network, _ string, _ Options) (fds []int, err error) {
	return nil, &net.OpError{Op: "listen", Net: network, Err: errors.ErrUnsupported}
}

// Accept gives errors.ErrUnsupported, and so do the functions below.
func Accept(int) (nfd int, peer netip.AddrPort, err error) {
	return -1, netip.AddrPort{}, errors.ErrUnsupported
}

// Connect is not supported here.
func Connect(netip.AddrPort, *Settings) (fd int, err error) { return -1, errors.ErrUnsupported }

// ConnectFrom is not supported here.
func ConnectFrom(_, _ netip.AddrPort, _ *Settings) (fd int, err error) {
	return -1, errors.ErrUnsupported
}

// ListenUnix is not supported here.
func ListenUnix(string, fs.FileMode, Options) (fd int, err error) {
	return -1, errors.ErrUnsupported
}

// ConnectUnix is not supported here.
func ConnectUnix(string, *Settings) (fd int, err error) { return -1, errors.ErrUnsupported }

// Inherits is of no matter here.
const Inherits = true

// Apply is not supported here.
func (s *Settings) Apply(int, bool) error { return errors.ErrUnsupported }

// Dup is not supported here.
func Dup(int) (int, error) { return -1, errors.ErrUnsupported }

// Adopt is not supported here.
func Adopt(int, *Settings) (net.Addr, error) { return nil, errors.ErrUnsupported }

// AdoptConn is not supported here.
func AdoptConn(int) (peer netip.AddrPort, err error) { return peer, errors.ErrUnsupported }

// AdoptPipe is not supported here.
func AdoptPipe(int) (reads, writes bool, err error) { return false, false, errors.ErrUnsupported }

// ListenAddr is not supported here.
func ListenAddr(int) (net.Addr, error) { return nil, errors.ErrUnsupported }

// UnixNames has none here.
func UnixNames(int) (local, peer string) { return "", "" }

// SocketError is not supported here.
func SocketError(int) error { return errors.ErrUnsupported }

// LocalAddr is not supported here.
func LocalAddr(int) (netip.AddrPort, error) { return netip.AddrPort{}, errors.ErrUnsupported }

// RemoteAddr is not supported here.
func RemoteAddr(int) (netip.AddrPort, error) { return netip.AddrPort{}, errors.ErrUnsupported }

// Read is not supported here.
func Read(int, []byte) (int, error) { return 0, errors.ErrUnsupported }

// Write is not supported here.
func Write(int, []byte) (int, error) { return 0, errors.ErrUnsupported }

// Recv is not supported here.
func Recv(int, []byte) (int, error) { return 0, errors.ErrUnsupported }

// Send is not supported here.
func Send(int, []byte) (int, error) { return 0, errors.ErrUnsupported }

// Writev is not supported here.
func Writev(int, [][]byte) (int, error) { return 0, errors.ErrUnsupported }

// ShutdownWrite is not supported here.
func ShutdownWrite(int) error { return errors.ErrUnsupported }

// Close is not supported here.
func Close(int) error { return errors.ErrUnsupported }

// SetNoDelay is not supported here.
func SetNoDelay(int, bool) error { return errors.ErrUnsupported }

// SetLinger0 is not supported here.
func SetLinger0(int) error { return errors.ErrUnsupported }

// SetKeepAlive is not supported here.
func SetKeepAlive(int, net.KeepAliveConfig) error { return errors.ErrUnsupported }

// IsTemporaryAccept is false: no Accept ever got that far.
func IsTemporaryAccept(error) bool { return false }

// IsExhausted is false.
func IsExhausted(error) bool { return false }
