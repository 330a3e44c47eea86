package main

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/zonda-go/zonda/bench/internal/hello"
)

// A kind is one thing that servers are asked for, and those that can do it.
type kind struct {
	unit     string   // what is counted, in the singular
	message  int      // length in bytes of an echoed message; 0: hello requests
	packages []string // of the servers, which are called like the last parts
	bases    []string // servers by whose CPU time that of all is divided
}

func kindOf(echo bool) kind {
	if echo {
		return kind{
			unit:    "message",
			message: 64,
			packages: []string{
				"limitecho", "servers/zondaecho", "servers/gnetecho", "servers/netpollecho", "servers/nbioecho", "servers/netecho",
			},
			bases: []string{"limitecho", "netecho"},
		}
	}
	return kind{
		unit:     "request",
		packages: []string{"limit", "servers/zonda", "servers/zondastd", "servers/nethttp", "servers/fasthttp"},
		bases:    []string{"limit", "nethttp"},
	}
}

// servers are the names of all.
func (k kind) servers() []string {
	var names []string
	for _, p := range k.packages {
		names = append(names, path.Base(p))
	}
	return names
}

// program returns the directory of a server's package.
func (k kind) program(server string) (string, error) {
	i := slices.Index(k.servers(), server)
	if i < 0 {
		return "", fmt.Errorf("compare: no server %q; there are %s", server, strings.Join(k.servers(), ", "))
	}
	return k.packages[i], nil
}

// arguments returns what a server is started with, besides its address.
func arguments(server string) []string {
	if server == "limit" {
		return []string{"-req", strconv.Itoa(len(hello.Request))}
	}
	return nil
}
