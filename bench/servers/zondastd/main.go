// Zondastd serves the net/http handler of servers/nethttp, unchanged, on
// zonda.
package main

import (
	"flag"
	"io"
	"log"
	"net/http"

	"github.com/zonda-go/zonda/bench/internal/hello"
	"github.com/zonda-go/zonda/bench/internal/live"
	"github.com/zonda-go/zonda/http1"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	flag.Parse()
	live.Answer()
	srv := &http1.Server{Handler: http1.Std(http.HandlerFunc(answer))}
	log.Fatal(srv.ListenAndServe(*addr))
}

func answer(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, hello.Body)
}
