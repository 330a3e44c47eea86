//go:build linux

// Limit is the floor the servers are measured against: a bare, blocking epoll
// loop in Go. It parses nothing: for every -req bytes that arrive on a
// connection it sends one canned answer. It is frozen: a change would move
// every ratio that was ever published.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "IPv4 address to listen on")
	size := flag.Int("req", 0, "length of one request in bytes")
	flag.Parse()
	if *size <= 0 {
		log.Fatal("limit: -req must be given")
	}
	lfd, err := listen(netip.MustParseAddrPort(*addr))
	if err == nil {
		err = serve(lfd, *size, answer(time.Now()))
	}
	log.Fatal("limit: ", err)
}

func answer(t time.Time) []byte {
	return fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nDate: %s GMT\r\nContent-Length: 13\r\n"+
		"Content-Type: text/plain; charset=utf-8\r\n\r\nHello, World!", t.UTC().Format("Mon, 02 Jan 2006 15:04:05"))
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
func serve(lfd, size int, answer []byte) error {
	epfd, err := unix.EpollCreate1(0)
	if err == nil {
		err = unix.EpollCtl(epfd, unix.EPOLL_CTL_ADD, lfd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(lfd)})
	}
	var events [256]unix.EpollEvent
	in, out := make([]byte, 64<<10), make([]byte, 0, 64<<10)
	rest := make([]int, 1<<20) // by descriptor: bytes of a request not yet complete
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
			rest[fd] += max(n, 0)
			for out = out[:0]; rest[fd] >= size; rest[fd] -= size {
				out = append(out, answer...)
			}
			if len(out) > 0 {
				n, _ = transfer(unix.SYS_WRITE, fd, out)
			}
			if n < max(len(out), 1) && errno != unix.EAGAIN { // the end, an error, or answers not taken whole
				rest[fd] = 0
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
