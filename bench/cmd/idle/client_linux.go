package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/zonda-go/zonda/bench/internal/asker"
	"github.com/zonda-go/zonda/bench/internal/rig"
)

// clientDifference is run for a client: its requests wait while it is read, and must
// all be answered afterwards.
func (t *trial) clientDifference(ctx context.Context) (float64, error) {
	p := t.asProgram(t.subject.program())
	p.Args = append([]string{"-slow", "-addr", t.server.Addr, "-conns", strconv.Itoa(t.base + t.n)}, t.subject.args...)
	if t.profile != "" {
		p.Env = profiled()
	}
	c, err := rig.Start(ctx, p)
	if err != nil {
		return 0, err
	}
	defer c.Stop()
	t.measured = c
	figure, err := t.betweenReadings(ctx, func(conns int) error { return t.waiting(ctx, conns) })
	if err == nil {
		err = t.released(ctx)
	}
	if err != nil {
		return 0, c.Explain(err)
	}
	return figure, nil
}

// waiting has the client make requests up to n, which must all have come to the server,
// and none been answered.
func (t *trial) waiting(ctx context.Context, n int) error {
	// Step by step: a client that connects 10,000 times at once measures its timeouts.
	const step = 200
	for begun := 0; begun < n; {
		begun = min(begun+step, n)
		for _, c := range []*rig.Process{t.measured, t.server.Process} {
			if _, err := c.Ask(ctx, strconv.Itoa(begun), opening(step)); err != nil {
				return err
			}
		}
	}
	answers, err := t.measured.Ask(ctx, asker.AskAnswered, answering)
	if err == nil && answers != "0" {
		err = fmt.Errorf("%s requests have been answered", answers)
	}
	return err
}

// released lets the server answer, and waits until the client has all answers.
func (t *trial) released(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answering)
	defer cancel()
	if _, err := t.server.Ask(ctx, "release", answering); err != nil {
		return err
	}
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		answers, err := t.measured.Ask(ctx, asker.AskAnswered, answering)
		if err != nil || answers == strconv.Itoa(t.base+t.n) {
			return err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("only %s requests have been answered", answers), ctx.Err())
		}
	}
}
