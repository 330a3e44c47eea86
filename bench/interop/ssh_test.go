package interop

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// sshServer serves one connection with goroutines and package net: "echo" gives back its
// input.
func sshServer(t *testing.T, done *sync.WaitGroup) (addr string, key ssh.PublicKey) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{
		PasswordCallback: func(_ ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			if string(password) != "secret" {
				return nil, errors.New("wrong password")
			}
			return nil, nil
		},
	}
	config.AddHostKey(signer)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done.Go(func() {
		defer ln.Close()
		c, err := ln.Accept()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		_, channels, requests, err := ssh.NewServerConn(c, config)
		if err != nil {
			t.Error(err)
			return
		}
		done.Go(func() { ssh.DiscardRequests(requests) })
		for ch := range channels {
			done.Go(func() { serveSession(t, ch) })
		}
	})
	return ln.Addr().String(), signer.PublicKey()
}

func serveSession(t *testing.T, ch ssh.NewChannel) {
	c, requests, err := ch.Accept()
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	for r := range requests {
		_ = r.Reply(r.Type == "exec", nil)
		if r.Type != "exec" {
			continue
		}
		if _, err := io.Copy(c, c); err != nil {
			t.Error(err)
		}
		_, _ = c.SendRequest("exit-status", false, []byte{0, 0, 0, 0})
		return
	}
}

// dialOnLoop connects on the loop; the conn is for goroutines.
func dialOnLoop(l *loop.Loop, addr string) (net.Conn, error) {
	return loop.Do(context.Background(), l, func(co *loop.Co) (net.Conn, error) {
		s, err := stream.Dial(co, stream.System{}, "tcp", addr)
		if err != nil {
			return nil, err
		}
		return stream.GoConn(s), nil
	})
}

// x/crypto/ssh reads and writes its conn from goroutines of its own, at the same time:
// over a GoConn it works as over a connection of package net.
func TestSSH(t *testing.T) {
	looptest.NoLeaks(t)
	l, err := loop.New(&loop.Options{Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	var ran, server sync.WaitGroup
	ran.Go(func() { _ = l.Run() }) // ErrClosed
	defer ran.Wait()
	defer l.Close()
	addr, key := sshServer(t, &server)
	defer server.Wait()

	conn, err := dialOnLoop(l, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c, channels, requests, err := ssh.NewClientConn(conn, addr, &ssh.ClientConfig{
		User:            "someone",
		Auth:            []ssh.AuthMethod{ssh.Password("secret")},
		HostKeyCallback: ssh.FixedHostKey(key),
	})
	if err != nil {
		t.Fatal(err)
	}
	client := ssh.NewClient(c, channels, requests)
	var sessions sync.WaitGroup
	for i := range 4 {
		sessions.Go(func() {
			if err := echo(client, bytes.Repeat(fmt.Appendf(nil, "session %d. ", i), 20_000)); err != nil {
				t.Errorf("session %d: %v", i, err)
			}
		})
	}
	sessions.Wait()
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	if err := client.Wait(); !errors.Is(err, net.ErrClosed) && !errors.Is(err, io.EOF) {
		t.Errorf("the connection ended with %v", err)
	}
}

// echo has the server send text back.
func echo(client *ssh.Client, text []byte) error {
	s, err := client.NewSession()
	if err != nil {
		return err
	}
	defer s.Close()
	var out bytes.Buffer
	s.Stdin, s.Stdout = bytes.NewReader(text), &out
	if err := s.Run("echo"); err != nil {
		return err
	}
	if !bytes.Equal(out.Bytes(), text) {
		return fmt.Errorf("%d bytes came back, not the %d that were sent", out.Len(), len(text))
	}
	return nil
}
