package stream_test

import (
	"io"
	"testing"
)

// Both ends can be ours, and say the same of what they agreed on.
func TestTLSHandshake(t *testing.T) {
	everywhere(t, func(p *pair) {
		if _, ok := p.near.TLS(); ok {
			p.t.Error("TLS before StartTLS")
		}
		usual().must(p)
		c, s := p.agreed(p.near), p.agreed(p.far)
		if !c.HandshakeComplete || c.Version != s.Version || c.CipherSuite != s.CipherSuite || s.ServerName != "one.test" {
			p.t.Errorf("%+v and %+v", c, s)
		}
		p.does(p.near.Write([]byte("ping")))
		p.gets(p.far.ReadFull(4), "ping")
		p.does(p.far.Write([]byte("pong")))
		p.gets(p.near.ReadFull(4), "pong")
		closed := p.near.Close()
		p.refuses(p.far.ReadSome(1), io.EOF)
		p.does(p.far.Close())
		p.does(closed)
	})
}
