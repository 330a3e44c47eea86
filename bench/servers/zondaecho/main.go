// Zondaecho sends back what it receives: a stream.Server whose connections each
// have a Consumer. With -tls it speaks TLS, with a certificate made at the start; with
// -bare its streams stand on a Listener, and no Server looks after them.
package main

import (
	"flag"
	"log"

	"github.com/zonda-go/zonda/bench/internal/live"
	"github.com/zonda-go/zonda/bench/internal/selfsigned"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	secure := flag.Bool("tls", false, "speak TLS")
	bare := flag.Bool("bare", false, "do without a Server")
	flag.Parse()
	live.Answer()
	if *bare {
		log.Fatal("zondaecho: ", listen(*addr))
	}
	srv := &stream.Server{Accept: func(s *stream.Stream) { s.SetConsumer((*echo)(s)) }}
	if *secure {
		config, err := selfsigned.Config()
		if err != nil {
			log.Fatal("zondaecho: ", err)
		}
		srv.TLS = &stream.TLSOptions{Config: config}
	}
	log.Fatal("zondaecho: ", srv.ListenAndServe("tcp", *addr))
}

// listen serves on a bare Listener.
func listen(addr string) error {
	l, err := loop.New(nil)
	if err != nil {
		return err
	}
	ln, err := stream.System{}.Listen(l, "tcp", addr)
	if err != nil {
		return err
	}
	err = ln.Accept(func(t stream.Transport) {
		s, err := stream.New(l, t)
		if err != nil {
			log.Print("zondaecho: ", err)
			_ = t.Close(true)
			return
		}
		s.SetConsumer((*echo)(s))
	})
	if err != nil {
		return err
	}
	return l.Run()
}

// echo is a stream as its own consumer: there is nothing else to know about it.
type echo stream.Stream

func (e *echo) Consume(p []byte) int {
	(*stream.Stream)(e).Write(p)
	return len(p)
}

func (e *echo) Ended(error) { (*stream.Stream)(e).Close() }
