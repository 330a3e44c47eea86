package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"testing"
)

// A process is a running hello.
type process struct {
	ctx    context.Context
	cmd    *exec.Cmd
	stdout *bufio.Reader
	stderr bytes.Buffer // to be read after Wait
	addr   string
	client *http.Client
}

var announcement = regexp.MustCompile(`^hello: serving on http://(127\.0\.0\.1:[0-9]+) .*\n$`)

// start runs the program on a free port, and reads where that is.
func start(t *testing.T, program string) *process {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	p := &process{ctx: ctx, client: &http.Client{Transport: &http.Transport{}}}
	p.cmd = exec.CommandContext(ctx, program, "-addr", "127.0.0.1:0")
	p.cmd.Stderr = &p.stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		p.client.CloseIdleConnections()
		if p.cmd.ProcessState == nil {
			_ = p.cmd.Wait() // it was killed
		}
		if t.Failed() {
			t.Logf("the program's stderr:\n%s", &p.stderr)
		}
	})
	p.stdout = bufio.NewReader(stdout)
	line, err := p.stdout.ReadString('\n')
	match := announcement.FindStringSubmatch(line)
	if match == nil {
		t.Fatalf("the first line is %q, %v", line, err)
	}
	p.addr = match[1]
	return p
}

// get asks for a target and reads the whole answer.
func (p *process) get(target string) (*http.Response, string, error) {
	req, err := http.NewRequestWithContext(p.ctx, "GET", "http://"+p.addr+target, nil)
	if err != nil {
		return nil, "", err
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, string(body), err
}
