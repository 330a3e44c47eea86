//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package sock

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

var set = Settings{
	NoDelay:     true,
	KeepAlive:   net.KeepAliveConfig{Enable: true, Idle: 77 * time.Second, Interval: 11 * time.Second, Count: 4},
	ReadBuffer:  50_000,
	WriteBuffer: 60_000,
}

// checkSet fails unless the socket has the options of set.
func checkSet(t *testing.T, what string, fd int) {
	t.Helper()
	for _, o := range []struct {
		name              string
		level, opt, least int
	}{
		{"TCP_NODELAY", unix.IPPROTO_TCP, unix.TCP_NODELAY, 1},
		{"SO_KEEPALIVE", unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
		{"idle", unix.IPPROTO_TCP, optKeepIdle, 77},
		{"interval", unix.IPPROTO_TCP, optKeepInterval, 11},
		{"count", unix.IPPROTO_TCP, optKeepCount, 4},
		{"SO_RCVBUF", unix.SOL_SOCKET, unix.SO_RCVBUF, 50_000},
		{"SO_SNDBUF", unix.SOL_SOCKET, unix.SO_SNDBUF, 60_000},
	} {
		if o.opt < 0 {
			continue
		}
		got, err := unix.GetsockoptInt(fd, o.level, o.opt)
		if err != nil || got < o.least || o.least > 1 && got > 2*o.least {
			t.Errorf("%s: %s is %d, %v, want %d", what, o.name, got, err, o.least)
		}
	}
}

// What a connection that was accepted has of its listener's settings, where Inherits
// says that it has them.
func TestInherits(t *testing.T) {
	l, addr := listenOn(t, "tcp", "127.0.0.1:0", Options{Conn: set})
	client, err := Connect(addr, &set)
	must(t, err)
	defer Close(client)
	await(t, l, unix.POLLIN)
	server, _, err := Accept(l)
	must(t, err)
	defer Close(server)
	checkSet(t, "dialled", client)
	if !Inherits {
		must(t, set.Apply(server, false))
	}
	checkSet(t, "accepted", server)
}

// Without settings the system's are left as they are.
func TestNoSettings(t *testing.T) {
	_, server := connected(t)
	if on, err := unix.GetsockoptInt(server, unix.IPPROTO_TCP, unix.TCP_NODELAY); err != nil || on != 0 {
		t.Errorf("TCP_NODELAY is %d, %v", on, err)
	}
}

// Tornado T26: one port for all families.
func TestListenLocalhost(t *testing.T) {
	for network, most := range map[string]int{"tcp": 2, "tcp4": 1, "tcp6": 1} {
		if network == "tcp6" {
			needIPv6(t)
		}
		fds, err := Listen(network, "LocalHost:0", Options{})
		must(t, err)
		if len(fds) > most {
			t.Errorf("%s: %d sockets", network, len(fds))
		}
		var port uint16
		for _, fd := range fds {
			defer Close(fd)
			at, err := LocalAddr(fd)
			must(t, err)
			if !at.Addr().IsLoopback() || at.Port() == 0 || port != 0 && at.Port() != port {
				t.Errorf("%s: one of them is at %v, the one before at port %d", network, at, port)
			}
			port = at.Port()
			client, server, _ := dial(t, fd, at)
			Close(client)
			Close(server)
		}
	}
}

// Where one socket cannot serve both families, two do. Nothing is left open when the
// second cannot be had.
func TestListenOnEach(t *testing.T) {
	needIPv6(t)
	both := []netip.Addr{netip.IPv6Unspecified(), netip.IPv4Unspecified()}
	fds, err := listenOnEach(both, 0, Options{})
	must(t, err)
	six, err := LocalAddr(fds[0])
	must(t, err)
	four, err := LocalAddr(fds[1])
	must(t, err)
	if len(fds) != 2 || six.Port() != four.Port() {
		t.Errorf("%d sockets, at %v and %v", len(fds), six, four)
	}
	must(t, Close(fds[0]))
	if fds, err := listenOnEach(both, four.Port(), Options{}); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("%v, %v, want EADDRINUSE", fds, err)
	}
	again, err := listenOnEach(both[:1], six.Port(), Options{})
	if err != nil {
		t.Fatalf("the first was left open: %v", err)
	}
	Close(again[0])
	Close(fds[1])
}

// A family that the machine lacks is left out, unless there is no other.
func TestListenMissingFamily(t *testing.T) {
	lacks := netip.MustParseAddr("2001:db8::1") // RFC 3849: nobody's
	fds, err := listenOnEach([]netip.Addr{lacks, loopback4}, 0, Options{})
	must(t, err)
	at, err := LocalAddr(fds[0])
	if err != nil || len(fds) != 1 || at.Addr() != loopback4 {
		t.Errorf("%d sockets, the first at %v, %v", len(fds), at, err)
	}
	Close(fds[0])
	if fds, err := listenOnEach([]netip.Addr{lacks, lacks}, 0, Options{}); len(fds) != 0 || err == nil {
		t.Errorf("%v, %v", fds, err)
	}
}

func TestPeerCredentials(t *testing.T) {
	tcp, _ := connected(t)
	if c, err := PeerCredentials(tcp); err == nil {
		t.Errorf("over TCP: %+v", c)
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	must(t, err)
	defer Close(pair[0])
	defer Close(pair[1])
	c, err := PeerCredentials(pair[0])
	if errors.Is(err, errors.ErrUnsupported) {
		t.Logf("not on this system: %v", err)
		return
	}
	if err != nil || c.UID != os.Geteuid() || c.GID != os.Getegid() || c.PID != 0 && c.PID != os.Getpid() {
		t.Errorf("%+v, %v", c, err)
	}
}

// A descriptor from elsewhere becomes one of ours, if it listens.
func TestAdopt(t *testing.T) {
	raw, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	must(t, err)
	defer unix.Close(raw)
	must(t, unix.Bind(raw, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	if addr, err := Adopt(raw, &set); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("one that does not listen: %v, %v", addr, err)
	}
	must(t, unix.Listen(raw, 1))
	dup, err := Dup(raw)
	must(t, err)
	defer Close(dup)
	addr, err := Adopt(dup, &set)
	must(t, err)
	checkFlags(t, "Adopt", dup)
	at := addr.(*net.TCPAddr).AddrPort()
	client, server, _ := dial(t, dup, at)
	Close(client)
	Close(server)

	var pipe [2]int
	must(t, unix.Pipe(pipe[:]))
	defer Close(pipe[0])
	defer Close(pipe[1])
	if addr, err := Adopt(pipe[0], &set); err == nil {
		t.Errorf("a pipe listens at %v", addr)
	}
	if fd, err := Dup(-1); fd != -1 || err == nil {
		t.Errorf("Dup(-1) = %d, %v", fd, err)
	}
}
