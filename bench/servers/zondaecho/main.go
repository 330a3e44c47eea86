// Zondaecho sends back what it receives: a stream.Server whose connections each
// have a Consumer. With -tls it speaks TLS, with a certificate made at the start.
package main

import (
	"flag"
	"log"

	"github.com/zonda-go/zonda/bench/internal/live"
	"github.com/zonda-go/zonda/stream"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	secure := flag.Bool("tls", false, "speak TLS")
	flag.Parse()
	live.Answer()
	srv := &stream.Server{Accept: func(s *stream.Stream) { s.SetConsumer((*echo)(s)) }}
	if *secure {
		config, err := selfSigned()
		if err != nil {
			log.Fatal("zondaecho: ", err)
		}
		srv.TLS = &stream.TLSOptions{Config: config}
	}
	log.Fatal("zondaecho: ", srv.ListenAndServe("tcp", *addr))
}

// echo is a stream as its own consumer: there is nothing else to know about it.
type echo stream.Stream

func (e *echo) Consume(p []byte) int {
	(*stream.Stream)(e).Write(p)
	return len(p)
}

func (e *echo) Ended(error) { (*stream.Stream)(e).Close() }
