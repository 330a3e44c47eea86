// Compare measures servers, or clients, of one kind side by side: in interleaved
// rounds each one runs alone on one core, loaded or answered from another, and is
// judged by its CPU time per answer against that of the same round's others. It
// prints Markdown on standard output and its progress on standard error.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/zonda-go/zonda/bench/internal/hello"
	"github.com/zonda-go/zonda/bench/internal/measure"
	"github.com/zonda-go/zonda/bench/internal/rig"
)

func main() {
	log.SetFlags(0)
	var p plan
	kind := flag.String("kind", "hello", "what is compared: "+strings.Join(kindNames(), ", "))
	echo := flag.Bool("echo", false, "the same as -kind echo")
	servers := flag.String("servers", "", "servers to compare, by name; by default all of the kind")
	bars := flag.String("bars", "", "bars to judge by, as server/base=number,...; by default the brief's for this shape")
	flag.IntVar(&p.conns, "conns", 64, "connections")
	flag.IntVar(&p.inflight, "inflight", 1, "requests in flight on each connection")
	flag.IntVar(&p.rounds, "rounds", measure.MinRounds, "rounds")
	flag.Float64Var(&p.secs, "secs", measure.MinSecs, "seconds of each window")
	flag.DurationVar(&p.warmup, "warmup", 500*time.Millisecond, "time before each window")
	flag.IntVar(&p.procs, "procs", 1, "GOMAXPROCS of the servers, which stay on one core")
	flag.BoolVar(&p.wrk, "wrk", false, "after each window let wrk load the server too, for a second opinion")
	flag.Parse()

	if *echo {
		*kind = "echo"
	}
	var err error
	if p.kind, err = kindNamed(*kind); err != nil {
		log.Fatal(err)
	}
	if p.servers = splitNames(*servers); len(p.servers) == 0 {
		p.servers = p.kind.names()
	}
	p.bars = budget()[shape{p.kind.name, p.conns, p.inflight}]
	if *bars != "" {
		if p.bars, err = parseBars(*bars); err != nil {
			log.Fatal(err)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err = compare(ctx, p, os.Stdout)
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

// compare builds, measures and prints. It leaves no process and no file.
func compare(ctx context.Context, p plan, w io.Writer) error {
	if err := p.check(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "zonda-bench-")
	if err != nil {
		return fmt.Errorf("compare: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := build(ctx, dir, p); err != nil {
		return fmt.Errorf("compare: %w", err)
	}
	return measureAll(ctx, p, dir, w)
}

// build compiles what the plans need into dir.
func build(ctx context.Context, dir string, plans ...plan) error {
	var packages []string
	for _, p := range plans {
		packages = append(packages, "load")
		if p.kind.clients {
			packages = append(packages, "limit")
		}
		for _, name := range p.servers {
			s, err := p.kind.subject(name)
			if err != nil {
				return err
			}
			packages = append(packages, s.dir)
		}
	}
	slices.Sort(packages)
	return rig.Build(ctx, dir, slices.Compact(packages)...)
}

// measureAll measures with the programs in dir, and prints.
func measureAll(ctx context.Context, p plan, dir string, w io.Writer) error {
	c, err := rig.ChooseCores()
	if err != nil {
		return fmt.Errorf("compare: %w", err)
	}
	var wrk string
	if p.wrk {
		if wrk, err = wrkPath(); err != nil {
			return err
		}
	}
	ours, theirs := results{}, results{}
	for round := range p.rounds {
		for _, name := range measure.Rotated(p.servers, round) {
			run, second, err := measureOne(ctx, p, c, dir, name, wrk)
			if ctx.Err() != nil {
				return errors.New("compare: interrupted")
			}
			if err != nil {
				return fmt.Errorf("compare: %w (%s, round %d)", err, name, round+1)
			}
			log.Printf("round %d/%d %-15s %8.0f %s/s, %.3f µs CPU/%s",
				round+1, p.rounds, name, run.PerSecond(), p.kind.units(), run.CPUPerRequest(), p.kind.unit)
			ours[name] = append(ours[name], run)
			theirs[name] = append(theirs[name], second)
		}
	}
	report(w, p, c, ours, theirs)
	return nil
}

// measureOne runs a fresh process of a subject for one window, and for one of wrk if
// its path is given.
func measureOne(ctx context.Context, p plan, c rig.Cores, dir, name, wrk string) (run, second measure.Run, err error) {
	sub, err := p.kind.subject(name)
	if err != nil {
		return run, second, err
	}
	load := rig.Load{
		Path: filepath.Join(dir, "load"), CPU: c.Load, Kind: p.kind.name,
		Conns: p.conns, Inflight: p.inflight, Warmup: p.warmup, Window: p.window(),
	}
	program, cpu, measured := sub, c.Server, load.Run
	if p.kind.clients { // the subject is the load, and answered from the other side
		load.Path, load.CPU = filepath.Join(dir, sub.program()), c.Server
		program, cpu, measured = limit(len(hello.Request)), c.Load, load.RunClient
	}
	s, err := rig.StartServer(ctx, rig.Program{
		Path: filepath.Join(dir, program.program()), Args: program.args, CPU: cpu, Procs: p.procs,
	})
	if err != nil {
		return run, second, err
	}
	defer s.Stop()
	if run, err = measured(ctx, s); err != nil || wrk == "" {
		return run, second, err
	}
	second, err = runWrk(ctx, p, c, wrk, s)
	return run, second, err
}

func report(w io.Writer, p plan, c rig.Cores, ours, theirs results) {
	fmt.Fprintf(w, "%s: %d connections, %s; %d rounds of %g s, interleaved; loopback; medians (quartiles).\n",
		p.kind.name, p.conns, p.inFlight(), p.rounds, p.secs)
	other := "load"
	if p.kind.clients {
		other = "limit"
	}
	fmt.Fprintf(w, "%s %s/%s, %d processors; %ss on processor %d with GOMAXPROCS=%d GOGC=100, %s on processor %d",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), p.kind.role(), c.Server, p.procs, other, c.Load)
	if c.Note != "" {
		fmt.Fprintf(w, " (%s)", c.Note)
	}
	fmt.Fprint(w, ".\n\n")
	writeServers(w, p, ours)
	writeBars(w, p, ours)
	if p.wrk {
		fmt.Fprint(w, "\nThe same servers under wrk, with its connecting in the CPU time:\n\n")
		writeServers(w, p, theirs)
	}
}
