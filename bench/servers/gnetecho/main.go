// Gnetecho sends back what it receives, on one event loop of gnet.
package main

import (
	"flag"
	"log"

	"github.com/panjf2000/gnet/v2"
	"go.uber.org/zap"

	"github.com/zonda-go/zonda/bench/internal/live"
)

type echo struct{ gnet.BuiltinEventEngine }

func (*echo) OnTraffic(c gnet.Conn) gnet.Action {
	b, err := c.Next(-1)
	if err == nil {
		_, err = c.Write(b)
	}
	if err != nil {
		return gnet.Close
	}
	return gnet.None
}

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	flag.Parse()
	live.Answer()
	quiet := gnet.WithLogger(zap.NewNop().Sugar()) // it greets on standard output
	log.Fatal("gnetecho: ", gnet.Run(&echo{}, "tcp://"+*addr, quiet))
}
