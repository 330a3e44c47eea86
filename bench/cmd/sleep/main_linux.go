// Sleep measures the ways in which an event loop can wait, with one small echo
// server (servers/sleepecho) under loads of several shapes. It prints a
// Markdown table on standard output and its progress on standard error.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/zonda-go/zonda/bench/internal/measure"
	"github.com/zonda-go/zonda/bench/internal/payload"
	"github.com/zonda-go/zonda/bench/internal/rig"
)

func main() {
	log.SetFlags(0)
	var p plan
	ways := flag.String("ways", "block,dance,park,polite,spin", "ways to compare, the first being the base of ratios; there are parkdance and parkonly, too")
	procs := flag.String("procs", "1,2", "values of GOMAXPROCS")
	loops := flag.String("loops", "1,2", "numbers of loops in the server")
	others := flag.String("others", "none,busy", "whether goroutines compute beside the loops")
	conns := flag.String("conns", "1,8,64,512", "numbers of connections, each with one message in flight")
	flag.IntVar(&p.rounds, "rounds", 5, "rounds")
	flag.Float64Var(&p.secs, "secs", 1, "seconds of each window")
	flag.DurationVar(&p.warmup, "warmup", 100*time.Millisecond, "time before each window")
	flag.Parse()

	p.ways = names(*ways)
	var err error
	if p.shapes, err = shapesOf(*procs, *loops, *others, *conns); err == nil {
		err = p.check()
	}
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err = compare(ctx, p)
	stop()
	if err != nil {
		log.Fatal("sleep: ", err)
	}
}

// compare builds, measures and prints. It leaves no process and no file.
func compare(ctx context.Context, p plan) error {
	c, err := rig.ChooseCores()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "zonda-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := rig.Build(ctx, dir, "load", "servers/sleepecho"); err != nil {
		return err
	}
	log.Printf("%d shapes, %d ways, %d rounds: about %v", len(p.shapes), len(p.ways), p.rounds, p.longest().Round(time.Second))
	all := map[shape]results{}
	for _, s := range p.shapes {
		all[s] = results{}
		for _, w := range p.ways {
			all[s][w] = &figures{}
		}
	}
	for round := range p.rounds {
		for _, s := range p.shapes {
			for _, way := range measure.Rotated(p.ways, round) {
				run, work, err := measureOne(ctx, p, c, dir, s, way)
				if ctx.Err() != nil {
					return errors.New("interrupted")
				}
				if err != nil {
					return fmt.Errorf("%w (%s, %+v, round %d)", err, way, s, round+1)
				}
				log.Printf("round %d/%d GOMAXPROCS=%d loops %d others %s conns %-3d %-9s %8.0f requests/s, %.3f µs CPU/request",
					round+1, p.rounds, s.procs, s.loops, s.others(), s.conns, way, run.PerSecond(), run.CPUPerRequest())
				f := all[s][way]
				f.runs, f.work = append(f.runs, run), append(f.work, work)
			}
		}
	}
	report(p, c, all)
	return nil
}

// measureOne runs a fresh server process for one window.
func measureOne(ctx context.Context, p plan, c rig.Cores, dir string, s shape, way string) (measure.Run, measure.Work, error) {
	program := rig.Program{
		Path: filepath.Join(dir, "sleepecho"),
		Args: []string{
			"-way", way, "-loops", strconv.Itoa(s.loops), "-busy=" + strconv.FormatBool(s.busy),
			"-for", (p.warmup + p.window() + 30*time.Second).String(),
		},
		CPU:   c.Server,
		Procs: s.procs,
	}
	if s.procs > 1 {
		program.CPU = rig.AnyCPU
	}
	server, err := rig.StartServer(ctx, program)
	if err != nil {
		return measure.Run{}, measure.Work{}, err
	}
	defer server.Stop()
	run, err := rig.Load{
		Path: filepath.Join(dir, "load"), CPU: c.Load, Kind: "echo",
		Conns: s.conns, Inflight: 1, Warmup: p.warmup, Window: p.window(),
	}.Run(ctx, server)
	if err != nil {
		return run, measure.Work{}, err
	}
	var work measure.Work
	if out := server.Stop(); json.Unmarshal([]byte(out), &work) != nil || s.busy != (work.Units > 0) {
		return run, work, fmt.Errorf("the server printed %q at its end", out)
	}
	return run, work, nil
}

func report(p plan, c rig.Cores, all map[shape]results) {
	fmt.Printf("Echo of %d bytes, one message in flight on each connection, over loopback. %s %s/%s, %d processors, GOGC=100; load on processor %d, servers with GOMAXPROCS=1 on processor %d",
		payload.MessageSize, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), c.Load, c.Server)
	if c.Note != "" {
		fmt.Printf(" (%s)", c.Note)
	}
	fmt.Print(".\n")
	writeLegend(os.Stdout, p)
	fmt.Println()
	writeTable(os.Stdout, p, all)
}
