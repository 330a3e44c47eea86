package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// limitedRole has this binary become the program, with no more than descriptorLimit
// descriptors.
const (
	limitedRole     = "TCPECHO_TEST_LIMITED"
	descriptorLimit = 40
)

func runLimited(program string) error {
	limit := syscall.Rlimit{Cur: descriptorLimit, Max: descriptorLimit}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	return syscall.Exec(program, append([]string{program}, os.Args[1:]...), os.Environ())
}

// Out of descriptors, the program goes on to serve those who are in, uses no processor
// for those who are not, and lets them in as others leave.
func TestOutOfDescriptors(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		if kind == "tls" {
			t.Skip("a client that waits cannot shake hands: tcp and unix show it")
		}
		cmd := exec.CommandContext(ctx(t), os.Args[0])
		cmd.Env = append(os.Environ(), limitedRole+"="+program)
		p := startCommand(t, kind, cmd)
		defer p.end(syscall.SIGTERM, `(.*zonda: cannot accept connections for now.*\n)+`)
		free := descriptorLimit - p.descriptors()

		const clients = 60
		var all [clients]*client
		answered := make(chan int, clients)
		for i := range all {
			all[i] = p.dial()
			all[i].send("in?\n")
			go all[i].waitIn(i, answered)
		}
		var in []int
		for len(in) < free {
			in = append(in, <-answered)
		}
		if free < descriptorLimit/2 {
			t.Errorf("only %d clients are let in", free)
		}

		before := p.cpu()
		<-time.After(500 * time.Millisecond)
		// Time that other programs take does not count, so this does not depend on them.
		if used := p.cpu() - before; used > 50*time.Millisecond {
			t.Errorf("it used %v of the processor in half a second, while nobody was served", used)
		}
		for _, i := range in {
			if err := talk(all[i], fmt.Sprint(i)); err != nil {
				t.Fatalf("one who is in: %v", err)
			}
		}

		// As each one leaves, another comes in, until all have been there.
		for range clients - free {
			all[in[0]].Close()
			next := <-answered
			in = append(in[1:], next)
			if err := talk(all[next], fmt.Sprint(next)); err != nil {
				t.Fatalf("one who came in later: %v", err)
			}
		}
	})
}

// waitIn waits for the echo of the client's first line.
func (c *client) waitIn(i int, answered chan<- int) {
	if line, err := bufio.NewReader(c).ReadString('\n'); err != nil || line != "in?\n" {
		c.t.Errorf("client %d was answered %q, %v", i, line, err)
	}
	answered <- i
}
