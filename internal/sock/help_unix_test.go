//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package sock

import (
	"fmt"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// patience is how long the kernel has for what it does within microseconds on
// loopback, in milliseconds.
const patience = 20_000

// await waits until poll reports one of the wanted events, or an error.
func await(t *testing.T, fd int, events int16) {
	t.Helper()
	fds := []unix.PollFd{{Fd: int32(fd), Events: events}}
	for {
		n, err := unix.Poll(fds, patience)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			t.Fatalf("descriptor %d does not become ready for %#x", fd, events)
		}
		return
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// listenOn listens, and closes at the end of the test.
func listenOn(t *testing.T, network, address string, o Options) (int, netip.AddrPort) {
	t.Helper()
	fd, err := listenOne(network, address, o)
	must(t, err)
	t.Cleanup(func() { Close(fd) })
	addr, err := LocalAddr(fd)
	must(t, err)
	return fd, addr
}

// listenOne is Listen for an address that takes one socket.
func listenOne(network, address string, o Options) (int, error) {
	fds, err := Listen(network, address, o)
	if err != nil {
		return -1, err
	}
	for _, fd := range fds[1:] {
		Close(fd)
		err = fmt.Errorf("%d sockets", len(fds))
	}
	return fds[0], err
}

// dial connects to a listening descriptor and returns both ends, which the
// caller closes.
func dial(t *testing.T, l int, addr netip.AddrPort) (client, server int, peer netip.AddrPort) {
	t.Helper()
	client, err := Connect(addr, &Settings{})
	must(t, err)
	await(t, client, unix.POLLOUT)
	must(t, SocketError(client))
	await(t, l, unix.POLLIN)
	server, peer, err = Accept(l)
	must(t, err)
	return client, server, peer
}

// connected makes two connected sockets that are closed at the end of the test.
func connected(t *testing.T) (client, server int) {
	t.Helper()
	l, addr := listenOn(t, "tcp", "127.0.0.1:0", Options{})
	client, server, _ = dial(t, l, addr)
	t.Cleanup(func() { Close(client); Close(server) })
	return client, server
}

// needIPv6 skips the test on a machine without it.
func needIPv6(t *testing.T) {
	t.Helper()
	fd, err := listenOne("tcp6", "[::1]:0", Options{})
	if err != nil {
		t.Skipf("IPv6 loopback is not available: %v", err)
	}
	Close(fd)
}

// checkFlags fails unless the descriptor is non-blocking and close-on-exec.
func checkFlags(t *testing.T, what string, fd int) {
	t.Helper()
	status, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	must(t, err)
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	must(t, err)
	if status&unix.O_NONBLOCK == 0 {
		t.Errorf("%s: the descriptor blocks", what)
	}
	if flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("%s: the descriptor survives exec", what)
	}
}
