// Command webspider reads all pages of one site (Tornado's demo): ten workers take URLs
// out of a queue, get the pages, and put in what the pages link to, as long as it lies
// below the first URL. On a terminal it shows how far it is; Ctrl-C ends it in good order.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

func main() {
	s := spider{out: os.Stdout}
	limit := flag.Duration("timeout", 5*time.Minute, "give up after this time")
	flag.IntVar(&s.workers, "workers", 10, "how many pages are asked for at a time")
	flag.BoolVar(&s.quiet, "q", false, "do not name the pages")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: webspider [flags] URL")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 || s.workers < 1 {
		flag.Usage()
		os.Exit(2)
	}
	if info, err := os.Stderr.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		s.progress = os.Stderr
	}
	if err := crawl(&s, flag.Arg(0), *limit); err != nil {
		fmt.Fprintln(os.Stderr, "webspider:", err)
		os.Exit(1)
	}
}

// errInterrupted is the cause with which Ctrl-C cancels the work.
var errInterrupted = errors.New("interrupted")

// crawl runs a spider on a loop of its own, and says in the end what came of it.
func crawl(s *spider, root string, limit time.Duration) error {
	l, err := loop.New(nil)
	if err != nil {
		return err
	}
	defer l.Close()
	_, err = loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		scope, done := co.WithTimeout(limit)
		defer done()
		scope, cancel := scope.WithCancel()
		defer cancel(nil)
		defer l.OnSignal(func(os.Signal) { cancel(errInterrupted) }, os.Interrupt, syscall.SIGTERM)()
		client := &http1.Client{MaxPerHost: s.workers, UserAgent: "zonda-webspider"}
		defer client.Close()
		s.client = client
		if s.progress != nil {
			defer fmt.Fprintln(s.progress)
			defer l.Every(100*time.Millisecond, s.show).Stop()
		}
		began := l.Now()
		err := s.run(scope, root)
		fmt.Fprintf(s.out, "Done in %d seconds, fetched %d URLs.\n", int(l.Now().Sub(began).Seconds()), s.fetched)
		if n := len(s.dead); n > 0 {
			fmt.Fprintf(s.out, "Unable to fetch %d URLs.\n", n)
		}
		return struct{}{}, err
	})
	return err
}

// show writes the line of progress over the one before.
func (s *spider) show() {
	fmt.Fprintf(s.progress, "\r%d of %d pages, %d failed, %.1f kB ", s.fetched, len(s.seen), len(s.dead), float64(s.bytes)/1e3)
}
