// Package asker is what the HTTP clients that are measured have in common: a client
// process asks for hello as fast as it can, measures itself, and reports in the manner
// of bench/load.
package asker

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/netip"
	"os"
	"time"

	"github.com/zonda-go/zonda/bench/internal/hello"
	"github.com/zonda-go/zonda/bench/internal/measure"
)

// Options are a client's flags.
type Options struct {
	Addr   string // of the server
	Conns  int    // requests at the same time, each on a connection
	Slow   bool   // answers may take minutes: hold
	Warmup time.Duration
	Window time.Duration
}

// URL is what is asked for.
func (o Options) URL() string { return "http://" + o.Addr + "/" }

// Open makes a client. begin has it make n more requests at the same time, each of them
// again and again: it tells rec of each answer until that has enough.
type Open func(o Options, rec *Recorder) (begin func(n int), err error)

// Main is the main function of a client.
func Main(name string, open Open) {
	log.SetFlags(0)
	var o Options
	flag.StringVar(&o.Addr, "addr", "127.0.0.1:8080", "IPv4 address of the server")
	flag.IntVar(&o.Conns, "conns", 64, "requests at the same time")
	flag.BoolVar(&o.Slow, "slow", false, "make the requests that standard input asks for: see package asker's hold")
	flag.DurationVar(&o.Warmup, "warmup", 500*time.Millisecond, "time before the window in which nothing is counted")
	flag.DurationVar(&o.Window, "window", 3*time.Second, "time in which answers are counted")
	flag.Parse()
	var err error
	if o.Slow {
		err = hold(o, open, os.Stdin, os.Stdout)
	} else {
		err = report(o, open)
	}
	if err != nil {
		log.Fatal(name, ": ", err)
	}
}

func report(o Options, open Open) error {
	run, err := Drive(o, open)
	if err != nil {
		return err
	}
	line, err := json.Marshal(run)
	if err == nil {
		fmt.Printf("%s\n", line)
	}
	return err
}

// Drive runs the window and returns what happened in it.
func Drive(o Options, open Open) (measure.Run, error) {
	if err := o.check(); err != nil {
		return measure.Run{}, err
	}
	rec := &Recorder{left: o.Conns, cpu: func() (time.Duration, error) { return measure.ProcessCPU(os.Getpid()) }}
	begin, err := open(o, rec)
	if err != nil {
		return measure.Run{}, err
	}
	begin(o.Conns)
	<-time.After(o.Warmup)
	if err := rec.begin(); err != nil {
		return measure.Run{}, err
	}
	<-time.After(o.Window)
	return rec.end()
}

func (o Options) check() error {
	if ap, err := netip.ParseAddrPort(o.Addr); err != nil || !ap.Addr().Is4() {
		return fmt.Errorf("%q is not an IPv4 address and port", o.Addr)
	}
	if o.Conns <= 0 || o.Window <= 0 {
		return errors.New("requests at the same time and window must be above 0")
	}
	return nil
}

// Workers is a begin on goroutines. ask has one request answered.
func Workers(rec *Recorder, ask func() error) (begin func(n int)) {
	worker := func() {
		for {
			begun := time.Now()
			if err := ask(); !rec.Answered(time.Since(begun), err) {
				return
			}
		}
	}
	return func(n int) {
		for range n {
			go worker()
		}
	}
}

// Check says what is wrong with an answer.
func Check(status int, body []byte) error {
	if status != 200 || string(body) != hello.Body {
		return fmt.Errorf("answered with status %d, %q", status, body)
	}
	return nil
}
