package http1

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// A tree is the folder of Files, opened for one request: so nothing is left to be
// closed, and a folder that was replaced is found.
type tree struct {
	stat     func(name string) (fs.FileInfo, error)
	openFile func(name string) (fs.File, error)
	close    func()
}

func (f *Files) open() (*tree, error) {
	switch {
	case f.FS != nil:
		return &tree{
			stat:     func(name string) (fs.FileInfo, error) { return fs.Stat(f.FS, name) },
			openFile: f.FS.Open,
			close:    func() {},
		}, nil
	case f.Dir == "":
		return nil, errors.New("http1: Files without a folder")
	case f.FollowLinks:
		return &tree{
			stat:     func(name string) (fs.FileInfo, error) { return os.Stat(filepath.Join(f.Dir, name)) },
			openFile: func(name string) (fs.File, error) { return os.OpenFile(filepath.Join(f.Dir, name), readOnly, 0) },
			close:    func() {},
		}, nil
	}
	root, err := os.OpenRoot(f.Dir)
	if err != nil {
		return nil, &HTTPError{Status: 503, Err: err} // no 404: it is not the client who named it
	}
	return &tree{
		stat:     func(name string) (fs.FileInfo, error) { return inRoot(root.Stat(name)) },
		openFile: func(name string) (fs.File, error) { return inRoot(root.OpenFile(name, readOnly, 0)) },
		close:    func() { _ = root.Close() },
	}, nil
}

// readOnly does not wait for the other end of a FIFO that has taken the place of a
// file since it was looked at.
const readOnly = os.O_RDONLY | syscall.O_NONBLOCK

// inRoot makes not existing of what os.Root has refused itself, such as a link that
// leads out: that is the only error which is none of the system's.
func inRoot[T any](v T, err error) (T, error) {
	var errno syscall.Errno
	if err != nil && !errors.As(err, &errno) {
		err = fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	return v, err
}

// open opens a regular file or a folder. Others are not even opened: that could wait,
// or rewind a tape.
func (t *tree) open(name string) (fs.File, fs.FileInfo, error) {
	info, err := t.stat(name)
	if err != nil {
		return nil, nil, err
	}
	if !servable(info) {
		return nil, nil, fs.ErrNotExist
	}
	file, err := t.openFile(name)
	if err != nil {
		return nil, nil, err
	}
	if info, err = file.Stat(); err == nil && !servable(info) {
		err = fs.ErrNotExist
	}
	if err != nil {
		_ = file.Close()
		return nil, nil, err
	}
	return file, info, nil
}

func servable(info fs.FileInfo) bool { return info.Mode().IsRegular() || info.IsDir() }
