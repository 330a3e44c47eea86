package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/zonda-go/zonda/loop"
)

// A pipeline hashes the files below a folder. All of it belongs to its loop, so the
// counts need no locks, although eight workers and the producer change them.
type pipeline struct {
	root          string
	workers, room int
	out           io.Writer
	progress      io.Writer // nil: no progress

	queue       *loop.Queue[string]
	found, done int
	bytes       int64
	failed      []error // of single files
}

// run returns when all files are hashed, or at the first error that is not about one
// file only. When co is cancelled, what was begun ends, and nothing new is begun.
func (p *pipeline) run(co *loop.Co) error {
	p.queue = loop.NewQueue[string](co.Loop(), p.room)
	err := loop.WithGroup(co, func(g *loop.Group) error {
		for range p.workers {
			g.Go(p.worker)
		}
		if err := p.produce(co, p.root); err != nil {
			return err
		}
		if _, err := loop.Await(co, p.queue.Join()); err != nil {
			return err
		}
		return errDone // the workers wait for more: this ends them
	})
	if !errors.Is(err, errDone) {
		return err
	}
	return errors.Join(p.failed...)
}

var errDone = errors.New("done")

// produce puts the files below dir into the queue, in the order of their names. Where
// that is full it waits, so a large tree costs no more memory than a small one.
func (p *pipeline) produce(co *loop.Co, dir string) error {
	entries, err := onDisk(co, func(context.Context) ([]fs.DirEntry, error) { return os.ReadDir(dir) })
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case e.IsDir():
			err = p.produce(co, path)
		case e.Type().IsRegular():
			p.found++
			_, err = loop.Await(co, p.queue.Put(path))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// worker hashes what comes out of the queue, until it is cancelled.
func (p *pipeline) worker(co *loop.Co) error {
	for path := range p.queue.All(co) {
		sum, err := onDisk(co, func(ctx context.Context) (digest, error) { return hashFile(ctx, path) })
		p.queue.TaskDone()
		switch {
		case co.Err() != nil:
			return context.Cause(co)
		case err != nil:
			p.failed = append(p.failed, err)
			continue
		}
		p.done++
		p.bytes += sum.size
		if _, err := fmt.Fprintf(p.out, "%x  %s\n", sum.sum, path); err != nil {
			return err
		}
	}
	return context.Cause(co)
}

type digest struct {
	sum  []byte
	size int64
}

// hashFile runs off the loop.
func hashFile(ctx context.Context, path string) (digest, error) {
	f, err := os.Open(path)
	if err != nil {
		return digest{}, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, canceledReader{ctx, f})
	return digest{slices.Clone(h.Sum(nil)), n}, err
}
