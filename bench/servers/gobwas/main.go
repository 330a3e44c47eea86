// Gobwas is a WebSocket server on gobwas/ws and package net, as its README begins: a
// goroutine for each connection. It sends each message back.
package main

import (
	"flag"
	"log"
	"net"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"github.com/zonda-go/zonda/bench/internal/live"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	flag.Parse()
	live.Answer()
	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal("gobwas: ", err)
	}
	for {
		c, err := ln.Accept()
		if err != nil {
			log.Fatal("gobwas: ", err)
		}
		go serve(c)
	}
}

func serve(c net.Conn) {
	defer c.Close()
	if _, err := ws.Upgrade(c); err != nil {
		return
	}
	for {
		message, op, err := wsutil.ReadClientData(c)
		if err != nil {
			return
		}
		if err := wsutil.WriteServerMessage(c, op, message); err != nil {
			return
		}
	}
}
