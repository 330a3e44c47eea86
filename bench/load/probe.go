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
	"time"

	"github.com/zonda-go/zonda/bench/internal/hello"
)

// probe asks once, on a connection of its own, checks the answer in full and
// returns its length. Every later answer must have the same length.
func probe(addr string) (int, error) {
	c, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return 0, fmt.Errorf("load: %w", err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(c, hello.Request); err != nil {
		return 0, fmt.Errorf("load: %w", err)
	}
	// One request was sent, so everything read belongs to its answer.
	var raw bytes.Buffer
	r := bufio.NewReader(io.TeeReader(c, &raw))
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		return 0, fmt.Errorf("load: first answer: %w", err)
	}
	if resp.ContentLength < 0 {
		return 0, errors.New("load: first answer: no Content-Length")
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, fmt.Errorf("load: first answer: %w", err)
	}
	switch {
	case resp.StatusCode != http.StatusOK:
		return 0, fmt.Errorf("load: first answer: status %s", resp.Status)
	case string(body) != hello.Body:
		return 0, fmt.Errorf("load: first answer: body %q", body)
	case resp.Close:
		return 0, errors.New("load: first answer: the server closes the connection")
	case resp.Header.Get("Date") == "":
		return 0, errors.New("load: first answer: no Date")
	case r.Buffered() != 0:
		return 0, fmt.Errorf("load: first answer: %d bytes follow it", r.Buffered())
	}
	return raw.Len(), nil
}
