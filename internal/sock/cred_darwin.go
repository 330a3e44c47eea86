package sock

import (
	"os"

	"golang.org/x/sys/unix"
)

// solLocal is the level of the options of Unix sockets (SOL_LOCAL).
const solLocal = 0

// PeerCredentials is who is at the other end of a Unix socket.
func PeerCredentials(fd int) (Credentials, error) {
	c, err := unix.GetsockoptXucred(fd, solLocal, unix.LOCAL_PEERCRED)
	if err != nil {
		return Credentials{}, os.NewSyscallError("getsockopt", err)
	}
	pid, err := unix.GetsockoptInt(fd, solLocal, unix.LOCAL_PEERPID)
	if err != nil {
		return Credentials{}, os.NewSyscallError("getsockopt", err)
	}
	return Credentials{PID: pid, UID: int(c.Uid), GID: int(c.Groups[0])}, nil
}
