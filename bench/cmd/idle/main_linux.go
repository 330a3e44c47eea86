// Idle measures what an idle connection costs a server in memory. It opens some
// connections from a process of their own, with one exchange on each, waits, and
// reads the server's memory; then many more, and reads it again. The difference,
// divided by the number of those, is what one takes. Of clients it measures in the same
// way what a request costs that waits for its answer. It prints Markdown on standard
// output and its progress on standard error.
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

	"golang.org/x/sys/unix"

	"github.com/zonda-go/zonda/bench/internal/rig"
)

func main() {
	log.SetFlags(0)
	var p plan
	servers := flag.String("servers", "", "servers and clients to measure, of "+strings.Join(names(subjects()), ",")+"; by default all")
	flag.IntVar(&p.base, "base", 1000, "connections at the first reading")
	flag.IntVar(&p.n, "n", fullN, "how many more there are at the second")
	flag.DurationVar(&p.wait, "wait", fullWait, "how long they are idle before each reading")
	flag.StringVar(&p.profiles, "profiles", "", "also write a profile of each server's heap into this directory")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var err error
	if p.subjects, err = choose(*servers); err == nil {
		err = measureAll(ctx, p, os.Stdout)
	}
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

// measureAll builds, measures and prints. It leaves no process and no file, but for
// profiles that were asked for.
func measureAll(ctx context.Context, p plan, w io.Writer) error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("idle: %w", err)
	}
	if err := p.check(limit.Cur); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "zonda-bench-")
	if err != nil {
		return fmt.Errorf("idle: %w", err)
	}
	defer os.RemoveAll(dir)
	packages := []string{"hold", "stall"}
	for _, s := range p.subjects {
		packages = append(packages, s.dir)
	}
	slices.Sort(packages)
	if err := rig.Build(ctx, dir, slices.Compact(packages)...); err != nil {
		return fmt.Errorf("idle: %w", err)
	}
	var all []figures
	for _, s := range p.subjects {
		f, err := measureOne(ctx, p, dir, s)
		if ctx.Err() != nil {
			return errors.New("idle: interrupted")
		}
		if err != nil {
			return fmt.Errorf("idle: %s: %w", s.name, err)
		}
		log.Printf("%-15s %6.0f B resident, %6.0f B live per connection", s.name, f.resident, f.live)
		all = append(all, f)
	}
	fmt.Fprintf(w, "%d connections beyond the first %d, each after one exchange and %v idle, or, of clients, in one for so long; %s %s/%s, GOMAXPROCS=1 GOGC=100.\n",
		p.n, p.base, p.wait, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	fmt.Fprint(w, "Resident: difference of RssAnon. Live: difference of heap in use after a collection, and stacks.\n\n")
	writeTable(w, p, all)
	return nil
}

// measureOne reads a subject's two figures from two processes, at the same time: the
// collection that comes before the one would change the other.
func measureOne(ctx context.Context, p plan, dir string, s subject) (f figures, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	resident := trial{plan: p, subject: s, programs: dir, read: residentBytes}
	live := trial{plan: p, subject: s, programs: dir, read: liveBytes}
	if p.profiles != "" {
		live.profile = filepath.Join(p.profiles, s.name+".heap")
	}
	// One after the other: a fork at the wrong moment would keep the port that the
	// other one has been looking for.
	for _, t := range []*trial{&resident, &live} {
		if err := t.start(ctx); err != nil {
			return f, err
		}
		defer t.server.Stop()
	}
	ended := make(chan error, 1)
	go func() {
		var err error
		if f.live, err = live.run(ctx); err != nil {
			cancel()
		}
		ended <- err
	}()
	if f.resident, err = resident.run(ctx); err != nil {
		cancel()
	}
	return f, errors.Join(err, <-ended)
}
