package http1

import (
	"bytes"
	"context"
	"io"
	"net/textproto"
	"os"

	"github.com/zonda-go/zonda/loop"
)

// A FormFile is a file that came with a form, in memory or on the disk. It belongs to
// the loop, and can be read until the handler returns.
type FormFile struct {
	// Filename is the name of the file at the client, without folders. It is the
	// client's word: make a name of your own to store it.
	Filename string
	// Header has the fields of the file's part, such as Content-Type.
	Header textproto.MIMEHeader
	// Size is the file's length in bytes.
	Size int64

	l    *loop.Loop
	text []byte
	disk *os.File // nil: the text is all
	name string   // of disk, if it could not be removed at once
}

var _ io.ReaderAt = (*FormFile)(nil)

// Open reads the file from its beginning, each time it is called. Reading waits for the
// disk and nobody else does; large pieces wait less often.
func (f *FormFile) Open() *io.SectionReader { return io.NewSectionReader(f, 0, f.Size) }

// ReadAt reads a piece of the file, as io.ReaderAt says, and waits for the disk.
func (f *FormFile) ReadAt(p []byte, offset int64) (int, error) {
	if f.disk == nil {
		return bytes.NewReader(f.text).ReadAt(p, offset)
	}
	n, err := offload(f.l, func() (int, error) {
		n, err := f.disk.ReadAt(p, offset)
		if err == io.EOF {
			err = nil
		}
		return n, err
	})
	if err == nil && n < len(p) {
		err = io.EOF
	}
	return n, err
}

// Save writes the file to a new one of that name, which only the program's user may
// read, and waits for that. If there is one already the error matches os.ErrExist; after
// another failure nothing is left behind.
func (f *FormFile) Save(name string) error {
	_, err := offload(f.l, func() (struct{}, error) {
		to, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return struct{}{}, err
		}
		var from io.ReaderAt = f.disk
		if f.disk == nil {
			from = bytes.NewReader(f.text)
		}
		_, err = io.Copy(to, io.NewSectionReader(from, 0, f.Size))
		if closed := to.Close(); err == nil {
			err = closed
		}
		if err != nil {
			_ = os.Remove(name)
		}
		return struct{}{}, err
	})
	return err
}

// create makes the temporary file. Its name is removed at once where the system allows
// that: then nothing is left, whatever becomes of the program.
func (f *FormFile) create(dir string) error {
	disk, err := offload(f.l, func() (*os.File, error) {
		disk, err := os.CreateTemp(dir, "zonda-form-*")
		if err == nil && os.Remove(disk.Name()) != nil {
			f.name = disk.Name()
		}
		return disk, err
	})
	if err != nil {
		return err
	}
	f.disk = disk
	return nil
}

// append writes p behind what is on the disk.
func (f *FormFile) append(p []byte) error {
	n, err := offload(f.l, func() (int, error) { return f.disk.Write(p) })
	f.Size += int64(n)
	return err
}

// remove closes the files, and so gives their room on the disk free, which may take a
// while.
func remove(files []*FormFile) {
	if len(files) == 0 {
		return
	}
	closeAll := func() {
		for _, f := range files {
			_ = f.disk.Close()
			if f.name != "" {
				_ = os.Remove(f.name)
			}
		}
	}
	done := loop.Offload(files[0].l, func(context.Context) (struct{}, error) {
		closeAll()
		return struct{}{}, nil
	})
	done.OnDone(func(done *loop.Future[struct{}]) {
		if _, err := done.Result(); err != nil {
			closeAll() // the loop is being closed
		}
	})
}
