package main

import (
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// query is a number in the query, between 0 and most; without it, or with something
// else, it is the default.
func query(r *http1.Request, name string, def, most int) int {
	values, _ := url.ParseQuery(r.Query()) // what could be read of it
	return number(values.Get(name), def, most)
}

// pieces sends a line, waits, sends a line.
func pieces(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
	n, ms := query(r, "n", 5, 100_000), query(r, "ms", 20, 60_000)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	for i := range n {
		if i > 0 {
			if err := loop.Sleep(co, time.Duration(ms)*time.Millisecond); err != nil {
				return err
			}
		}
		fmt.Fprintf(w, "chunk %d\n", i)
		if err := w.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// big waits in Write, when the client is slow: that is all there is to backpressure.
func big(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
	n := query(r, "n", 1<<20, maxBig)
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.Itoa(n))
	if r.Method == "HEAD" {
		return nil
	}
	for at := 0; at < n; {
		m, err := w.Write(letters(at, n))
		if err != nil {
			return err
		}
		at += m
	}
	return nil
}

func events(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
	n, ms := query(r, "n", 3, 100_000), query(r, "ms", 20, 60_000)
	out := w.Events()
	for i := range n {
		if i > 0 {
			if err := loop.Sleep(co, time.Duration(ms)*time.Millisecond); err != nil {
				return err
			}
		}
		if err := out.Send(http1.Event{ID: strconv.Itoa(i), Data: fmt.Sprint("tick ", i)}); err != nil {
			return err
		}
	}
	return nil
}
