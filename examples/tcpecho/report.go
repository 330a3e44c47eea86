package main

import (
	"context"
	"fmt"
	"io"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// report prints a line, off the loop: whoever reads it may be slow.
func report(l *loop.Loop, to io.Writer, line string) *loop.Future[int] {
	return loop.Offload(l, func(context.Context) (int, error) { return fmt.Fprintln(to, line) })
}

// name is what a client is called in a report. Those of Unix sockets have no address.
func name(s *stream.Stream) string {
	if a := s.RemoteAddr(); a.IsValid() {
		return a.String()
	}
	return "local"
}
