//go:build linux

// Limitecho is the floor the echo servers are measured against: a bare,
// blocking epoll loop in Go. Whatever one read brings, one write sends back. It
// is frozen: a change would move every ratio that was ever published.
package main

import (
	"flag"
	"log"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "IPv4 address to listen on")
	flag.Parse()
	lfd, err := listen(netip.MustParseAddrPort(*addr))
	if err == nil {
		err = serve(lfd)
	}
	log.Fatal("limitecho: ", err)
}

func listen(addr netip.AddrPort) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()})
	}
	if err == nil {
		err = unix.Listen(fd, 4096)
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
	in := make([]byte, 64<<10)
	for n := 0; err == nil || err == unix.EINTR; n, err = unix.EpollWait(epfd, events[:], -1) {
		for i := range max(n, 0) {
			fd := int(events[i].Fd)
			if fd == lfd {
				if err := accept(epfd, lfd); err != nil && err != unix.EAGAIN && err != unix.ECONNABORTED {
					return err
				}
				continue
			}
			n, errno := transfer(unix.SYS_READ, fd, in)
			sent := 0
			if n > 0 {
				sent, _ = transfer(unix.SYS_WRITE, fd, in[:n])
			}
			if sent < max(n, 1) && errno != unix.EAGAIN { // the end, an error, or bytes not taken whole
				unix.Close(fd)
			}
		}
	}
	return err
}

// transfer is one read or write, without a word to the scheduler: neither can block.
func transfer(call uintptr, fd int, b []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
	return int(n), errno
}

func accept(epfd, lfd int) error {
	fd, _, err := unix.Accept4(lfd, unix.SOCK_NONBLOCK)
	if err == nil {
		err = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	}
	if err == nil {
		err = unix.EpollCtl(epfd, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
	}
	return err
}
