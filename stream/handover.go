package stream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/zonda-go/zonda/internal/sock"
	"github.com/zonda-go/zonda/loop"
)

// The environment through which a process says which descriptors it gives to another:
// ours, and that of systemd's socket activation (sd_listen_fds).
const (
	envFDs          = "ZONDA_LISTEN_FDS"
	envReady        = "ZONDA_READY_FD"
	envSystemdFDs   = "LISTEN_FDS"
	envSystemdPID   = "LISTEN_PID"
	envSystemdNames = "LISTEN_FDNAMES"
	firstFD         = 3 // behind standard input, output and error
)

// Inheritance is what this process was given by the one that has started it. Any goroutine
// may use it; its fields are not to be changed.
type Inheritance struct {
	// Sockets are listening sockets, for System.ListenFD. Empty: there are none.
	Sockets []InheritedSocket
	ready   *os.File // nil: nobody waits for Ready
}

// InheritedSocket is one of them. It is a value without owner.
type InheritedSocket struct {
	// FD is its descriptor.
	FD int
	// Name is what the unit file of systemd calls it; "" if it does not.
	Name string
}

// Inherit finds the listening sockets that Server.Handover has given to this process
// (ZONDA_LISTEN_FDS), or systemd (LISTEN_FDS, if LISTEN_PID is this process), and removes
// the variables from the environment, so that no child takes them for its own: so a second
// call finds nothing. An error says which variable is malformed.
func Inherit() (*Inheritance, error) {
	in := &Inheritance{}
	n, err := envNumber(envFDs)
	ready, err2 := envNumber(envReady)
	theirs, err3 := envNumber(envSystemdFDs)
	pid, err4 := envNumber(envSystemdPID)
	names := strings.Split(os.Getenv(envSystemdNames), ":")
	for _, name := range []string{envFDs, envReady, envSystemdFDs, envSystemdPID, envSystemdNames} {
		_ = os.Unsetenv(name) // of a valid name it does not fail
	}
	if err := errors.Join(err, err2, err3, err4); err != nil {
		return nil, err
	}
	if n == 0 && pid == os.Getpid() {
		n = theirs
	} else {
		names = nil
	}
	for i := range n {
		s := InheritedSocket{FD: firstFD + i}
		if i < len(names) {
			s.Name = names[i]
		}
		in.Sockets = append(in.Sockets, s)
	}
	if ready > 0 {
		in.ready = os.NewFile(uintptr(ready), "ready")
	}
	return in, nil
}

func envNumber(name string) (int, error) {
	s := os.Getenv(name)
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 1<<16 {
		return 0, fmt.Errorf("stream: %s is %q", name, s)
	}
	return n, nil
}

// Listen makes listeners of l of the sockets, for Server.Serve. If there is an error it has
// closed them all. It belongs to the loop, and is called once.
func (in *Inheritance) Listen(l *loop.Loop) ([]Listener, error) {
	var lns []Listener
	var failed error
	for _, s := range in.Sockets {
		ln, err := System{}.ListenFD(l, s.FD)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		lns = append(lns, ln)
	}
	if failed != nil {
		for _, ln := range lns {
			failed = errors.Join(failed, ln.Close())
		}
		return nil, failed
	}
	return lns, nil
}

// Ready tells the process that has called Handover that this one serves.
func (in *Inheritance) Ready() error {
	if in.ready == nil {
		return nil
	}
	_, err := in.ready.Write([]byte{1})
	err = errors.Join(err, in.ready.Close())
	in.ready = nil
	return err
}

// Handover starts another process that takes the listening sockets over, and waits until
// that calls Inheritance.Ready. Both accept connections then; Shutdown ends that here. No
// client is refused in between, because the sockets, and with them those who wait to be
// accepted, are never closed. A nil cmd is this program with its arguments, environment
// and standard files, and the new process belongs to nobody; a cmd of one's own must not be
// started yet nor have ExtraFiles, and it is the caller's to Wait for it.
//
// If the new process ends before it is ready, or ctx does, in which case it is killed, there
// is an error, and this one goes on as before. Any goroutine may call it, but not whoever
// holds one of the server's loops: it blocks.
func (s *Server) Handover(ctx context.Context, cmd *exec.Cmd) error {
	files, err := s.listenFiles()
	defer func() {
		for _, f := range files {
			_ = f.Close() // ours were duplicates
		}
	}()
	if err != nil {
		return fmt.Errorf("stream: handover: %w", err)
	}
	own := cmd == nil
	if own {
		if cmd, err = again(); err != nil {
			return fmt.Errorf("stream: handover: %w", err)
		}
	}
	if err := succeed(ctx, cmd, files); err != nil {
		return fmt.Errorf("stream: handover: %w", err)
	}
	if own {
		_ = cmd.Process.Release() // nobody will wait for it
	}
	return nil
}

// again is this program once more.
func again() (*exec.Cmd, error) {
	name, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(name, os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd, nil
}

// succeed starts cmd with the sockets and waits until it is ready.
func succeed(ctx context.Context, cmd *exec.Cmd, files []*os.File) error {
	if len(cmd.ExtraFiles) > 0 {
		return errors.New("the command has ExtraFiles")
	}
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	cmd.ExtraFiles = append(slices.Clone(files), w)
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = slices.DeleteFunc(cmd.Env, func(s string) bool {
		return strings.HasPrefix(s, "LISTEN_") || strings.HasPrefix(s, envFDs) || strings.HasPrefix(s, envReady)
	})
	cmd.Env = append(cmd.Env, fmt.Sprintf("%s=%d", envFDs, len(files)), fmt.Sprintf("%s=%d", envReady, firstFD+len(files)))
	err = cmd.Start()
	w.Close()
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { r.Close() })
	defer stop()
	if _, err = io.ReadFull(r, make([]byte, 1)); err == nil {
		return nil
	}
	_ = cmd.Process.Kill() // it may have ended
	ended := cmd.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return fmt.Errorf("the new process has ended (%w) before it was ready", cmp.Or(ended, err))
}

// listenFiles is duplicates of the sockets that the server listens on.
func (s *Server) listenFiles() (files []*os.File, err error) {
	s.mu.Lock()
	sv := s.sv
	s.mu.Unlock()
	if sv == nil {
		return nil, ErrServerClosed
	}
	for _, st := range sv.all() {
		type result struct {
			files []*os.File
			err   error
		}
		got := make(chan result, 1)
		if st.l.Post(func() {
			var r result
			r.files, r.err = st.files()
			got <- r
		}) != nil {
			continue // a closed loop listens no more
		}
		select {
		case r := <-got:
			files = append(files, r.files...)
			err = errors.Join(err, r.err)
		case <-st.l.Closed():
		}
	}
	if err == nil && len(files) == 0 {
		err = ErrServerClosed
	}
	return files, err
}

// files is listenFiles on one loop.
func (st *site) files() (files []*os.File, err error) {
	if st.closed {
		return nil, nil
	}
	for _, ln := range st.listeners {
		n, ok := ln.(*listener)
		if !ok {
			return files, fmt.Errorf("a listener that is no socket: %w", errors.ErrUnsupported)
		}
		for _, d := range n.doors {
			fd, err := sock.Dup(d.fd)
			if err != nil {
				return files, err
			}
			files = append(files, os.NewFile(uintptr(fd), n.addr.String()))
		}
		n.file = nil // the name of a Unix socket is the other's now
	}
	return files, nil
}
