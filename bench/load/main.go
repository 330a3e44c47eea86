//go:build linux

// Load sends requests or messages to one server for a fixed time and prints what it
// saw as one line of JSON (measure.Run). It is one thread with an epoll loop of its
// own, so that it costs little and keeps to one core.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"runtime"
	"strings"
	"time"
)

func main() {
	log.SetFlags(0)
	var o options
	flag.StringVar(&o.addr, "addr", "127.0.0.1:8080", "IPv4 address of the server")
	flag.IntVar(&o.conns, "conns", 64, "connections")
	flag.IntVar(&o.inflight, "inflight", 1, "requests in flight on each connection")
	flag.StringVar(&o.kind, "kind", "hello", "what is asked for: "+strings.Join(kinds(), ", "))
	flag.DurationVar(&o.warmup, "warmup", 500*time.Millisecond, "time before the window in which nothing is counted")
	flag.DurationVar(&o.window, "window", 3*time.Second, "time in which answers are counted")
	flag.IntVar(&o.watch, "watch", 0, "process whose CPU time in the window is reported")
	flag.Parse()

	runtime.LockOSThread()
	run, err := drive(o)
	if err != nil {
		log.Fatal(err)
	}
	line, err := json.Marshal(run)
	if err != nil {
		log.Fatal("load: ", err)
	}
	fmt.Fprintf(os.Stdout, "%s\n", line)
}
