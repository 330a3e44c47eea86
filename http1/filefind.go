package http1

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"syscall"

	"github.com/zonda-go/zonda/loop"
)

// This file is what Files does on a goroutine: all that may wait for the disk.

// found is what a name led to.
type found struct {
	content
	file   fs.File // open; nil: everything is in memory
	coding string  // the content coding of what was found
	moved  bool    // a folder, and the path does not end with a slash
	list   []byte  // a folder's list
}

func (f *found) close(l *loop.Loop) {
	if f.file == nil {
		return
	}
	_, err := offload(l, func() (struct{}, error) { return struct{}{}, f.file.Close() })
	if errors.Is(err, loop.ErrClosed) {
		_ = f.file.Close() // it was only read
	}
}

// find looks for a file, or with slash for a folder's index or list.
func (f *Files) find(name string, slash bool, codings []string) (*found, error) {
	tree, err := f.open()
	if err != nil {
		return nil, err
	}
	defer tree.close()
	return f.findIn(tree, name, slash, codings)
}

func (f *Files) findIn(tree *tree, name string, slash bool, codings []string) (*found, error) {
	file, info, err := tree.open(name)
	if err != nil {
		return nil, openFailure(err)
	}
	switch {
	case info.IsDir() && !slash:
		_ = file.Close()
		return &found{moved: true}, nil
	case info.IsDir():
		return f.findInFolder(tree, name, file, codings)
	case slash:
		_ = file.Close()
		return nil, &HTTPError{Status: 404}
	}
	got := &found{file: file}
	got.kind = mime.TypeByExtension(path.Ext(name))
	if err := got.take(info); err != nil {
		return nil, err
	}
	for _, coding := range codings {
		file, info, err := tree.open(name + suffix(coding))
		if err != nil {
			continue // there is none, or none that can be read
		}
		if info.IsDir() {
			_ = file.Close()
			continue
		}
		other := &found{file: file, coding: coding}
		other.kind = got.kind
		if got.file != nil {
			_ = got.file.Close()
		}
		return other, other.take(info)
	}
	return got, nil
}

// findInFolder looks for a folder's index or lists it.
func (f *Files) findInFolder(tree *tree, name string, folder fs.File, codings []string) (*found, error) {
	defer folder.Close()
	index := f.Index
	if index == "" {
		index = "index.html"
	}
	if index != "-" {
		got, err := f.findIn(tree, path.Join(name, index), false, codings)
		var he *HTTPError
		if err == nil && !got.moved || err != nil && !(errors.As(err, &he) && he.Status == 404) {
			return got, err
		}
	}
	if !f.List {
		return nil, &HTTPError{Status: 404}
	}
	list, err := f.listFolder(folder)
	return &found{list: list}, err
}

// take reads what is needed of the open file before it can be sent, and all of it if
// it is small; then it closes it.
func (f *found) take(info fs.FileInfo) (err error) {
	f.size, f.modified = info.Size(), info.ModTime()
	if known(f.modified) {
		f.etag = fmt.Sprintf(`"%x-%x"`, f.modified.UnixNano(), f.size)
		if f.coding != "" {
			f.etag = f.etag[:len(f.etag)-1] + "-" + f.coding + `"`
		}
	}
	var beginning []byte
	if f.size <= bodyBuffer || f.kind == "" {
		beginning = make([]byte, min(f.size, bodyBuffer))
		n, err := io.ReadFull(f.file, beginning)
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			_ = f.file.Close()
			return openFailure(err)
		}
		beginning = beginning[:n]
	}
	if f.kind == "" {
		f.kind = http.DetectContentType(beginning)
	}
	if f.size <= bodyBuffer {
		f.all, f.size = beginning, int64(len(beginning))
		_ = f.file.Close()
		f.file = nil
		return nil
	}
	switch file := f.file.(type) {
	case io.ReaderAt:
		f.at = file
	case io.ReadSeeker:
		f.at = seekerAt{file}
	default:
		f.at, f.inOrder = readerAt{io.MultiReader(bytes.NewReader(beginning), file)}, true
	}
	return nil
}

// seekerAt and readerAt are an io.ReaderAt for one reader at a time; the latter must
// be read in order.
type (
	seekerAt struct{ io.ReadSeeker }
	readerAt struct{ io.Reader }
)

func (r seekerAt) ReadAt(p []byte, offset int64) (int, error) {
	if _, err := r.Seek(offset, io.SeekStart); err != nil {
		return 0, err
	}
	return readerAt{r}.ReadAt(p, offset)
}

func (r readerAt) ReadAt(p []byte, _ int64) (int, error) {
	n, err := io.ReadFull(r.Reader, p)
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	return n, err
}

// openFailure decides how a file that cannot be opened is answered.
func openFailure(err error) error {
	var errno syscall.Errno
	switch {
	case errors.Is(err, fs.ErrPermission):
		return &HTTPError{Status: 403, Err: err}
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrInvalid):
		return &HTTPError{Status: 404, Err: err}
	case !errors.As(err, &errno):
		return err
	case errno == syscall.ENOTDIR, errno == syscall.ENAMETOOLONG, errno == syscall.ELOOP, errno == syscall.ENXIO:
		return &HTTPError{Status: 404, Err: err}
	case errno.Temporary(): // too many files are open
		return &HTTPError{Status: 503, Err: err}
	}
	return err
}
