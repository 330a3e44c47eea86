//go:build linux

// Zondaclient asks with zonda's client, all requests on one loop.
package main

import (
	"log"
	"time"

	"github.com/zonda-go/zonda/bench/internal/asker"
	"github.com/zonda-go/zonda/bench/internal/hello"
	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

func main() { asker.Main("zondaclient", open) }

func open(o asker.Options, rec *asker.Recorder) (begin func(n int), err error) {
	l, err := loop.New(nil)
	if err != nil {
		return nil, err
	}
	c := &http1.Client{MaxPerHost: o.Conns, MaxConns: o.Conns}
	if o.Slow {
		c.Timeouts.Whole = time.Hour // by default 20 s
	}
	worker := func(co *loop.Co) (struct{}, error) {
		for {
			begun := time.Now()
			if err := ask(co, c, o); !rec.Answered(time.Since(begun), err) {
				return struct{}{}, nil
			}
		}
	}
	go func() {
		if err := l.Run(); err != nil {
			log.Fatal("zondaclient: ", err)
		}
	}()
	return func(n int) {
		err := l.Post(func() {
			for range n {
				loop.Go(l, worker)
			}
		})
		if err != nil {
			log.Fatal("zondaclient: ", err)
		}
	}, nil
}

// ask has one request answered.
func ask(co *loop.Co, c *http1.Client, o asker.Options) error {
	r := &http1.ClientRequest{URL: o.URL(), Raw: true} // Raw, so that the request is hello's
	r.Header.Set("Host", "127.0.0.1")
	r.Header.Set("User-Agent", hello.UserAgent)
	r.Header.Set("Accept", hello.Accept)
	res, err := c.Do(co, r)
	if err != nil {
		return err
	}
	return asker.Check(res.Status, res.Body)
}
