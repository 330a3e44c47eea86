// Zondastd serves the net/http handlers of servers/nethttp, the very same, on zonda:
// each request on a goroutine, or with -loop on the loop.
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
	onLoop := flag.Bool("loop", false, "run handlers on the loop")
	flag.Parse()
	live.Answer()
	h, err := answer.Of(*kind)
	if err == nil {
		srv := &http1.Server{Handler: http1.StdWith(h, http1.StdOptions{OnLoop: *onLoop})}
		err = srv.ListenAndServe(*addr)
	}
	log.Fatal("zondastd: ", err)
}
