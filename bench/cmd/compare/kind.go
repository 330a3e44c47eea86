package main

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/zonda-go/zonda/bench/internal/hello"
	"github.com/zonda-go/zonda/bench/internal/payload"
)

// A kind is one thing that servers are asked for, and those that can do it.
type kind struct {
	name     string // bench/load's too
	unit     string // what is counted, in the singular
	clients  bool   // the subjects are clients, which load themselves; bench/limit answers
	subjects []subject
	bases    []string // subjects by whose CPU time that of all is divided
}

// A subject is a program as it is measured.
type subject struct {
	name string
	dir  string   // of its package
	args []string // besides its address
}

func kinds() []kind {
	return []kind{
		{
			name: "hello", unit: "request",
			subjects: append(floored("hello", len(hello.Request)),
				served("hertz"), served("nbiohttp"), subject{"nbiohttp-inline", "servers/nbiohttp", []string{"-inline"}}),
			bases: []string{"limit", "nethttp"},
		},
		{name: "post", unit: "request", subjects: floored("post", len(payload.Post())), bases: []string{"limit", "nethttp"}},
		{name: "download", unit: "request", subjects: answering("download"), bases: []string{"nethttp"}},
		{
			name: "echo", unit: "message",
			subjects: []subject{
				{name: "limitecho", dir: "limitecho"}, served("zondaecho"),
				served("gnetecho"), served("netpollecho"), served("nbioecho"), served("netecho"),
			},
			bases: []string{"limitecho", "netecho"},
		},
		{
			name: "ws", unit: "message",
			subjects: []subject{
				{name: "limitws", dir: "limitws"}, served("zondaws"), {"zondaws-read", "servers/zondaws", []string{"-read"}},
				served("gorilla"), served("coder"), served("gws"), served("gobwas"),
			},
			bases: []string{"limitws", "gorilla"},
		},
		{
			name: "broadcast", unit: "delivery",
			subjects: []subject{served("zondaws", "-kind", "broadcast"), served("gorilla", "-kind", "broadcast"), served("gws", "-kind", "broadcast")},
			bases:    []string{"gorilla"},
		},
		{
			name: "client", unit: "request", clients: true,
			subjects: []subject{client("zondaclient"), client("nethttpclient"), client("fasthttpclient")},
			bases:    []string{"nethttpclient", "fasthttpclient"},
		},
	}
}

// answering are the servers that answer requests of a kind.
func answering(kind string) []subject {
	return []subject{
		served("zonda", "-kind", kind),
		served("zondastd", "-kind", kind),
		{"zondastd-loop", "servers/zondastd", []string{"-loop", "-kind", kind}},
		served("nethttp", "-kind", kind),
		served("fasthttp", "-kind", kind),
	}
}

// floored is answering with the floor.
func floored(kind string, request int) []subject {
	return append([]subject{limit(request)}, answering(kind)...)
}

// limit is the program that sends a hello answer for so many bytes.
func limit(request int) subject {
	return subject{"limit", "limit", []string{"-req", strconv.Itoa(request)}}
}

// served is the program in servers/name.
func served(name string, args ...string) subject { return subject{name, "servers/" + name, args} }

// client is the program in clients/name.
func client(name string) subject { return subject{name: name, dir: "clients/" + name} }

// role is what the subjects are.
func (k kind) role() string {
	if k.clients {
		return "client"
	}
	return "server"
}

func kindNamed(name string) (kind, error) {
	all := kinds()
	i := slices.IndexFunc(all, func(k kind) bool { return k.name == name })
	if i < 0 {
		return kind{}, fmt.Errorf("compare: no kind %q; there are %s", name, strings.Join(kindNames(), ", "))
	}
	return all[i], nil
}

func kindNames() []string {
	var names []string
	for _, k := range kinds() {
		names = append(names, k.name)
	}
	return names
}

// names are those of all subjects.
func (k kind) names() []string {
	var names []string
	for _, s := range k.subjects {
		names = append(names, s.name)
	}
	return names
}

func (k kind) subject(name string) (subject, error) {
	i := slices.Index(k.names(), name)
	if i < 0 {
		return subject{}, fmt.Errorf("compare: no server %q; there are %s", name, strings.Join(k.names(), ", "))
	}
	return k.subjects[i], nil
}

// units is the unit in the plural.
func (k kind) units() string {
	if stem, found := strings.CutSuffix(k.unit, "y"); found {
		return stem + "ies"
	}
	return k.unit + "s"
}

// program is the name of the executable.
func (s subject) program() string { return path.Base(s.dir) }
