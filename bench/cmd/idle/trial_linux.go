package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/zonda-go/zonda/bench/internal/live"
	"github.com/zonda-go/zonda/bench/internal/measure"
	"github.com/zonda-go/zonda/bench/internal/rig"
)

// answering is how long a server may take for a collection and an answer.
const answering = 30 * time.Second

// A trial is one server process with the process that holds its connections, and one
// figure.
type trial struct {
	plan
	subject
	programs string // directory of the executables
	read     func(context.Context, *rig.Server) (uint64, error)
	profile  string // where the server writes a profile of its heap; "": nowhere

	server *rig.Server // after start
}

func residentBytes(_ context.Context, s *rig.Server) (uint64, error) {
	return measure.AnonymousMemory(s.PID)
}

func liveBytes(ctx context.Context, s *rig.Server) (uint64, error) {
	answer, err := s.Ask(ctx, live.Ask, answering)
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(answer, 10, 64)
}

// start starts the trial's server, which the caller stops.
func (t *trial) start(ctx context.Context) (err error) {
	p := rig.Program{Path: t.executable(t.program()), Args: t.args, CPU: rig.AnyCPU, Procs: 1, Asked: true}
	if t.profile != "" {
		p.Env = []string{"GODEBUG=memprofilerate=1"}
	}
	t.server, err = rig.StartServer(ctx, p)
	return err
}

// run returns the figure, per connection.
func (t *trial) run(ctx context.Context) (float64, error) {
	figure, err := t.difference(ctx)
	if err != nil {
		return 0, t.server.Explain(err)
	}
	return figure, nil
}

func (t *trial) difference(ctx context.Context) (float64, error) {
	h, err := rig.Start(ctx, rig.Program{
		Path: t.executable("hold"), Args: []string{"-addr", t.server.Addr, "-kind", t.exchange}, CPU: rig.AnyCPU, Procs: 1, Asked: true,
	})
	if err != nil {
		return 0, err
	}
	defer h.Stop()
	few, err := t.at(ctx, h, t.base)
	if err != nil {
		return 0, err
	}
	many, err := t.at(ctx, h, t.base+t.n)
	if err != nil {
		return 0, err
	}
	if t.profile != "" {
		answer, err := t.server.Ask(ctx, live.AskProfile+" "+t.profile, answering)
		if err != nil {
			return 0, err
		}
		if answer != "ok" {
			return 0, fmt.Errorf("profile: %s", answer)
		}
	}
	return (float64(many) - float64(few)) / float64(t.n), nil
}

func (t *trial) executable(name string) string { return filepath.Join(t.programs, name) }

// at reads the figure when there are conns connections that have been idle, and sees
// to it that they are still there afterwards.
func (t *trial) at(ctx context.Context, h *rig.Process, conns int) (uint64, error) {
	if err := held(ctx, h, conns); err != nil {
		return 0, err
	}
	select {
	case <-time.After(t.wait):
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	n, err := t.read(ctx, t.server)
	if err != nil {
		return 0, err
	}
	return n, held(ctx, h, conns)
}

// held has h open connections up to conns, which must then all be idle.
func held(ctx context.Context, h *rig.Process, conns int) error {
	want := strconv.Itoa(conns)
	silent, err := h.Ask(ctx, want, opening(conns))
	if err == nil && silent != want {
		err = fmt.Errorf("only %s of %s connections are open and silent", silent, want)
	}
	return err
}
