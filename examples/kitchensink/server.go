package main

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/zonda-go/zonda/http1"
)

// newServer makes the server, with its limits. done gives back what it holds.
func newServer(o options) (srv *http1.Server, done func(), err error) {
	srv = &http1.Server{
		MaxHead:      64 << 10,
		MaxBody:      maxBody,
		HeadTimeout:  5 * time.Second,
		BodyTimeout:  10 * time.Second,
		WriteTimeout: 10 * time.Second,
		IdleTimeout:  30 * time.Second,
		MinRate:      -1, // progress is enough
	}
	if o.loops > 1 {
		srv.Loops = o.loops
	}
	conns := func() int { return srv.Stats().Conns }
	files, done, err := folder(o.static)
	if err != nil {
		return nil, nil, err
	}
	if o.std {
		srv.MaxBody = 0 // it has its own limit
		srv.Handler = http1.Std(stdRoutes(files, conns))
	} else {
		srv.Handler = newRoutes(files, conns)
	}
	return srv, done, nil
}

// folder is the files of dir, and nothing that lies outside of it, whatever its links
// say; without dir it is the program's own files.
func folder(dir string) (files fs.FS, done func(), err error) {
	if dir == "" {
		files, err = fs.Sub(site, "static")
		return files, func() {}, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil, err
	}
	return inside{root.FS()}, func() { root.Close() }, nil
}

// inside is files of a folder in which nothing is found that a link leads out to.
type inside struct{ fs.FS }

func (in inside) Open(name string) (fs.File, error) {
	f, err := in.FS.Open(name)
	if err != nil && !errors.Is(err, fs.ErrPermission) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return f, err
}
