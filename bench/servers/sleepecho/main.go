// Sleepecho is an echo server on bare pollers whose way of sleeping is a flag:
// cmd/sleep compares the ways with it. Nothing else differs between them, and
// there is little else: a loop reads what has come and writes it back.
//
// It runs until SIGTERM, for a bounded time at most, and then prints what the
// process's other goroutines got done as one line of JSON (measure.Work).
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(0)
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	name := flag.String("way", "block", "how a loop sleeps: "+strings.Join(wayNames(), ", "))
	loops := flag.Int("loops", 1, "loops, each on a goroutine of its own; connections take turns")
	busy := flag.Bool("busy", false, "let as many goroutines as GOMAXPROCS compute beside the loops")
	limit := flag.Duration("for", time.Minute, "end after this time")
	flag.Parse()

	if err := run(*addr, *name, *loops, *busy, *limit); err != nil {
		log.Fatal("sleepecho: ", err)
	}
}

func run(addr, name string, loops int, busy bool, limit time.Duration) error {
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	s, err := listen(addr, name, loops)
	if err != nil {
		return err
	}
	var o others
	if busy {
		o.start(runtime.GOMAXPROCS(0))
		s.loops[0].first = o.reset
	}
	s.start()
	select {
	case <-term:
	case <-time.After(limit):
		err = fmt.Errorf("not told to end within %v", limit)
	}
	work := o.stop()
	if err := s.close(); err != nil {
		return err
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(work)
}
