//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package sock

import (
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Apply sets the options of a socket, connected or not. Windows of TCP are agreed
// on at the beginning, so the buffers should be set before. A Unix socket has
// nothing but those.
func (s *Settings) Apply(fd int, unixSocket bool) error {
	for _, o := range []struct{ name, size int }{
		{unix.SO_RCVBUF, s.ReadBuffer}, {unix.SO_SNDBUF, s.WriteBuffer},
	} {
		if o.size <= 0 {
			continue
		}
		if err := setOption(fd, unix.SOL_SOCKET, o.name, o.size); err != nil {
			return err
		}
	}
	if unixSocket {
		return nil
	}
	if s.NoDelay {
		if err := SetNoDelay(fd, true); err != nil {
			return err
		}
	}
	if s.KeepAlive.Enable {
		return SetKeepAlive(fd, s.KeepAlive)
	}
	return nil
}

// SetNoDelay says whether small segments are sent at once (true), or held back
// while earlier ones are unacknowledged, which is the system's default
// (TCP_NODELAY; RFC 896).
func SetNoDelay(fd int, on bool) error {
	return setOption(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, number(on))
}

// SetLinger0 makes Close discard what is not yet sent, and reset the connection.
func SetLinger0(fd int) error {
	return os.NewSyscallError("setsockopt",
		unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1, Linger: 0}))
}

// SetKeepAlive sets the probes of an idle connection. The fields mean what they
// mean in package net: a zero is its default (15 s idle, 15 s between probes, 9
// probes), a negative value leaves the system's. Times are whole seconds, rounded
// up.
func SetKeepAlive(fd int, c net.KeepAliveConfig) error {
	if err := setOption(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, number(c.Enable)); err != nil || !c.Enable {
		return err
	}
	for _, o := range []struct{ name, value int }{
		{optKeepIdle, seconds(c.Idle)},
		{optKeepInterval, seconds(c.Interval)},
		{optKeepCount, count(c.Count)},
	} {
		if o.value < 0 || o.name < 0 {
			continue
		}
		if err := setOption(fd, unix.IPPROTO_TCP, o.name, o.value); err != nil {
			return err
		}
	}
	return nil
}

func seconds(d time.Duration) int {
	if d == 0 {
		return 15
	}
	if d < 0 {
		return -1
	}
	return int((d-1)/time.Second) + 1
}

func count(n int) int {
	if n == 0 {
		return 9
	}
	return n
}

func setOption(fd, level, name, value int) error {
	return os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, level, name, value))
}

func number(on bool) int {
	if on {
		return 1
	}
	return 0
}
