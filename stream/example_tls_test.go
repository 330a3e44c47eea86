package stream_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"math/big"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// selfMade is a certificate for one name that only those trust who are given it.
func selfMade(name string) (tls.Certificate, *x509.CertPool, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	leaf, err := x509.ParseCertificate(raw)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, pool, nil
}

// A server that echoes over TLS, and a client of it. The network is one in memory; with
// stream.System in its place it is the machine's.
func ExampleStream_StartTLS() {
	cert, pool, err := selfMade("echo.test")
	if err != nil {
		log.Fatal(err)
	}
	server := stream.TLSOptions{Server: true, Config: &tls.Config{Certificates: []tls.Certificate{cert}}}
	client := stream.TLSOptions{Config: &tls.Config{RootCAs: pool, ServerName: "echo.test"}}

	echo := func(co *loop.Co, s *stream.Stream) error {
		defer s.Close()
		if _, err := loop.Await(co, s.StartTLS(server)); err != nil {
			return err
		}
		for {
			line, err := loop.Await(co, s.ReadUntil("\n", 1000))
			if err == io.EOF {
				return nil // the client has said goodbye
			}
			if err != nil {
				return err
			}
			if _, err := loop.Await(co, s.Write(line)); err != nil {
				return err
			}
		}
	}

	l, err := loop.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	var network looptest.Network
	ln, err := network.Listen(l, "tcp", "127.0.0.1:7007")
	if err != nil {
		log.Fatal(err)
	}
	defer ln.Close()
	if err := ln.Accept(func(t stream.Transport) {
		loop.Go(l, func(co *loop.Co) (struct{}, error) {
			s, err := stream.New(l, t)
			if err != nil {
				return struct{}{}, err
			}
			return struct{}{}, echo(co, s)
		})
	}); err != nil {
		log.Fatal(err)
	}

	answer, err := loop.RunSync(l, func(co *loop.Co) ([]byte, error) {
		s, err := stream.Dial(co, &network, "tcp", "127.0.0.1:7007")
		if err != nil {
			return nil, err
		}
		defer s.Abort()
		if _, err := loop.Await(co, s.StartTLS(client)); err != nil {
			return nil, err
		}
		s.Write([]byte("hello\n"))
		answer, err := loop.Await(co, s.ReadUntil("\n", 1000))
		if err != nil {
			return nil, err
		}
		_, err = loop.Await(co, s.Close())
		return answer, err
	})
	fmt.Printf("%s%v\n", answer, err)
	// Output:
	// hello
	// <nil>
}
