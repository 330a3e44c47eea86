package sock

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// PeerCredentials is who is at the other end of a Unix socket. On another socket it
// gives errors.ErrUnsupported.
func PeerCredentials(fd int) (Credentials, error) {
	c, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return Credentials{}, os.NewSyscallError("getsockopt", err)
	}
	if c.Pid == 0 && int32(c.Uid) == -1 {
		return Credentials{}, errors.ErrUnsupported // the answer on a socket of TCP
	}
	return Credentials{PID: int(c.Pid), UID: int(c.Uid), GID: int(c.Gid)}, nil
}
