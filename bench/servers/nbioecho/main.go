// Nbioecho sends back what it receives, on one poller of nbio, which reads
// before it looks for more events.
package main

import (
	"flag"
	"log"

	"github.com/lesismal/nbio"
	"github.com/lesismal/nbio/logging"

	"github.com/zonda-go/zonda/bench/internal/live"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	flag.Parse()
	live.Answer()
	logging.SetLevel(logging.LevelError) // it greets on standard output
	engine := nbio.NewEngine(nbio.Config{Network: "tcp", Addrs: []string{*addr}, NPoller: 1})
	engine.OnOpen(func(c *nbio.Conn) {
		if err := c.SetNoDelay(true); err != nil { // as all the others have it
			c.CloseWithError(err)
		}
	})
	engine.OnData(func(c *nbio.Conn, b []byte) {
		if _, err := c.Write(b); err != nil {
			c.CloseWithError(err)
		}
	})
	if err := engine.Start(); err != nil {
		log.Fatal("nbioecho: ", err)
	}
	engine.Wait()
}
