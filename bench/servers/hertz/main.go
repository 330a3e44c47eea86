// Hertz answers every request with one line, on hertz with netpoll under it. Its
// defaults would print routes and name themselves in each answer.
package main

import (
	"context"
	"flag"
	"io"
	"log"

	"github.com/cloudwego/hertz/pkg/app"
	"github.com/cloudwego/hertz/pkg/app/server"
	"github.com/cloudwego/hertz/pkg/common/config"
	"github.com/cloudwego/hertz/pkg/common/hlog"
	"github.com/cloudwego/hertz/pkg/network/netpoll"

	"github.com/zonda-go/zonda/bench/internal/answer"
	"github.com/zonda-go/zonda/bench/internal/hello"
	"github.com/zonda-go/zonda/bench/internal/live"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	flag.Parse()
	live.Answer()
	hlog.SetOutput(io.Discard) // it greets
	h := server.New(
		server.WithHostPorts(*addr),
		server.WithTransport(netpoll.NewTransporter),
		server.WithDisablePrintRoute(true),
		config.Option{F: func(o *config.Options) { o.NoDefaultServerHeader = true }}, // the others send none
	)
	h.GET("/", sayHello)
	log.Fatal("hertz: ", h.Run())
}

func sayHello(_ context.Context, c *app.RequestContext) {
	c.SetContentType(answer.ContentType)
	c.WriteString(hello.Body)
}
