package stream

import (
	"cmp"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/zonda-go/zonda/loop"
)

// Wait is a future of the exit, with its error as exec.Cmd.Wait has it: an
// *exec.ExitError if the child has failed, which has the state, too (Tornado's
// wait_for_exit). Each call gives one of its own. The streams may have bytes left then.
func (p *Process) Wait() *loop.Future[*os.ProcessState] {
	return loop.Map(p.exit.Future(), func(e exited) (*os.ProcessState, error) { return e.state, e.err })
}

// ExitCode is Wait for those to whom a failure is no error: a future of the exit code, or
// of -n if signal n has ended the child (Tornado's returncode). It fails only if that
// cannot be known.
func (p *Process) ExitCode() *loop.Future[int] {
	return loop.Map(p.exit.Future(), func(e exited) (int, error) {
		var failed *exec.ExitError
		if e.err != nil && !errors.As(e.err, &failed) {
			return 0, e.err
		}
		if status, ok := e.state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			return -int(status.Signal()), nil
		}
		return e.state.ExitCode(), nil
	})
}

// PID is the child's number while it runs, and 0 when it has exited.
func (p *Process) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.child == nil {
		return 0
	}
	return p.child.Pid
}

// Signal sends the child a signal. When it has exited the error is os.ErrProcessDone.
func (p *Process) Signal(sig os.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.child == nil {
		return os.ErrProcessDone
	}
	return p.child.Signal(sig)
}

// Terminate ends the child: it is sent ProcessOptions.Signal, and killed if it still runs
// after the Grace. It does not wait for that.
func (p *Process) Terminate() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.doomed {
		p.doomed = true
		p.finish()
	}
}

// begun notes that the child runs.
func (p *Process) begun() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.child = p.cmd.Process
	p.finish()
}

// finish begins to end a child that runs and is doomed. It needs mu. Errors mean that the
// child has exited.
func (p *Process) finish() {
	child := p.child
	switch {
	case child == nil || !p.doomed:
	case p.o.Grace < 0:
		_ = child.Kill()
	default:
		sig := p.o.Signal
		if sig == nil {
			sig = syscall.SIGTERM
		}
		_ = child.Signal(sig)
		p.killer = time.AfterFunc(cmp.Or(p.o.Grace, killGrace), func() { _ = child.Kill() })
	}
}

// ended notes that the child has exited.
func (p *Process) ended() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.child = nil
	if p.killer != nil {
		p.killer.Stop()
	}
}
