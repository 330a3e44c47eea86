// Zonda answers every request with one line, from a native handler.
package main

import (
	"flag"
	"log"

	"github.com/zonda-go/zonda/bench/internal/hello"
	"github.com/zonda-go/zonda/bench/internal/live"
	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	flag.Parse()
	live.Answer()
	srv := &http1.Server{Handler: http1.HandlerFunc(answer)}
	log.Fatal(srv.ListenAndServe(*addr))
}

func answer(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := w.WriteString(hello.Body)
	return err
}
