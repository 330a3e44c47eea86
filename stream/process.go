package stream

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/zonda-go/zonda/loop"
)

// killGrace is ProcessOptions.Grace's default.
const killGrace = 5 * time.Second

// ProcessOptions say which streams a child process is given, and how it is ended. The
// zero value gives none.
type ProcessOptions struct {
	// Stdin, Stdout and Stderr make the child's standard files pipes, whose other
	// ends are the streams of those names (Tornado's Subprocess.STREAM). Default:
	// they are what the command says.
	Stdin, Stdout, Stderr bool
	// Signal is sent to a child that is to end. Default: SIGTERM.
	Signal os.Signal
	// Grace is how long it may then go on before it is killed: in real time, also on
	// a virtual clock. Default: 5 seconds. Negative: it is killed at once, without
	// Signal.
	Grace time.Duration
}

// A Process is a child process. Its streams and futures belong to the loop; any goroutine
// may call Signal, Terminate and PID.
type Process struct {
	// Stdin is to be written, and closed; Stdout and Stderr are to be read up to
	// io.EOF. Those that were not asked for are nil.
	Stdin, Stdout, Stderr *Stream

	// Immutable.
	cmd  *exec.Cmd // belongs to run
	o    ProcessOptions
	exit *loop.Promise[exited]
	over *loop.Promise[struct{}] // it has exited, and its streams are closed

	// Owned by the loop.
	open int // what over waits for

	mu     sync.Mutex  // guards the rest
	child  *os.Process // nil: it does not run yet, or any more
	doomed bool        // Terminate was called
	killer *time.Timer // of the grace
}

// exited is what became of a child.
type exited struct {
	state *os.ProcessState
	err   error // of exec.Cmd.Wait
}

// StartProcess starts cmd, and waits until it runs or could not be started; the error is
// then exec.Cmd.Start's. cmd, which must not be started yet, is the process's from then
// on. What may block, starting and waiting for the exit, is done on a goroutine.
//
// The process lives no longer than co: when co is cancelled, or its body returns, a
// child that still runs is ended as Terminate does, and its streams are aborted. It is
// waited for in any case, so that it leaves no zombie, also after the loop was closed.
func StartProcess(co *loop.Co, cmd *exec.Cmd, o ProcessOptions) (*Process, error) {
	l := co.Loop()
	p := &Process{
		cmd:  cmd,
		o:    o,
		exit: loop.NewPromise[exited](l),
		over: loop.NewPromise[struct{}](l),
		open: 1,
	}
	theirs, err := p.pipes(l)
	if err != nil {
		p.abort()
		closeAll(theirs)
		return nil, err
	}
	loop.Go(co, p.guard)
	p.exit.Future().OnDone(func(*loop.Future[exited]) { p.left() })
	started := loop.NewPromise[struct{}](l)
	started.Quiet()
	loop.FromFunc(l, func(context.Context) (none struct{}, _ error) {
		p.run(theirs, started)
		return none, nil
	})
	if _, err := loop.Await(co, started.Future()); err != nil {
		p.abort()
		return nil, err
	}
	return p, nil
}

// pipes makes the streams that are asked for, and gives the ends that are the child's.
func (p *Process) pipes(l *loop.Loop) (theirs []*os.File, err error) {
	add := func(name string, taken bool, s **Stream) *os.File {
		if taken {
			err = errors.Join(err, fmt.Errorf("stream: StartProcess: the command has a %s, and a stream is asked for", name))
			return nil
		}
		r, w, failed := os.Pipe()
		if failed != nil {
			err = errors.Join(err, failed)
			return nil
		}
		own, child := r, w
		if name == "Stdin" {
			own, child = w, r
		}
		theirs = append(theirs, child)
		if *s, failed = NewPipe(l, own); failed != nil {
			err = errors.Join(err, failed, own.Close())
			return nil
		}
		p.open++
		(*s).OnClose(func(error) { p.left() })
		return child
	}
	if p.o.Stdin {
		p.cmd.Stdin = add("Stdin", p.cmd.Stdin != nil, &p.Stdin)
	}
	if p.o.Stdout {
		p.cmd.Stdout = add("Stdout", p.cmd.Stdout != nil, &p.Stdout)
	}
	if p.o.Stderr {
		p.cmd.Stderr = add("Stderr", p.cmd.Stderr != nil, &p.Stderr)
	}
	return theirs, err
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close() // the child has it, or nobody
	}
}

// run is the goroutine.
func (p *Process) run(theirs []*os.File, started *loop.Promise[struct{}]) {
	err := p.cmd.Start()
	closeAll(theirs)
	if err == nil {
		p.begun()
	}
	_ = started.Post(struct{}{}, err) // on a closed loop nobody waits
	if err == nil {
		err = p.cmd.Wait()
		p.ended()
	}
	_ = p.exit.Post(exited{p.cmd.ProcessState, err}, nil)
}

// guard ends with the process and its streams, or ends them with co.
func (p *Process) guard(co *loop.Co) (none struct{}, _ error) {
	if _, err := loop.Await(co, p.over.Future()); err != nil {
		p.Terminate()
		p.abort()
	}
	return none, nil
}

// abort gives the streams' descriptors back.
func (p *Process) abort() {
	for _, s := range []*Stream{p.Stdin, p.Stdout, p.Stderr} {
		if s != nil {
			s.Abort()
		}
	}
}

// left is called when a stream has been closed, and when the child has exited.
func (p *Process) left() {
	if p.open--; p.open == 0 {
		p.over.Set(struct{}{})
	}
}
