package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// maxRedirects is how many redirects -L follows.
const maxRedirects = 30

var errRedirects = fmt.Errorf("more than %d redirects", maxRedirects)

// fetch asks, and gives the body to where it belongs.
func (o *options) fetch(co *loop.Co) error {
	client := &http1.Client{Proxy: http1.ProxyFromEnvironment, UserAgent: "zonda-fetch", Redirects: -1}
	defer client.Close()
	r := &http1.ClientRequest{
		Method:    o.method,
		URL:       o.url,
		Header:    o.header,
		AnyStatus: !o.fail,
		MaxBody:   -1,
		Proxy:     o.proxy,
		Timeouts:  &http1.Timeouts{Whole: -1},
	}
	if o.follow {
		r.Redirects = maxRedirects
	}
	if o.maxTime > 0 {
		r.Timeouts.Whole = o.maxTime
	}
	if o.verbose {
		r.OnHeader = o.tell
	}
	if o.progress != nil {
		r.OnProgress = o.show
	}
	if o.data != nil {
		if err := o.attach(co, r); err != nil {
			return err
		}
	}
	if o.verbose {
		o.tellRequest(r)
	}
	res, err := o.receive(co, client, r)
	if err == nil && o.follow && res.Redirects == maxRedirects && res.Status/100 == 3 && res.Header.Has("Location") {
		err = errRedirects
	}
	if err == nil && o.verbose {
		t := res.Timing
		fmt.Fprintf(o.err, "* queue %v, connect %v, tls %v, first byte %v, total %v\n",
			t.Queue, t.Connect, t.TLS, t.FirstByte, co.Loop().Now().Sub(t.Start).Round(time.Microsecond))
	}
	return err
}

// attach adds the body of the request.
func (o *options) attach(co *loop.Co, r *http1.ClientRequest) error {
	if r.Method == "" {
		r.Method = http.MethodPost
	}
	r.Nonstandard = true
	if !r.Header.Has("Content-Type") {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	name, isFile := strings.CutPrefix(*o.data, "@")
	if !isFile {
		r.Body = []byte(*o.data)
		return nil
	}
	var err error
	r.Body, err = loop.Await(co, loop.Offload(co.Loop(), func(context.Context) ([]byte, error) { return os.ReadFile(name) }))
	return err
}

// receive brings the body into the file, or prints it piece by piece.
func (o *options) receive(co *loop.Co, client *http1.Client, r *http1.ClientRequest) (*http1.Response, error) {
	if o.output != "" {
		res, err := client.Download(co, r, o.output)
		if o.progress != nil {
			fmt.Fprintln(o.progress)
		}
		return res, err
	}
	res, err := client.Open(co, r)
	if err != nil {
		return nil, err
	}
	defer res.Stream.Close()
	room := make([]byte, 32<<10)
	for {
		n, err := res.Stream.Read(room)
		if n > 0 {
			// A terminal or a pipe may block.
			_, wrote := loop.Await(co, loop.Offload(co.Loop(), func(context.Context) (int, error) { return o.out.Write(room[:n]) }))
			if wrote != nil {
				err = wrote
			}
		}
		switch {
		case err == io.EOF:
			return res, nil
		case err != nil:
			return nil, err
		}
	}
}

// tellRequest prints what is asked, but for what the client adds by itself.
func (o *options) tellRequest(r *http1.ClientRequest) {
	fmt.Fprintf(o.err, "> %s %s\n", cmp.Or(r.Method, http.MethodGet), r.URL)
	for name, value := range r.Header.All() {
		fmt.Fprintf(o.err, "> %s: %s\n", name, value)
	}
	fmt.Fprintln(o.err, ">")
}

// tell prints the head of the response, and what is known of the connection.
func (o *options) tell(res *http1.Response) {
	fmt.Fprintf(o.err, "* %s from %v, %d redirects\n", res.URL, res.RemoteAddr, res.Redirects)
	fmt.Fprintf(o.err, "< HTTP/%d.%d %d %s\n", res.Major, res.Minor, res.Status, res.Reason)
	for name, value := range res.Header.All() {
		fmt.Fprintf(o.err, "< %s: %s\n", name, value)
	}
	fmt.Fprintln(o.err, "<")
}

// show draws the bar of progress over the one before.
func (o *options) show(p http1.Progress) {
	const width = 40
	if p.Total <= 0 {
		fmt.Fprintf(o.progress, "\r%9.1f MB  %7.1f MB/s ", float64(p.Done)/1e6, p.Rate/1e6)
		return
	}
	n := int(width * p.Done / p.Total)
	fmt.Fprintf(o.progress, "\r[%s%s] %3d%%  %7.1f MB/s ", strings.Repeat("=", n), strings.Repeat(" ", width-n), 100*p.Done/p.Total, p.Rate/1e6)
}

// exitCode says what kind of failure an error is.
func exitCode(err error) int {
	var failed *http1.ClientError
	var status *http1.StatusError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errInterrupted):
		return exitInterrupted
	case errors.Is(err, errRedirects):
		return exitRedirects
	case errors.As(err, &status):
		return exitStatus
	case !errors.As(err, &failed):
		return exitFailed
	case failed.Timeout():
		return exitTimeout
	}
	switch failed.Phase {
	case http1.PhaseRequest:
		return exitUsage
	case http1.PhaseQueue, http1.PhaseConnect, http1.PhaseProxy:
		return exitConnect
	case http1.PhaseTLS:
		return exitTLS
	}
	return exitCut
}
