// Fasthttp answers every request with one line, on fasthttp's server.
package main

import (
	"flag"
	"log"

	"github.com/valyala/fasthttp"

	"github.com/zonda-go/zonda/bench/internal/hello"
	"github.com/zonda-go/zonda/bench/internal/live"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	flag.Parse()
	live.Answer()
	srv := &fasthttp.Server{
		Handler:               answer,
		NoDefaultServerHeader: true, // the others send none
	}
	log.Fatal(srv.ListenAndServe(*addr))
}

func answer(ctx *fasthttp.RequestCtx) {
	ctx.SetContentType("text/plain; charset=utf-8")
	ctx.WriteString(hello.Body)
}
