// Command fetch gets a URL, as curl does: it prints the body, or puts it into a file with
// a bar of progress, follows redirects, sends data, goes through a proxy, and with -v
// tells what it got, and how long each phase took. Its exit status says what
// failed: see the constants.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// What the exit status says.
const (
	exitFailed      = 1   // something else, such as a file that cannot be written
	exitUsage       = 2   // wrong arguments
	exitConnect     = 7   // no connection: the name, the server or the proxy
	exitStatus      = 22  // -f, and a status other than 2xx
	exitTimeout     = 28  // it took too long
	exitTLS         = 35  // no handshake
	exitRedirects   = 47  // -L, and more than maxRedirects
	exitCut         = 56  // the response is none, or not whole
	exitInterrupted = 130 // Ctrl-C
)

// options are the program's arguments.
type options struct {
	url      string
	output   string
	method   string
	data     *string // nil: none
	header   http1.Header
	proxy    string
	follow   bool
	fail     bool
	verbose  bool
	maxTime  time.Duration
	progress io.Writer // nil: none
	out, err io.Writer
}

func main() {
	o := options{out: os.Stdout, err: os.Stderr}
	if err := o.parse(os.Args[1:]); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "fetch:", err)
		}
		os.Exit(exitUsage)
	}
	if o.output != "" && isTerminal(os.Stderr) {
		o.progress = os.Stderr
	}
	os.Exit(o.run())
}

func (o *options) parse(args []string) error {
	f := flag.NewFlagSet("fetch", flag.ContinueOnError)
	f.SetOutput(o.err)
	f.Usage = func() {
		fmt.Fprintln(f.Output(), "usage: fetch [flags] URL")
		f.PrintDefaults()
	}
	f.StringVar(&o.output, "o", "", "put the body into this file")
	f.BoolVar(&o.follow, "L", false, "follow redirects")
	f.BoolVar(&o.fail, "f", false, "a status other than 2xx is a failure")
	f.BoolVar(&o.verbose, "v", false, "tell what came, and how long it took")
	f.StringVar(&o.method, "X", "", "the method (default GET, with -d POST)")
	f.Func("d", "send this `text` as a form; more than one are joined with &; @FILE sends a file", func(s string) error {
		if o.data != nil {
			s = *o.data + "&" + s
		}
		o.data = &s
		return nil
	})
	f.StringVar(&o.proxy, "x", "", "go through this proxy: http, https or socks5 `URL` (default: the environment's)")
	f.Func("max-time", "give up after this `time`, such as 500ms or 10s; a number alone is seconds", func(s string) (err error) {
		if _, wrong := strconv.ParseFloat(s, 64); wrong == nil {
			s += "s"
		}
		o.maxTime, err = time.ParseDuration(s)
		return err
	})
	f.Func("H", "send this field, such as 'Accept: text/html'", func(s string) error {
		name, value, ok := strings.Cut(s, ":")
		if !ok {
			return errors.New("a field has a colon")
		}
		o.header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
		return nil
	})
	for len(args) > 0 { // flags may stand behind the URL, too
		if err := f.Parse(args); err != nil {
			return flag.ErrHelp // it has been told
		}
		if args = f.Args(); len(args) > 0 {
			if o.url != "" {
				break
			}
			o.url, args = args[0], args[1:]
		}
	}
	if o.url == "" || len(args) > 0 {
		f.Usage()
		return flag.ErrHelp
	}
	o.url = withScheme(o.url)
	if o.proxy != "" {
		o.proxy = withScheme(o.proxy)
	}
	return nil
}

func withScheme(address string) string {
	if strings.Contains(address, "://") {
		return address
	}
	return "http://" + address
}

var errInterrupted = errors.New("interrupted")

// run does it on a loop of its own, and gives the exit status.
func (o *options) run() int {
	l, err := loop.New(nil)
	if err != nil {
		fmt.Fprintln(o.err, "fetch:", err)
		return exitFailed
	}
	defer l.Close()
	_, err = loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		scope, cancel := co.WithCancel()
		defer cancel(nil)
		defer l.OnSignal(func(os.Signal) { cancel(errInterrupted) }, os.Interrupt, syscall.SIGTERM)()
		return struct{}{}, o.fetch(scope)
	})
	if err != nil {
		fmt.Fprintln(o.err, "fetch:", err)
	}
	return exitCode(err)
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
