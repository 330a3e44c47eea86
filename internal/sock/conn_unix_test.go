//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package sock

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestAcceptNothing(t *testing.T) {
	l, _ := listenOn(t, "tcp", "127.0.0.1:0", Options{})
	fd, peer, err := Accept(l)
	if fd != -1 || peer.IsValid() || err != ErrAgain {
		t.Errorf("Accept = %d, %v, %v, want ErrAgain", fd, peer, err)
	}
	if !errors.Is(ErrAgain, syscall.EAGAIN) {
		t.Error("ErrAgain does not match EAGAIN")
	}
}

func TestAddresses(t *testing.T) {
	for _, at := range []string{"127.0.0.1:0", "[::1]:0"} {
		t.Run(at, func(t *testing.T) {
			if at[0] == '[' {
				needIPv6(t)
			}
			l, addr := listenOn(t, "tcp", at, Options{})
			client, server, peer := dial(t, l, addr)
			defer Close(client)
			defer Close(server)
			for _, c := range []struct {
				what string
				of   func(int) (netip.AddrPort, error)
				fd   int
				want netip.AddrPort
			}{
				{"client's remote", RemoteAddr, client, addr},
				{"server's local", LocalAddr, server, addr},
				{"server's remote", RemoteAddr, server, peer},
				{"client's local", LocalAddr, client, peer},
			} {
				if got, err := c.of(c.fd); got != c.want || err != nil {
					t.Errorf("%s address is %v, %v, want %v", c.what, got, err, c.want)
				}
			}
		})
	}
}

func TestRemoteAddrOfListener(t *testing.T) {
	l, _ := listenOn(t, "tcp", "127.0.0.1:0", Options{})
	if addr, err := RemoteAddr(l); !errors.Is(err, syscall.ENOTCONN) {
		t.Errorf("RemoteAddr = %v, %v, want ENOTCONN", addr, err)
	}
}

// An IPv4 address that is written as one of IPv6 is dialled by IPv4.
func TestConnectMapped(t *testing.T) {
	l, addr := listenOn(t, "tcp", "127.0.0.1:0", Options{})
	mapped := netip.AddrPortFrom(netip.AddrFrom16(addr.Addr().As16()), addr.Port())
	client, server, peer := dial(t, l, mapped)
	defer Close(client)
	defer Close(server)
	if remote, _ := RemoteAddr(client); remote != addr || !peer.Addr().Is4() {
		t.Errorf("remote %v, peer %v, want IPv4 on both sides", remote, peer)
	}
}

func TestConnectRefused(t *testing.T) {
	l, err := listenOne("tcp", "127.0.0.1:0", Options{})
	must(t, err)
	addr, err := LocalAddr(l)
	must(t, err)
	must(t, Close(l))
	fd, err := Connect(addr, &Settings{})
	if err == nil {
		defer Close(fd)
		await(t, fd, unix.POLLOUT)
		err = SocketError(fd)
		if again := SocketError(fd); again != nil {
			t.Errorf("the error is there a second time: %v", again)
		}
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("%v, want ECONNREFUSED", err)
	}
}

func TestConnectNowhere(t *testing.T) {
	if fd, err := Connect(netip.AddrPort{}, &Settings{}); fd != -1 || !errors.Is(err, syscall.EINVAL) {
		t.Errorf("Connect to no address = %d, %v, want EINVAL", fd, err)
	}
	bad := netip.AddrPortFrom(netip.MustParseAddr("fe80::1%no-such-interface"), 1)
	if fd, err := Connect(bad, &Settings{}); fd != -1 || err == nil {
		t.Errorf("Connect through an interface that does not exist = %d, %v", fd, err)
	}
}

// An address of choice is this end's; one that cannot be had is an error of bind, and
// leaves nothing open.
func TestConnectFrom(t *testing.T) {
	l, addr := listenOn(t, "tcp", "127.0.0.1:0", Options{})
	local := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), 0)
	fd, err := ConnectFrom(local, addr, &Settings{})
	must(t, err)
	defer Close(fd)
	await(t, l, unix.POLLIN)
	far, peer, err := Accept(l)
	must(t, err)
	defer Close(far)
	if got, _ := LocalAddr(fd); got != peer || got.Addr() != local.Addr() || got.Port() == 0 {
		t.Errorf("this end is %v, and the peer sees %v", got, peer)
	}
	again, err := ConnectFrom(peer, addr, &Settings{})
	if again != -1 || !errors.Is(err, syscall.EADDRINUSE) || !strings.HasPrefix(err.Error(), "bind") {
		t.Errorf("an address in use: %d, %v", again, err)
	}
	foreign := netip.AddrPortFrom(netip.MustParseAddr("8.8.8.8"), 0)
	if fd, err := ConnectFrom(foreign, addr, &Settings{}); fd != -1 || !errors.Is(err, syscall.EADDRNOTAVAIL) {
		t.Errorf("an address of another machine: %d, %v", fd, err)
	}
	if fd, err := ConnectFrom(netip.AddrPortFrom(netip.Addr{}, 1), addr, &Settings{}); fd != -1 || !errors.Is(err, syscall.EINVAL) {
		t.Errorf("a port alone: %d, %v", fd, err)
	}
}

// ways are the two by which bytes come and go: for any descriptor, and for sockets.
var ways = []struct {
	name        string
	read, write func(int, []byte) (int, error)
}{
	{"Read and Write", Read, Write},
	{"Recv and Send", Recv, Send},
}

func TestReadWrite(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) { testReadWrite(t, way.read, way.write) })
	}
}

func testReadWrite(t *testing.T, read, write func(int, []byte) (int, error)) {
	client, server := connected(t)
	buf := make([]byte, 100)
	if n, err := read(server, buf); n != 0 || err != ErrAgain {
		t.Fatalf("Read before anything came = %d, %v, want ErrAgain", n, err)
	}
	if n, err := write(client, []byte("hello")); n != 5 || err != nil {
		t.Fatalf("Write = %d, %v", n, err)
	}
	await(t, server, unix.POLLIN)
	if n, err := read(server, nil); n != 0 || err != nil {
		t.Errorf("Read into nothing = %d, %v, want 0, nil", n, err)
	}
	if n, err := write(server, nil); n != 0 || err != nil {
		t.Errorf("Write of nothing = %d, %v, want 0, nil", n, err)
	}
	n, err := read(server, buf)
	if string(buf[:n]) != "hello" || err != nil {
		t.Fatalf("Read = %q, %v", buf[:n], err)
	}
}

func TestEndOfInput(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) { testEndOfInput(t, way.read, way.write) })
	}
}

func testEndOfInput(t *testing.T, read, write func(int, []byte) (int, error)) {
	client, server := connected(t)
	_, err := write(client, []byte("last"))
	must(t, err)
	must(t, ShutdownWrite(client))
	for _, size := range []int{100, 2 * RawLimit} {
		buf := make([]byte, size)
		for {
			await(t, server, unix.POLLIN)
			n, err := read(server, buf)
			if err == io.EOF {
				break
			}
			if err != nil || string(buf[:n]) != "last" {
				t.Fatalf("Read = %q, %v", buf[:n], err)
			}
		}
	}
	// The other direction is still open.
	_, err = write(server, []byte("answer"))
	must(t, err)
	await(t, client, unix.POLLIN)
	buf := make([]byte, 100)
	if n, err := read(client, buf); string(buf[:n]) != "answer" || err != nil {
		t.Errorf("Read = %q, %v", buf[:n], err)
	}
}

// pattern is n bytes in which a shift is noticed.
func pattern(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i*7 + i>>8)
	}
	return p
}

// Transfers on both sides of RawLimit, larger than the system takes at once.
func TestLargeTransfers(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) { testLargeTransfers(t, way.read, way.write) })
	}
}

func testLargeTransfers(t *testing.T, read, write func(int, []byte) (int, error)) {
	for _, size := range []int{RawLimit - 1, RawLimit, RawLimit + 1, 8 << 20} {
		client, server := connected(t)
		want := pattern(size)
		buf := make([]byte, min(size, 256<<10))
		var got []byte
		for left := want; len(got) < size; {
			n, err := write(client, left)
			left = left[n:]
			if err != nil && err != ErrAgain {
				t.Fatal(err)
			}
			await(t, server, unix.POLLIN)
			n, err = read(server, buf)
			must(t, err)
			got = append(got, buf[:n]...)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%d bytes do not arrive as they were sent", size)
		}
	}
}

func TestWriteUntilFull(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) { testWriteUntilFull(t, way.write) })
	}
}

func testWriteUntilFull(t *testing.T, write func(int, []byte) (int, error)) {
	client, _ := connected(t)
	for _, p := range [][]byte{make([]byte, 4*RawLimit), make([]byte, 512)} {
		sent := 0
		for {
			n, err := write(client, p)
			sent += n
			if err == ErrAgain && n == 0 {
				break
			}
			must(t, err)
			if sent > 1<<28 {
				t.Fatal("the system takes everything")
			}
		}
	}
	if n, err := Writev(client, [][]byte{{1}, {2}}); n != 0 || err != ErrAgain {
		t.Errorf("Writev = %d, %v, want ErrAgain", n, err)
	}
}

func TestWritev(t *testing.T) {
	many := make([][]byte, 300)
	for i := range many {
		many[i] = pattern(i % 5) // some are empty
	}
	for name, bufs := range map[string][][]byte{
		"none":  nil,
		"empty": {nil, {}, nil},
		"three": {[]byte("one"), nil, []byte("two"), []byte("three")},
		"many":  many,
		"long":  {pattern(RawLimit), pattern(10), pattern(100_000)},
	} {
		t.Run(name, func(t *testing.T) {
			client, server := connected(t)
			want := bytes.Join(bufs, nil)
			got := make([]byte, 0, len(want))
			buf := make([]byte, 1<<16)
			for sent := 0; len(got) < len(want); {
				n, err := Writev(client, after(bufs, sent))
				if err != nil && err != ErrAgain {
					t.Fatal(err)
				}
				sent += n
				await(t, server, unix.POLLIN)
				n, err = Read(server, buf)
				must(t, err)
				got = append(got, buf[:n]...)
			}
			if len(want) == 0 {
				if n, err := Writev(client, bufs); n != 0 || err != nil {
					t.Errorf("Writev of nothing = %d, %v", n, err)
				}
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%d bytes do not arrive as they were sent", len(want))
			}
		})
	}
}

// after drops the first n bytes of bufs.
func after(bufs [][]byte, n int) [][]byte {
	for i, b := range bufs {
		if n < len(b) {
			return append([][]byte{b[n:]}, bufs[i+1:]...)
		}
		n -= len(b)
	}
	return nil
}

func TestLinger0Resets(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) { testLinger0Resets(t, way.read) })
	}
}

func testLinger0Resets(t *testing.T, read func(int, []byte) (int, error)) {
	l, addr := listenOn(t, "tcp", "127.0.0.1:0", Options{})
	client, server, _ := dial(t, l, addr)
	defer Close(server)
	must(t, SetLinger0(client))
	must(t, Close(client))
	await(t, server, unix.POLLIN)
	_, err := read(server, make([]byte, 10))
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("Read after a reset = %v, want ECONNRESET", err)
	}
	var call *os.SyscallError
	if !errors.As(err, &call) || call.Syscall != "read" {
		t.Errorf("%#v does not name the system call", err)
	}
}

func TestWriteAfterReset(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) { testWriteAfterReset(t, way.write) })
	}
}

func testWriteAfterReset(t *testing.T, write func(int, []byte) (int, error)) {
	l, addr := listenOn(t, "tcp", "127.0.0.1:0", Options{})
	client, server, _ := dial(t, l, addr)
	defer Close(server)
	must(t, SetLinger0(client))
	must(t, Close(client))
	await(t, server, unix.POLLIN)
	for _, size := range []int{1, 2 * RawLimit} {
		n, err := write(server, make([]byte, size))
		if n != 0 || !(errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)) {
			t.Errorf("Write of %d after a reset = %d, %v, want ECONNRESET or EPIPE", size, n, err)
		}
	}
}

func TestOptions(t *testing.T) {
	client, _ := connected(t)
	get := func(level, name int) int {
		t.Helper()
		n, err := unix.GetsockoptInt(client, level, name)
		must(t, err)
		return n
	}
	for _, on := range []bool{true, false} {
		must(t, SetNoDelay(client, on))
		if got := get(unix.IPPROTO_TCP, unix.TCP_NODELAY) != 0; got != on {
			t.Errorf("TCP_NODELAY is %v, want %v", got, on)
		}
	}
	for _, c := range []struct {
		conf                  net.KeepAliveConfig
		on                    bool
		idle, interval, count int
	}{
		{net.KeepAliveConfig{Enable: true}, true, 15, 15, 9},
		{net.KeepAliveConfig{Enable: true, Idle: 1500 * time.Millisecond, Interval: 3 * time.Second, Count: 4}, true, 2, 3, 4},
		{net.KeepAliveConfig{Enable: true, Idle: -1, Interval: -1, Count: -1}, true, 2, 3, 4},
		{net.KeepAliveConfig{Idle: time.Hour}, false, 2, 3, 4},
	} {
		must(t, SetKeepAlive(client, c.conf))
		if got := get(unix.SOL_SOCKET, unix.SO_KEEPALIVE) != 0; got != c.on {
			t.Errorf("%+v: SO_KEEPALIVE is %v", c.conf, got)
		}
		if optKeepIdle < 0 {
			continue
		}
		idle := get(unix.IPPROTO_TCP, optKeepIdle)
		interval := get(unix.IPPROTO_TCP, optKeepInterval)
		count := get(unix.IPPROTO_TCP, optKeepCount)
		if idle != c.idle || interval != c.interval || count != c.count {
			t.Errorf("%+v: idle %d, interval %d, count %d, want %d, %d, %d",
				c.conf, idle, interval, count, c.idle, c.interval, c.count)
		}
	}
}

func TestBadDescriptor(t *testing.T) {
	const fd = 1 << 20
	_, _, accept := Accept(fd)
	_, read := Read(fd, make([]byte, 1))
	_, write := Write(fd, make([]byte, 1))
	_, writev := Writev(fd, [][]byte{{1}})
	_, local := LocalAddr(fd)
	_, remote := RemoteAddr(fd)
	for name, err := range map[string]error{
		"Accept": accept, "Read": read, "Write": write, "Writev": writev, "LocalAddr": local, "RemoteAddr": remote,
		"SocketError": SocketError(fd), "ShutdownWrite": ShutdownWrite(fd), "Close": Close(fd),
		"SetNoDelay": SetNoDelay(fd, true), "SetLinger0": SetLinger0(fd),
		"SetKeepAlive": SetKeepAlive(fd, net.KeepAliveConfig{}),
	} {
		if !errors.Is(err, syscall.EBADF) {
			t.Errorf("%s of a number that is not open gives %v, want EBADF", name, err)
		}
	}
}

func TestKindsOfFailure(t *testing.T) {
	for _, c := range []struct {
		err                  error
		temporary, exhausted bool
	}{
		{syscall.ECONNABORTED, true, false},
		{os.NewSyscallError("accept4", syscall.ECONNABORTED), true, false},
		{&net.OpError{Op: "accept", Err: os.NewSyscallError("accept", syscall.EMFILE)}, false, true},
		{syscall.ENFILE, false, true},
		{syscall.ENOBUFS, false, true},
		{syscall.ENOMEM, false, true},
		{syscall.EBADF, false, false},
		{syscall.EINVAL, false, false},
		{ErrAgain, false, false},
		{io.EOF, false, false},
		{nil, false, false},
	} {
		if got := IsTemporaryAccept(c.err); got != c.temporary {
			t.Errorf("IsTemporaryAccept(%v) = %v", c.err, got)
		}
		if got := IsExhausted(c.err); got != c.exhausted {
			t.Errorf("IsExhausted(%v) = %v", c.err, got)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	l, _ := listenOn(t, "tcp", "127.0.0.1:0", Options{})
	client, server := connected(t)
	small, long := make([]byte, 64), make([]byte, 2*RawLimit)
	vec := [][]byte{small[:10], small[10:]}
	for name, fn := range map[string]func(){
		"Accept that would block":    func() { Accept(l) },
		"Read that would block":      func() { Read(client, small) },
		"long Read that would block": func() { Read(client, long) },
		"Write, Read":                func() { Write(client, small); Read(server, long) },
		"Writev, Read":               func() { Writev(client, vec); Read(server, long) },
	} {
		if n := testing.AllocsPerRun(100, fn); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}
