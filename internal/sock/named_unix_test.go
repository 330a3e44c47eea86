//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package sock

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// socketName is a path that is short enough; t.TempDir often is not.
func socketName(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "z")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}

// The file is there with its mode as soon as anyone can connect.
func TestListenUnix(t *testing.T) {
	name := socketName(t)
	fd, err := ListenUnix(name, 0o640, Options{})
	must(t, err)
	defer Close(fd)
	checkFlags(t, "ListenUnix", fd)
	info, err := os.Stat(name)
	must(t, err)
	if info.Mode() != fs.ModeSocket|0o640 {
		t.Errorf("the file's mode is %v", info.Mode())
	}
	client, err := ConnectUnix(name, &Settings{})
	must(t, err)
	defer Close(client)
	checkFlags(t, "ConnectUnix", client)
	await(t, fd, unix.POLLIN)
	server, peer, err := Accept(fd)
	must(t, err)
	defer Close(server)
	checkFlags(t, "Accept", server)
	if peer.IsValid() {
		t.Errorf("the peer has the address %v", peer)
	}
}

func TestListenUnixStale(t *testing.T) {
	name := socketName(t)
	first, err := ListenUnix(name, 0o600, Options{})
	must(t, err)
	if fd, err := ListenUnix(name, 0o600, Options{}); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("over a live one: %d, %v", fd, err)
	}
	must(t, Close(first)) // the file stays
	second, err := ListenUnix(name, 0o600, Options{})
	if err != nil {
		t.Fatalf("over a stale one: %v", err)
	}
	defer Close(second)
	client, err := ConnectUnix(name, &Settings{})
	must(t, err)
	Close(client)
}

// What is not a stream socket that nobody listens on is left alone.
func TestListenUnixLeavesOthersAlone(t *testing.T) {
	for what, put := range map[string]func(name string) error{
		"file":      func(name string) error { return os.WriteFile(name, []byte("precious"), 0o600) },
		"directory": func(name string) error { return os.Mkdir(name, 0o700) },
		"link":      func(name string) error { return os.Symlink("nowhere", name) },
	} {
		t.Run(what, func(t *testing.T) {
			name := socketName(t)
			must(t, put(name))
			before, err := os.Lstat(name)
			must(t, err)
			fd, err := ListenUnix(name, 0o600, Options{})
			if fd != -1 || !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), name+" exists and is not a socket") {
				t.Errorf("%d, %v", fd, err)
			}
			if after, err := os.Lstat(name); err != nil || !os.SameFile(before, after) {
				t.Errorf("it is %v now, %v", after, err)
			}
		})
	}
	t.Run("datagrams", func(t *testing.T) {
		name := socketName(t)
		c, err := net.ListenPacket("unixgram", name)
		must(t, err)
		defer c.Close()
		if fd, err := ListenUnix(name, 0o600, Options{}); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("%d, %v", fd, err)
		}
	})
}

func TestUnixNames(t *testing.T) {
	long := strings.Repeat("x", maxName+1)
	for _, c := range []struct {
		name string
		want error
		text string
	}{
		{"", syscall.EINVAL, "needs a name"},
		{"@", syscall.EINVAL, "needs a name"},
		{"a\x00b", syscall.EINVAL, "NUL"},
		{long, syscall.ENAMETOOLONG, "bytes and may have"},
		{"/no-such-directory/s", fs.ErrNotExist, ""},
	} {
		_, listen := ListenUnix(c.name, 0o600, Options{})
		_, connect := ConnectUnix(c.name, &Settings{})
		for _, err := range []error{listen, connect} {
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("%.20q: %v, want %v and %q", c.name, err, c.want, c.text)
			}
		}
	}
}

func TestUnixAbstract(t *testing.T) {
	name := "@zonda-" + filepath.Base(filepath.Dir(socketName(t)))
	fd, err := ListenUnix(name, 0o600, Options{})
	if runtime.GOOS != "linux" {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%d, %v", fd, err)
		}
		return
	}
	must(t, err)
	defer Close(fd)
	addr, err := ListenAddr(fd)
	if err != nil || addr.Network() != "unix" || addr.String() != name {
		t.Errorf("the address is %v, %v", addr, err)
	}
	if fd, err := ListenUnix(name, 0o600, Options{}); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("twice: %d, %v", fd, err)
	}
	client, err := ConnectUnix(name, &Settings{})
	must(t, err)
	Close(client)
}

// A full queue is told apart from a failure.
func TestConnectUnixFull(t *testing.T) {
	name := socketName(t)
	fd, err := ListenUnix(name, 0o600, Options{Backlog: 1})
	must(t, err)
	defer Close(fd)
	for range 100 {
		client, err := ConnectUnix(name, &Settings{})
		if err == ErrAgain {
			return
		}
		if err != nil {
			if runtime.GOOS == "linux" {
				t.Fatal(err)
			}
			t.Logf("this system refuses when the queue is full: %v", err)
			return
		}
		defer Close(client)
	}
	t.Error("a queue of one never fills")
}
