// Fasthttp answers every request on fasthttp's server.
package main

import (
	"flag"
	"log"

	"github.com/valyala/fasthttp"

	"github.com/zonda-go/zonda/bench/internal/answer"
	"github.com/zonda-go/zonda/bench/internal/hello"
	"github.com/zonda-go/zonda/bench/internal/live"
	"github.com/zonda-go/zonda/bench/internal/payload"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	kind := flag.String("kind", "hello", answer.Kinds)
	flag.Parse()
	live.Answer()
	h, err := handler(*kind)
	if err == nil {
		srv := &fasthttp.Server{
			Handler:               h,
			NoDefaultServerHeader: true, // the others send none
		}
		err = srv.ListenAndServe(*addr)
	}
	log.Fatal("fasthttp: ", err)
}

func handler(kind string) (fasthttp.RequestHandler, error) {
	switch kind {
	case "hello":
		return sayHello, nil
	case "post":
		return readWhole, nil
	case "download":
		return download([]byte(payload.Download())).answer, nil
	}
	return nil, answer.Unknown(kind)
}

func sayHello(ctx *fasthttp.RequestCtx) {
	ctx.SetContentType(answer.ContentType)
	ctx.WriteString(hello.Body)
}

// readWhole finds the body in memory: fasthttp has read it whole before.
func readWhole(ctx *fasthttp.RequestCtx) {
	if len(ctx.PostBody()) != payload.PostSize {
		ctx.SetStatusCode(fasthttp.StatusBadRequest)
		return
	}
	sayHello(ctx)
}

// download is the body of every answer, which fasthttp need not copy.
type download []byte

func (d download) answer(ctx *fasthttp.RequestCtx) {
	ctx.SetContentType(answer.ContentType)
	ctx.Response.SetBodyRaw(d)
}
