//go:build linux

// Zondaclient asks with zonda's client, all requests on one loop: each in a coroutine, or,
// with -fetch, all as futures of a few.
package main

import (
	"flag"
	"log"
	"time"

	"github.com/zonda-go/zonda/bench/internal/asker"
	"github.com/zonda-go/zonda/bench/internal/hello"
	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

func main() {
	fetch := flag.Bool("fetch", false, "ask each request once, without a coroutine for it; with -slow only")
	asker.Main("zondaclient", func(o asker.Options, rec *asker.Recorder) (func(n int), error) {
		if *fetch && !o.Slow {
			log.Fatal("zondaclient: -fetch is for -slow")
		}
		return open(o, rec, *fetch)
	})
}

func open(o asker.Options, rec *asker.Recorder, fetch bool) (begin func(n int), err error) {
	l, err := loop.New(nil)
	if err != nil {
		return nil, err
	}
	a := &asking{o: o, rec: rec, client: &http1.Client{MaxPerHost: o.Conns, MaxConns: o.Conns}}
	if o.Slow {
		a.client.Timeouts.Whole = time.Hour // by default 20 s
	}
	go func() {
		if err := l.Run(); err != nil {
			log.Fatal("zondaclient: ", err)
		}
	}()
	return func(n int) {
		err := l.Post(func() {
			if fetch {
				loop.Go(l, func(co *loop.Co) (none struct{}, err error) { a.fetch(co, n); return })
				return
			}
			for range n {
				loop.Go(l, a.work)
			}
		})
		if err != nil {
			log.Fatal("zondaclient: ", err)
		}
	}, nil
}

type asking struct {
	o      asker.Options
	rec    *asker.Recorder
	client *http1.Client
}

// work has one request answered after another.
func (a *asking) work(co *loop.Co) (none struct{}, err error) {
	for {
		begun := time.Now()
		if err := a.ask(co); !a.rec.Answered(time.Since(begun), err) {
			return none, nil
		}
	}
}

func (a *asking) ask(co *loop.Co) error {
	res, err := a.client.Do(co, a.request())
	if err != nil {
		return err
	}
	return asker.Check(res.Status, res.Body)
}

// fetch has n requests answered, all at the same time.
func (a *asking) fetch(co *loop.Co, n int) {
	begun := time.Now()
	all := make([]*loop.Future[*http1.Response], n)
	for i := range all {
		all[i] = a.client.Fetch(co, a.request())
	}
	for _, f := range all {
		res, err := loop.Await(co, f)
		if err == nil {
			err = asker.Check(res.Status, res.Body)
		}
		a.rec.Answered(time.Since(begun), err)
	}
}

func (a *asking) request() *http1.ClientRequest {
	r := &http1.ClientRequest{URL: a.o.URL(), Raw: true} // Raw, so that the request is hello's
	r.Header.Set("Host", "127.0.0.1")
	r.Header.Set("User-Agent", hello.UserAgent)
	r.Header.Set("Accept", hello.Accept)
	return r
}
