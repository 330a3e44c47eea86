package stream

import (
	"cmp"
	"errors"
	"io/fs"
	"net"
	"os"

	"github.com/zonda-go/zonda/internal/sock"
	"github.com/zonda-go/zonda/loop"
)

// acceptBudget is how many connections one event may bring, so that a storm of
// them leaves the others their turn (Tornado 1.57).
const acceptBudget = 128

// Listen opens a listening address on l. An address that is in use gives an error
// matching syscall.EADDRINUSE.
//
// For TCP the host is an IP address, "localhost" or none, and nothing is looked up:
// see LookUp. "localhost" is the loopback address of each family that the machine has,
// and no host on "tcp" is all addresses of both; they have one port.
//
// For network "unix" address is a path, or on Linux an abstract name, "@" and more.
// The file has the mode UnixMode, and Close removes it. A socket of that path on
// which nobody listens is replaced; one that somebody listens on is in use, and a
// file that is something else is left alone and an error.
func (n System) Listen(l *loop.Loop, network, address string) (Listener, error) {
	if network == "unix" {
		return n.listenUnix(l, address)
	}
	fds, err := sock.Listen(network, address, n.options())
	if err != nil {
		return nil, err
	}
	addr, err := sock.ListenAddr(fds[0])
	if err != nil {
		for _, fd := range fds {
			_ = sock.Close(fd)
		}
		return nil, &net.OpError{Op: "listen", Net: network, Err: err}
	}
	return newListener(l, addr, n.settings(), fds...), nil
}

func (n System) listenUnix(l *loop.Loop, name string) (Listener, error) {
	addr := &net.UnixAddr{Net: "unix", Name: name}
	fd, err := sock.ListenUnix(name, cmp.Or(n.UnixMode, 0o600), n.options())
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: "unix", Addr: addr, Err: err}
	}
	ln := newListener(l, addr, n.settings(), fd)
	if !sock.IsAbstract(name) {
		if ln.file, err = os.Lstat(name); err != nil {
			return nil, errors.Join(ln.failure("listen", err), ln.Close())
		}
	}
	return ln, nil
}

// A listener is one address and its doors: the sockets that listen on it.
type listener struct {
	// Immutable.
	l     *loop.Loop
	addr  net.Addr
	conn  sock.Settings // of the connections
	tell  bool          // they do not inherit them
	file  fs.FileInfo   // that Close removes; nil: none
	room  *room
	doors []*door

	// Owned by the loop.
	fn     func(Transport) // nil: Accept was not called
	paused bool
	closed bool
}

// A door is one listening socket.
type door struct {
	n     *listener
	fd    int
	watch loop.Watch
	rests bool // for want of descriptors
}

func newListener(l *loop.Loop, addr net.Addr, conn sock.Settings, fds ...int) *listener {
	buffers := conn.ReadBuffer > 0 || conn.WriteBuffer > 0
	n := &listener{
		l:    l,
		addr: addr,
		conn: conn,
		tell: !sock.Inherits || buffers && addr.Network() == "unix",
		room: roomOf(l),
	}
	for _, fd := range fds {
		n.doors = append(n.doors, &door{n: n, fd: fd})
	}
	return n
}

func (n *listener) Accept(fn func(Transport)) error {
	if n.closed {
		return n.failure("accept", net.ErrClosed)
	}
	n.fn = fn
	for _, d := range n.doors {
		var err error
		if d.watch, err = n.l.Watch(d.fd, d.wants(), d); err != nil {
			return err
		}
	}
	return nil
}

func (n *listener) Pause()  { n.pause(true) }
func (n *listener) Resume() { n.pause(false) }

func (n *listener) pause(on bool) {
	n.paused = on
	for _, d := range n.doors {
		d.update()
	}
}

func (n *listener) Addr() net.Addr { return n.addr }

func (n *listener) Close() error {
	if n.closed {
		return nil
	}
	n.closed = true
	var failed error
	for _, d := range n.doors {
		d.watch.Stop()
		if err := sock.Close(d.fd); err != nil {
			failed = n.failure("close", err)
		}
	}
	n.room.leave(n)
	return errors.Join(failed, n.removeFile())
}

// removeFile removes the file of a Unix socket, if it is still the one that was made
// here. The time tells it from another one that has got its number.
func (n *listener) removeFile() error {
	if n.file == nil {
		return nil
	}
	name := n.addr.String()
	now, err := os.Lstat(name)
	if err != nil || !os.SameFile(n.file, now) || !n.file.ModTime().Equal(now.ModTime()) {
		return nil
	}
	return os.Remove(name)
}

func (n *listener) failure(op string, err error) error {
	return &net.OpError{Op: op, Net: n.addr.Network(), Addr: n.addr, Err: err}
}

// wants is what the door's socket is watched for.
func (d *door) wants() loop.Events {
	if d.rests || d.n.paused {
		return 0
	}
	return loop.Readable
}

func (d *door) update() {
	if !d.n.closed && d.n.fn != nil {
		_ = d.watch.Set(d.wants()) // it fails on a closed loop only
	}
}

// Ready accepts what is there.
func (d *door) Ready(loop.Events) {
	n := d.n
	for range acceptBudget {
		if n.closed || n.paused {
			return // by the connection before (Tornado T04)
		}
		fd, peer, err := sock.Accept(d.fd)
		switch {
		case err == nil:
			if n.tell {
				// One that is reset already cannot be set; reading will tell.
				_ = n.conn.Apply(fd, n.addr.Network() == "unix")
			}
			n.fn(&socket{fd: int32(fd), peer: peer, room: n.room})
		case err == sock.ErrAgain:
			n.room.recovered() // nobody waits: a shortage is over
			return
		case sock.IsTemporaryAccept(err):
			// The peer was gone before we came.
		default:
			n.room.rest(d, err)
			return
		}
	}
}
