package http1

import (
	"context"

	"github.com/zonda-go/zonda/loop"
)

// offload has a goroutine run fn, which uses files, and waits for its end in the
// coroutine that runs now. It does so also when that has been cancelled, before or
// meanwhile: then fn runs all the same, and the next wait tells. For what fn opens would
// be closed by nobody, and what it reads into would be used again under it. The wait is
// as short as the disk is quick.
//
// Only when the loop is closed it waits no longer. The error is loop.ErrClosed then, and
// fn has run, or runs still, or never will.
func offload[T any](l *loop.Loop, fn func() (T, error)) (v T, err error) {
	co := l.Current()
	if co == nil {
		panic("http1: files used outside a coroutine")
	}
	err = loop.Shield(co, 0, func(co *loop.Co) (err error) {
		v, err = loop.Await(co, loop.Offload(l, func(context.Context) (T, error) { return fn() }))
		return err
	})
	return v, err
}
