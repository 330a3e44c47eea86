// Nethttp answers every request by one of the handlers of internal/answer, on
// net/http's own server.
package main

import (
	"flag"
	"log"
	"net/http"

	"github.com/zonda-go/zonda/bench/internal/answer"
	"github.com/zonda-go/zonda/bench/internal/live"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	kind := flag.String("kind", "hello", answer.Kinds)
	flag.Parse()
	live.Answer()
	h, err := answer.Of(*kind)
	if err == nil {
		err = http.ListenAndServe(*addr, h)
	}
	log.Fatal("nethttp: ", err)
}
