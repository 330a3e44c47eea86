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
)

// probeHTTP notes the length of the answer. Every later one must have the same.
func probeHTTP(c net.Conn, request, want string) (exchange, error) {
	if _, err := io.WriteString(c, request); err != nil {
		return exchange{}, err
	}
	// One request was sent, so everything read belongs to its answer.
	var raw bytes.Buffer
	r := bufio.NewReader(io.TeeReader(c, &raw))
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		return exchange{}, fmt.Errorf("first answer: %w", err)
	}
	if resp.ContentLength < 0 {
		return exchange{}, errors.New("first answer: no Content-Length")
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return exchange{}, fmt.Errorf("first answer: %w", err)
	}
	switch {
	case resp.StatusCode != http.StatusOK:
		return exchange{}, fmt.Errorf("first answer: status %s", resp.Status)
	case string(body) != want:
		return exchange{}, fmt.Errorf("first answer: another body, of %d bytes: %.100q", len(body), body)
	case resp.Close:
		return exchange{}, errors.New("first answer: the server closes the connection")
	case resp.Header.Get("Date") == "":
		return exchange{}, errors.New("first answer: no Date")
	case r.Buffered() != 0:
		return exchange{}, fmt.Errorf("first answer: %d bytes follow it", r.Buffered())
	}
	return exchange{request: request, prefix: "HTTP/1.1 200", length: raw.Len()}, nil
}
