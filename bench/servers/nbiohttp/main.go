// Nbiohttp answers every request with one line, on nbio's HTTP server with one
// poller. Handlers run on goroutines of a pool, or with -inline on the poller.
package main

import (
	"flag"
	"io"
	"log"
	"net/http"
	"strconv"

	"github.com/lesismal/nbio/logging"
	"github.com/lesismal/nbio/nbhttp"

	"github.com/zonda-go/zonda/bench/internal/answer"
	"github.com/zonda-go/zonda/bench/internal/hello"
	"github.com/zonda-go/zonda/bench/internal/live"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	inline := flag.Bool("inline", false, "run handlers on the poller")
	flag.Parse()
	live.Answer()
	logging.SetLevel(logging.LevelError) // it greets on standard output
	c := nbhttp.Config{Network: "tcp", Addrs: []string{*addr}, NPoller: 1, Handler: http.HandlerFunc(sayHello)}
	if *inline {
		c.ServerExecutor = func(f func()) { f() }
	}
	engine := nbhttp.NewEngine(c)
	if err := engine.Start(); err != nil {
		log.Fatal("nbiohttp: ", err)
	}
	engine.Wait()
}

// sayHello gives the length, without which nbio answers in chunks.
func sayHello(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", answer.ContentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(hello.Body)))
	io.WriteString(w, hello.Body)
}
