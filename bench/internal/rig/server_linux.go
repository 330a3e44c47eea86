package rig

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"time"
)

// A Server is one running server process. It belongs to one goroutine.
type Server struct {
	*Process
	Addr string
}

// StartServer starts a server on a free port of the loopback interface and
// returns when it accepts.
func StartServer(ctx context.Context, p Program) (*Server, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, fmt.Errorf("rig: %w", err)
	}
	p.Args = append([]string{"-addr", addr}, p.Args...)
	c, err := Start(ctx, p)
	if err != nil {
		return nil, err
	}
	s := &Server{Process: c, Addr: addr}
	if err := s.accepts(ctx); err != nil {
		return nil, c.Explain(err)
	}
	return s, nil
}

// accepts waits until the server takes a connection, for at most 5 s.
func (s *Server) accepts(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	retry := time.NewTicker(10 * time.Millisecond)
	defer retry.Stop()
	for {
		var d net.Dialer
		if c, err := d.DialContext(ctx, "tcp", s.Addr); err == nil {
			return c.Close()
		}
		select {
		case err := <-s.ended:
			return fmt.Errorf("ended before it accepted: %v", err)
		case <-ctx.Done():
			return fmt.Errorf("does not accept: %w", ctx.Err())
		case <-retry.C:
		}
	}
}

// freeAddr finds a port that is free now, below those that the system gives out by
// itself (ip_local_port_range begins at 32768), or any test or connection of this
// machine might take it before the server does. If one does, the server says so and
// the measurement ends.
func freeAddr() (addr string, err error) {
	for range 100 {
		addr = fmt.Sprintf("127.0.0.1:%d", 16<<10+rand.IntN(16<<10))
		var ln net.Listener
		if ln, err = net.Listen("tcp", addr); err == nil {
			return addr, ln.Close()
		}
	}
	return "", err
}
