//go:build linux

// Fasthttpclient asks with fasthttp's client for one host.
package main

import (
	"github.com/valyala/fasthttp"

	"github.com/zonda-go/zonda/bench/internal/asker"
	"github.com/zonda-go/zonda/bench/internal/hello"
)

func main() { asker.Main("fasthttpclient", open) }

func open(o asker.Options, rec *asker.Recorder) (func(int), error) {
	c := &fasthttp.HostClient{Addr: o.Addr, MaxConns: o.Conns}
	return asker.Workers(rec, func() error {
		req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
		defer fasthttp.ReleaseRequest(req)
		defer fasthttp.ReleaseResponse(res)
		req.SetRequestURI(o.URL())
		req.UseHostHeader = true
		req.Header.SetHost("127.0.0.1")
		req.Header.SetUserAgent(hello.UserAgent)
		req.Header.Set("Accept", hello.Accept)
		if err := c.Do(req, res); err != nil {
			return err
		}
		return asker.Check(res.StatusCode(), res.Body())
	}), nil
}
