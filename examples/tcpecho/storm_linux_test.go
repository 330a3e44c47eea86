package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"
)

// stormRole has this binary connect many clients.
const stormRole = "TCPECHO_TEST_STORM"

// A storm of connections leaves neither descriptors nor memory behind, and who was there
// before is served meanwhile. Each end takes a descriptor, so it comes from other
// processes.
func TestStorm(t *testing.T) {
	clients, children := 2000, 1
	if deep() {
		clients, children = 15_000, 3
	}
	for _, kind := range []string{"tcp", "unix"} {
		t.Run(kind, func(t *testing.T) {
			p := start(t, kind)
			good := p.dial()
			if err := talk(good, "before"); err != nil {
				t.Fatal(err)
			}
			descriptors := p.descriptors()
			var resident [3]int
			for i := range resident {
				p.weather(good, clients, children)
				p.until("its descriptors come back", func() bool { return p.descriptors() == descriptors })
				resident[i] = p.resident()
			}
			t.Logf("resident after each storm: %d KiB", []int{resident[0] >> 10, resident[1] >> 10, resident[2] >> 10})
			if grown := resident[2] - resident[0]; grown > resident[0]/2+16<<20 {
				t.Errorf("each storm leaves something behind: %d MiB more after three than after one", grown>>20)
			}
			if err := talk(good, "after"); err != nil {
				t.Error(err)
			}
		})
	}
}

// weather is one storm.
func (p *process) weather(good *client, clients, children int) {
	p.t.Helper()
	over := make(chan error, children)
	for range children {
		cmd := exec.CommandContext(ctx(p.t), os.Args[0])
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %s %s", stormRole, clients/children, p.addr.Network(), p.addr))
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		go func() {
			err := cmd.Run()
			if err != nil {
				err = fmt.Errorf("%w\n%s", err, &out)
			}
			over <- err
		}()
	}
	served := 0
	for left := children; left > 0; {
		select {
		case err := <-over:
			if err != nil {
				p.t.Error(err)
			}
			left--
		default:
			if err := talk(good, "meanwhile"); err != nil {
				p.t.Fatal(err)
			}
			if p.descriptors() > clients/children/2 {
				served++
			}
		}
	}
	if served == 0 {
		p.t.Error("nobody was served while most of the storm was there")
	}
}

// runStorm connects clients, all of which are there when the first leaves.
func runStorm(value string) error {
	var n int
	var network, addr string
	if _, err := fmt.Sscan(value, &n, &network, &addr); err != nil {
		return err
	}
	conns := make([]net.Conn, n)
	failed := make(chan error, n)
	turn := make(chan struct{}, 256) // connect at once
	for i := range conns {
		turn <- struct{}{}
		go func() {
			defer func() { <-turn }()
			c, err := net.DialTimeout(network, addr, bound)
			for retries := 0; err != nil && network == "unix" && retries < 100; retries++ {
				<-time.After(10 * time.Millisecond) // its backlog is full
				c, err = net.DialTimeout(network, addr, bound)
			}
			if err == nil {
				conns[i] = c
				err = c.SetDeadline(time.Now().Add(bound))
			}
			if err == nil {
				err = talk(c, fmt.Sprint(i))
			}
			failed <- err
		}()
	}
	for range conns {
		if err := <-failed; err != nil {
			return err
		}
	}
	for _, c := range conns {
		if err := c.Close(); err != nil {
			return err
		}
	}
	return nil
}
