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

// answering is how long a program may take for a collection and an answer.
const answering = 30 * time.Second

// A trial is one process that is measured with the one at the other end of its
// connections, and one figure.
type trial struct {
	plan
	subject
	programs string // directory of the executables
	read     func(context.Context, *rig.Process) (uint64, error)
	profile  string // where the program writes a profile of its heap; "": nowhere

	server   *rig.Server  // after start
	measured *rig.Process // the server's, or that of a client
}

func residentBytes(_ context.Context, c *rig.Process) (uint64, error) {
	return measure.AnonymousMemory(c.PID)
}

func liveBytes(ctx context.Context, c *rig.Process) (uint64, error) {
	answer, err := c.Ask(ctx, live.Ask, answering)
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(answer, 10, 64)
}

// start starts the trial's server, which the caller stops.
func (t *trial) start(ctx context.Context) (err error) {
	p := t.asProgram(t.subject.program())
	p.Args = t.args
	if t.client {
		p = t.asProgram("stall")
	} else if t.profile != "" {
		p.Env = profiled()
	}
	if t.server, err = rig.StartServer(ctx, p); err == nil {
		t.measured = t.server.Process
	}
	return err
}

func (t *trial) asProgram(name string) rig.Program {
	return rig.Program{Path: filepath.Join(t.programs, name), CPU: rig.AnyCPU, Procs: 1, Asked: true}
}

// profiled has a profile show every allocation.
func profiled() []string { return []string{"GODEBUG=memprofilerate=1"} }

// run returns the figure, per connection.
func (t *trial) run(ctx context.Context) (float64, error) {
	measure := t.difference
	if t.client {
		measure = t.clientDifference
	}
	figure, err := measure(ctx)
	if err != nil {
		return 0, t.server.Explain(err)
	}
	return figure, nil
}

// difference is run for a server.
func (t *trial) difference(ctx context.Context) (float64, error) {
	p := t.asProgram("hold")
	p.Args = []string{"-addr", t.server.Addr, "-kind", t.exchange}
	h, err := rig.Start(ctx, p)
	if err != nil {
		return 0, err
	}
	defer h.Stop()
	return t.betweenReadings(ctx, func(conns int) error { return held(ctx, h, conns) })
}

// betweenReadings reads twice. hold has connections up to a number, and fails if they
// are not all idle.
func (t *trial) betweenReadings(ctx context.Context, hold func(conns int) error) (float64, error) {
	few, err := t.at(ctx, hold, t.base)
	if err != nil {
		return 0, err
	}
	many, err := t.at(ctx, hold, t.base+t.n)
	if err != nil {
		return 0, err
	}
	if t.profile != "" {
		answer, err := t.measured.Ask(ctx, live.AskProfile+" "+t.profile, answering)
		if err != nil {
			return 0, err
		}
		if answer != "ok" {
			return 0, fmt.Errorf("profile: %s", answer)
		}
	}
	return (float64(many) - float64(few)) / float64(t.n), nil
}

// at reads the figure when there are conns connections that have been idle, and sees
// to it that they are still there afterwards.
func (t *trial) at(ctx context.Context, hold func(int) error, conns int) (uint64, error) {
	if err := hold(conns); err != nil {
		return 0, err
	}
	select {
	case <-time.After(t.wait):
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	n, err := t.read(ctx, t.measured)
	if err != nil {
		return 0, err
	}
	return n, hold(conns)
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
