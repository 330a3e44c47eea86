//go:build linux

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/zonda-go/zonda/bench/internal/hello"
)

// An exchange is a request and what is known of its answer.
type exchange struct {
	request string
	prefix  string // how every answer must begin
	length  int    // of every answer
}

// maxEcho bounds the messages: one read takes several whole ones.
const maxEcho = 16 << 10

// probeEcho sends one message on a connection of its own and checks that it
// comes back. Later answers are checked to the last byte as well.
func (o options) probeEcho(addr string) (exchange, error) {
	const filler = "zonda-bench echo "
	message := strings.Repeat(filler, o.echo/len(filler)+1)[:o.echo]
	c, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return exchange{}, fmt.Errorf("load: %w", err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(c, message); err != nil {
		return exchange{}, fmt.Errorf("load: %w", err)
	}
	back := make([]byte, len(message))
	if _, err := io.ReadFull(c, back); err != nil {
		return exchange{}, fmt.Errorf("load: first answer: %w", err)
	}
	if string(back) != message {
		return exchange{}, fmt.Errorf("load: first answer: %q, not what was sent", back)
	}
	return exchange{request: message, prefix: message, length: len(message)}, nil
}

// probeHello asks once, on a connection of its own, checks the answer in full
// and notes its length. Every later answer must have the same length.
func probeHello(addr string) (exchange, error) {
	c, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return exchange{}, fmt.Errorf("load: %w", err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(c, hello.Request); err != nil {
		return exchange{}, fmt.Errorf("load: %w", err)
	}
	// One request was sent, so everything read belongs to its answer.
	var raw bytes.Buffer
	r := bufio.NewReader(io.TeeReader(c, &raw))
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		return exchange{}, fmt.Errorf("load: first answer: %w", err)
	}
	if resp.ContentLength < 0 {
		return exchange{}, errors.New("load: first answer: no Content-Length")
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return exchange{}, fmt.Errorf("load: first answer: %w", err)
	}
	switch {
	case resp.StatusCode != http.StatusOK:
		return exchange{}, fmt.Errorf("load: first answer: status %s", resp.Status)
	case string(body) != hello.Body:
		return exchange{}, fmt.Errorf("load: first answer: body %q", body)
	case resp.Close:
		return exchange{}, errors.New("load: first answer: the server closes the connection")
	case resp.Header.Get("Date") == "":
		return exchange{}, errors.New("load: first answer: no Date")
	case r.Buffered() != 0:
		return exchange{}, fmt.Errorf("load: first answer: %d bytes follow it", r.Buffered())
	}
	return exchange{request: hello.Request, prefix: "HTTP/1.1 200", length: raw.Len()}, nil
}
