//go:build unix

package http1_test

import (
	"io/fs"
	"net"
	"path/filepath"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/zonda-go/zonda/http1"
)

// TestFilesSpecial: what is no file is not opened, which would wait for ever.
func TestFilesSpecial(t *testing.T) {
	dir := folder(t)
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir) // a socket's name must be short
	ln, err := net.Listen("unix", "socket")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	for _, follow := range []bool{false, true} {
		checkFiles(t, &http1.Files{Dir: dir, FollowLinks: follow}, []fileCase{
			{"FIFO", "/fifo", "", "404 ", ""},
			{"FIFO as a folder", "/fifo/", "", "404 ", ""},
			{"socket", "/socket", "", "404 ", ""},
		})
	}
	checkFiles(t, &http1.Files{Dir: "/dev"}, []fileCase{{"device", "/null", "", "404 ", ""}, {"device", "/zero", "", "404 ", ""}})
}

// TestFilesFailures: who is to blame decides the status.
func TestFilesFailures(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{syscall.EACCES, "403 "}, {syscall.ENOENT, "404 "}, {syscall.ENOTDIR, "404 "}, {syscall.ENAMETOOLONG, "404 "},
		{syscall.ELOOP, "404 "}, {syscall.EMFILE, "503 "}, {syscall.EIO, "500 "},
	} {
		checkFiles(t, &http1.Files{FS: failingFS{fstest.MapFS{}, tt.err}}, []fileCase{{tt.err.Error(), "/a", "", tt.want, ""}})
	}
}

// A failingFS opens nothing.
type failingFS struct {
	fs.FS
	err error
}

func (f failingFS) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: f.err}
}
