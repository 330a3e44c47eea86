package main

import (
	"context"
	"fmt"
	"math"
	"os/exec"
	"regexp"
	"strconv"
	"time"

	"github.com/zonda-go/zonda/bench/internal/hello"
	"github.com/zonda-go/zonda/bench/internal/measure"
	"github.com/zonda-go/zonda/bench/internal/rig"
)

// wrkPath finds wrk, or says that it is missing.
func wrkPath() (string, error) {
	path, err := exec.LookPath("wrk")
	if err != nil {
		return "", fmt.Errorf("compare: -wrk: %w", err)
	}
	return path, nil
}

// runWrk lets wrk load s for one window. wrk has no warm-up, so the server's
// CPU time includes its connections being accepted; it tells no more than the
// second opinion it is asked for. Its request has the headers of ours, in an
// order of its own, and so the same length: bench/limit counts bytes.
func runWrk(ctx context.Context, p plan, c rig.Cores, path string, s *rig.Server) (measure.Run, error) {
	before, err := measure.ProcessCPU(s.PID)
	if err != nil {
		return measure.Run{}, err
	}
	out, err := rig.Output(ctx, c.Load, p.warmup+p.window(), path, "-t1", "-c"+strconv.Itoa(p.conns),
		"-d"+strconv.Itoa(int(math.Ceil(p.secs)))+"s", "--latency",
		"-H", "Host: 127.0.0.1", "-H", "User-Agent: "+hello.UserAgent, "-H", "Accept: "+hello.Accept,
		"http://"+s.Addr+"/")
	if err != nil {
		return measure.Run{}, err
	}
	after, err := measure.ProcessCPU(s.PID)
	if err != nil {
		return measure.Run{}, err
	}
	run, err := parseWrk(string(out))
	if err != nil {
		return measure.Run{}, err
	}
	run.ServerCPU = measure.Micros(after - before)
	return run, rig.Usable(run)
}

// parseWrk reads wrk's report.
func parseWrk(report string) (measure.Run, error) {
	var run measure.Run
	m := regexp.MustCompile(`(\d+) requests in (\S+),`).FindStringSubmatch(report)
	if m == nil {
		return run, fmt.Errorf("wrk printed %q", report)
	}
	var err error
	if run.Requests, err = strconv.ParseInt(m[1], 10, 64); err != nil {
		return run, fmt.Errorf("wrk: %w", err)
	}
	length, err := time.ParseDuration(m[2])
	if err != nil {
		return run, fmt.Errorf("wrk: %w", err)
	}
	run.Seconds = length.Seconds()
	for share, field := range map[string]*float64{"50%": &run.P50, "90%": &run.P90, "99%": &run.P99} {
		m := regexp.MustCompile(share + `\s+(\S+)`).FindStringSubmatch(report)
		if m == nil {
			return run, fmt.Errorf("wrk printed no %s: %q", share, report)
		}
		d, err := time.ParseDuration(m[1])
		if err != nil {
			return run, fmt.Errorf("wrk: %w", err)
		}
		*field = measure.Micros(d)
	}
	// wrk counts on after errors and names them in two lines.
	for _, line := range regexp.MustCompile(`(?:Socket errors|Non-2xx).*`).FindAllString(report, -1) {
		for _, n := range regexp.MustCompile(`\b\d+\b`).FindAllString(line, -1) {
			count, err := strconv.ParseInt(n, 10, 64)
			if err != nil {
				return run, fmt.Errorf("wrk: %w", err)
			}
			run.Errors += count
		}
	}
	return run, nil
}
