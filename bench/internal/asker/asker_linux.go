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
	Warmup time.Duration
	Window time.Duration
}

// URL is what is asked for.
func (o Options) URL() string { return "http://" + o.Addr + "/" }

// Main is the main function of a client. start begins to ask, Conns times at once, and
// tells rec of each answer until that has enough.
func Main(name string, start func(o Options, rec *Recorder) error) {
	log.SetFlags(0)
	var o Options
	flag.StringVar(&o.Addr, "addr", "127.0.0.1:8080", "IPv4 address of the server")
	flag.IntVar(&o.Conns, "conns", 64, "requests at the same time")
	flag.DurationVar(&o.Warmup, "warmup", 500*time.Millisecond, "time before the window in which nothing is counted")
	flag.DurationVar(&o.Window, "window", 3*time.Second, "time in which answers are counted")
	flag.Parse()
	run, err := Drive(o, start)
	if err != nil {
		log.Fatal(name, ": ", err)
	}
	line, err := json.Marshal(run)
	if err != nil {
		log.Fatal(name, ": ", err)
	}
	fmt.Printf("%s\n", line)
}

// Drive is Main without flags: it runs the window and returns what happened in it.
func Drive(o Options, start func(Options, *Recorder) error) (measure.Run, error) {
	if ap, err := netip.ParseAddrPort(o.Addr); err != nil || !ap.Addr().Is4() {
		return measure.Run{}, fmt.Errorf("%q is not an IPv4 address and port", o.Addr)
	}
	if o.Conns <= 0 || o.Window <= 0 {
		return measure.Run{}, errors.New("requests at the same time and window must be above 0")
	}
	rec := &Recorder{left: o.Conns, cpu: func() (time.Duration, error) { return measure.ProcessCPU(os.Getpid()) }}
	if err := start(o, rec); err != nil {
		return measure.Run{}, err
	}
	<-time.After(o.Warmup)
	if err := rec.begin(); err != nil {
		return measure.Run{}, err
	}
	<-time.After(o.Window)
	return rec.end()
}

// Workers asks on as many goroutines as there are to be requests at the same time.
// ask has one answered.
func Workers(o Options, rec *Recorder, ask func() error) {
	for range o.Conns {
		go func() {
			for {
				begun := time.Now()
				if err := ask(); !rec.Answered(time.Since(begun), err) {
					return
				}
			}
		}()
	}
}

// Check says what is wrong with an answer.
func Check(status int, body []byte) error {
	if status != 200 || string(body) != hello.Body {
		return fmt.Errorf("answered with status %d, %q", status, body)
	}
	return nil
}
