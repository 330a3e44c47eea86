package main

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
)

// A subject is a program as it is measured.
type subject struct {
	name     string
	dir      string // of its package
	args     []string
	exchange string  // of bench/hold, with a server
	client   bool    // it is none: its requests wait, for bench/stall to answer
	resident float64 // the brief's bars in bytes per connection; 0: none
	live     float64
}

func (s subject) program() string { return path.Base(s.dir) }

func subjects() []subject {
	return []subject{
		{name: "zondabare", dir: "servers/zondaecho", args: []string{"-bare"}, exchange: "echo", live: 250},
		{name: "zondaecho", dir: "servers/zondaecho", exchange: "echo"},
		{name: "zondaecho-tls", dir: "servers/zondaecho", args: []string{"-tls"}, exchange: "tls", live: 7500},
		{name: "zonda", dir: "servers/zonda", exchange: "http", resident: 700, live: 350},
		{name: "zondastd", dir: "servers/zondastd", exchange: "http", resident: 700, live: 350},
		{name: "zondaws", dir: "servers/zondaws", exchange: "ws", resident: 800, live: 350},
		{name: "zondaws-deflate", dir: "servers/zondaws", args: []string{"-deflate"}, exchange: "deflate", live: 600},
		{name: "zondaws-tls", dir: "servers/zondaws", args: []string{"-tls"}, exchange: "wss", live: 7700},
		{name: "nethttp", dir: "servers/nethttp", exchange: "http"},
		{name: "fasthttp", dir: "servers/fasthttp", exchange: "http"},
		{name: "gnetecho", dir: "servers/gnetecho", exchange: "echo"},
		{name: "netecho", dir: "servers/netecho", exchange: "echo"},
		{name: "gorilla", dir: "servers/gorilla", exchange: "ws"},
		{name: "gobwas", dir: "servers/gobwas", exchange: "ws"},
		{name: "zondaclient", dir: "clients/zondaclient", client: true},
		{name: "zondaclient-fetch", dir: "clients/zondaclient", args: []string{"-fetch"}, client: true},
		{name: "nethttpclient", dir: "clients/nethttpclient", client: true},
		{name: "fasthttpclient", dir: "clients/fasthttpclient", client: true},
	}
}

func names(all []subject) []string {
	var list []string
	for _, s := range all {
		list = append(list, s.name)
	}
	return list
}

// choose finds subjects by name; none are named: all.
func choose(list string) ([]subject, error) {
	all := subjects()
	if list == "" {
		return all, nil
	}
	var chosen []subject
	for name := range strings.SplitSeq(list, ",") {
		i := slices.Index(names(all), name)
		if i < 0 {
			return nil, fmt.Errorf("idle: no server %q; there are %s", name, strings.Join(names(all), ", "))
		}
		if slices.Contains(names(chosen), name) {
			return nil, fmt.Errorf("idle: server %q is named twice", name)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// plan is what is measured.
type plan struct {
	subjects []subject
	base     int // connections at the first reading
	n        int // more of them at the second
	wait     time.Duration
	profiles string // directory for profiles of the heap; "": none
}

const (
	// maxDescriptors is what one process may have open, whatever the system allows.
	maxDescriptors = 20_000
	// spare is for what a process has open besides its connections.
	spare = 64
	// The brief's bars are for these.
	fullN    = 10_000
	fullWait = 10 * time.Second
)

// check says what is wrong with a plan before anything is built or started.
// descriptors is how many a process may have.
func (p plan) check(descriptors uint64) error {
	most := min(descriptors, maxDescriptors)
	switch {
	case p.base < 1 || p.n < 1 || p.wait < 0:
		return errors.New("idle: connections must be above 0")
	case p.base > maxDescriptors || p.n > maxDescriptors || uint64(p.base+p.n+spare) > most:
		return fmt.Errorf("idle: %d connections need more than the %d descriptors a process may have", p.base+p.n, most)
	case p.longest() > time.Hour:
		return fmt.Errorf("idle: this may take %v; ask for less than an hour", p.longest().Round(time.Minute))
	}
	return nil
}

// short says that the plan is below what the bars are for.
func (p plan) short() bool { return p.n < fullN || p.wait < fullWait }

// opening is how long it may take to open n connections: TLS handshakes of two
// servers at a time, on a slow machine.
func opening(n int) time.Duration { return 10*time.Second + time.Duration(n)*10*time.Millisecond }

// longest is how long the plan may take; it will be far less.
func (p plan) longest() time.Duration {
	return time.Duration(len(p.subjects)) * (opening(p.base) + opening(p.n) + 2*p.wait)
}
