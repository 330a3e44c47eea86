//go:build linux

// Nethttpclient asks with net/http's client.
package main

import (
	"io"
	"net/http"

	"github.com/zonda-go/zonda/bench/internal/asker"
	"github.com/zonda-go/zonda/bench/internal/hello"
)

func main() { asker.Main("nethttpclient", open) }

func open(o asker.Options, rec *asker.Recorder) (func(int), error) {
	c := &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: o.Conns, // by default 2 are kept
		DisableCompression:  true,    // so that the request is hello's
	}}
	return asker.Workers(rec, func() error {
		req, err := http.NewRequest("GET", o.URL(), nil)
		if err != nil {
			return err
		}
		req.Host = "127.0.0.1"
		req.Header.Set("User-Agent", hello.UserAgent)
		req.Header.Set("Accept", hello.Accept)
		res, err := c.Do(req)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			return err
		}
		return asker.Check(res.StatusCode, body)
	}), nil
}
