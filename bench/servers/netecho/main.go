// Netecho sends back what it receives, on package net: a goroutine for each
// connection, with a buffer of the size that net/http's have.
package main

import (
	"flag"
	"log"
	"net"

	"github.com/zonda-go/zonda/bench/internal/live"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	flag.Parse()
	live.Answer()
	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal("netecho: ", err)
	}
	for {
		c, err := ln.Accept()
		if err != nil {
			log.Fatal("netecho: ", err)
		}
		go serve(c)
	}
}

func serve(c net.Conn) {
	defer c.Close()
	buf := make([]byte, 4<<10)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		if _, err := c.Write(buf[:n]); err != nil {
			return
		}
	}
}
