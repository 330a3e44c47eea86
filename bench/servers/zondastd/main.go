// Zondastd serves the net/http handlers of servers/nethttp, the very same, on zonda.
package main

import (
	"flag"
	"log"

	"github.com/zonda-go/zonda/bench/internal/answer"
	"github.com/zonda-go/zonda/bench/internal/live"
	"github.com/zonda-go/zonda/http1"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	kind := flag.String("kind", "hello", answer.Kinds)
	flag.Parse()
	live.Answer()
	h, err := answer.Of(*kind)
	if err == nil {
		srv := &http1.Server{Handler: http1.Std(h)}
		err = srv.ListenAndServe(*addr)
	}
	log.Fatal("zondastd: ", err)
}
