//go:build linux

package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zonda-go/zonda/bench/internal/hello"
)

func sayHello(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, hello.Body) }

// serve returns options for a short run against h.
func serve(t *testing.T, h http.HandlerFunc) options {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return options{
		addr: s.Listener.Addr().String(), kind: "hello", conns: 3, inflight: 4, watch: os.Getpid(),
		warmup: 10 * time.Millisecond, window: 50 * time.Millisecond,
	}
}

func TestDriveCountsWhatTheServerAnswered(t *testing.T) {
	var asked atomic.Int64
	o := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		sayHello(w, r)
	})
	run, err := drive(o)
	if err != nil {
		t.Fatal(err)
	}
	if run.Requests == 0 || run.Requests > asked.Load() || run.Errors != 0 {
		t.Errorf("%d requests, %d errors; the server saw %d", run.Requests, run.Errors, asked.Load())
	}
	if run.Seconds < o.window.Seconds() || run.ServerCPU <= 0 {
		t.Errorf("window of %v s, server CPU %v µs", run.Seconds, run.ServerCPU)
	}
	if run.P50 <= 0 || run.P50 > run.P90 || run.P90 > run.P99 || run.P99 > run.Max {
		t.Errorf("quantiles out of order: %v %v %v %v", run.P50, run.P90, run.P99, run.Max)
	}
}

func TestDriveRefusesAWrongFirstAnswer(t *testing.T) {
	tests := map[string]http.HandlerFunc{
		"status":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404); io.WriteString(w, hello.Body) },
		"body":      func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "Hello, world!") },
		"no length": func(w http.ResponseWriter, r *http.Request) { w.(http.Flusher).Flush(); sayHello(w, r) },
		"no date":   func(w http.ResponseWriter, r *http.Request) { w.Header()["Date"] = nil; sayHello(w, r) },
		"closing":   func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Connection", "close"); sayHello(w, r) },
	}
	for name, h := range tests {
		if run, err := drive(serve(t, h)); err == nil {
			t.Errorf("%s: no error, %+v", name, run)
		}
	}
}

func TestDriveCountsFailedConnections(t *testing.T) {
	var asked atomic.Int64
	run, err := drive(serve(t, func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 2 { // the first one is the probe's
			panic(http.ErrAbortHandler)
		}
		sayHello(w, r)
	}))
	if err != nil || run.Errors != 1 || run.Requests == 0 {
		t.Errorf("%+v, %v; want one error and the other connections' answers", run, err)
	}
}

func TestDriveFailsWithoutConnections(t *testing.T) {
	var asked atomic.Int64
	run, err := drive(serve(t, func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) > 1 {
			panic(http.ErrAbortHandler)
		}
		sayHello(w, r)
	}))
	if err == nil {
		t.Errorf("no error, %+v", run)
	}
}

func TestDriveRefusesEmptyOptions(t *testing.T) {
	if _, err := drive(options{addr: "127.0.0.1:1"}); err == nil {
		t.Error("no error for no connections")
	}
}
