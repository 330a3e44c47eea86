//go:build linux

// Limitws is the floor of WebSocket echo: a bare, blocking epoll loop in Go. Of a frame,
// short and masked, it reads the length, and sends it back without the mask. It is
// frozen: a change would move every ratio that was ever published.
package main

import (
	"errors"
	"flag"
	"log"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/zonda-go/zonda/bench/internal/wsclient"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "IPv4 address to listen on")
	flag.Parse()
	lfd, err := listen(netip.MustParseAddrPort(*addr))
	if err == nil {
		err = serve(lfd)
	}
	log.Fatal("limitws: ", err)
}

func listen(addr netip.AddrPort) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
	if err == nil { // those that it accepts have TCP_NODELAY from it
		err = errors.Join(unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1),
			unix.Bind(fd, &unix.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()}), unix.Listen(fd, 4096))
	}
	return fd, err
}

// serve runs until the listener or epoll fails.
func serve(lfd int) error {
	epfd, err := unix.EpollCreate1(0)
	if err == nil {
		err = unix.EpollCtl(epfd, unix.EPOLL_CTL_ADD, lfd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(lfd)})
	}
	var events [256]unix.EpollEvent
	in, held := make([]byte, 64<<10), make([][]byte, 1<<20) // by descriptor: a frame not yet whole
	for n := 0; err == nil || err == unix.EINTR; n, err = unix.EpollWait(epfd, events[:], -1) {
		for i := range max(n, 0) {
			fd := int(events[i].Fd)
			if fd == lfd {
				if err := accept(epfd, lfd); err != nil && err != unix.EAGAIN && err != unix.ECONNABORTED {
					return err
				}
				continue
			}
			old := copy(in, held[fd])
			n, errno := transfer(unix.SYS_READ, fd, in[old:])
			out, rest := answer(in[:old+max(n, 0)])
			held[fd] = append(held[fd][:0], rest...)
			if len(out) > 0 {
				n, _ = transfer(unix.SYS_WRITE, fd, out)
			}
			if n < max(len(out), 1) && errno != unix.EAGAIN { // the end, an error, or answers not taken whole
				held[fd] = nil
				unix.Close(fd)
			}
		}
	}
	return err
}

// answer makes the answers to what has come whole, and writes them over it.
func answer(in []byte) (out, rest []byte) {
	if len(in) > 0 && in[0] == 'G' { // GET
		return wsclient.Answer(in), nil
	}
	out = in[:0]
	for n := 0; len(in) >= 6 && len(in) >= 6+int(in[1]&0x7f); in = in[6+n:] {
		n = int(in[1] & 0x7f)
		for i := range n {
			in[6+i] ^= in[2+i&3]
		}
		out = append(append(out, in[0], byte(n)), in[6:6+n]...)
	}
	return out, in
}

// transfer is one read or write, without a word to the scheduler: neither can block.
func transfer(call uintptr, fd int, b []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
	return int(n), errno
}

func accept(epfd, lfd int) error {
	fd, _, err := unix.Accept4(lfd, unix.SOCK_NONBLOCK)
	if err == nil {
		err = unix.EpollCtl(epfd, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
	}
	return err
}
