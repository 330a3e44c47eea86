// Command pipeline prints the SHA-256 of every file below a folder, as sha256sum does:
// one coroutine walks the folder and puts what it finds into a bounded queue, some
// workers take it out, and all that touches the disk runs off the loop. On a terminal
// it shows how far it is; Ctrl-C ends it in good order.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/zonda-go/zonda/loop"
)

func main() {
	p := pipeline{out: os.Stdout}
	flag.IntVar(&p.workers, "workers", 8, "how many files are read at a time")
	flag.IntVar(&p.room, "room", 64, "how many files may be found ahead")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: pipeline [flags] [FOLDER]")
		flag.PrintDefaults()
	}
	flag.Parse()
	p.root = "."
	if flag.NArg() > 0 {
		p.root = flag.Arg(0)
	}
	if p.workers < 1 || p.room < 0 || flag.NArg() > 1 {
		flag.Usage()
		os.Exit(2)
	}
	if isTerminal(os.Stderr) {
		p.progress = os.Stderr
	}
	if err := hash(&p); err != nil {
		fmt.Fprintln(os.Stderr, "pipeline:", err)
		os.Exit(1)
	}
}

// errInterrupted is the cause with which Ctrl-C cancels the work.
var errInterrupted = errors.New("interrupted")

// hash runs the pipeline on a loop of its own, until it is done or interrupted.
func hash(p *pipeline) error {
	l, err := loop.New(nil)
	if err != nil {
		return err
	}
	defer l.Close()
	_, err = loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		co, cancel := co.WithCancel()
		defer cancel(nil)
		defer l.OnSignal(func(os.Signal) { cancel(errInterrupted) }, os.Interrupt, syscall.SIGTERM)()
		if p.progress != nil {
			defer l.Every(100*time.Millisecond, p.show).Stop()
		}
		err := p.run(co)
		if p.progress != nil {
			p.show()
			fmt.Fprintln(p.progress)
		}
		return struct{}{}, err
	})
	if errors.Is(err, errInterrupted) {
		return fmt.Errorf("interrupted after %d files", p.done)
	}
	return err
}

// show writes the line of progress over the one before.
func (p *pipeline) show() {
	fmt.Fprintf(p.progress, "\r%d of %d files, %.1f MB, %d waiting ", p.done, p.found, float64(p.bytes)/1e6, p.queue.Len())
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// onDisk runs fn off the loop, where it may block, and waits for it.
func onDisk[T any](co *loop.Co, fn func(ctx context.Context) (T, error)) (T, error) {
	return loop.Await(co, loop.Offload(co.Loop(), fn))
}

// A canceledReader gives up when its context is done, so that a large file does not
// hold up the end.
type canceledReader struct {
	ctx context.Context
	r   io.Reader
}

func (c canceledReader) Read(p []byte) (int, error) {
	if err := context.Cause(c.ctx); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
