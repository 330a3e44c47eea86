// Nethttp answers every request with one line, on net/http's own server.
package main

import (
	"flag"
	"io"
	"log"
	"net/http"

	"github.com/zonda-go/zonda/bench/internal/hello"
	"github.com/zonda-go/zonda/bench/internal/live"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	flag.Parse()
	live.Answer()
	log.Fatal(http.ListenAndServe(*addr, http.HandlerFunc(answer)))
}

func answer(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, hello.Body)
}
