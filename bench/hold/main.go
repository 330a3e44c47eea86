//go:build linux

// Hold opens connections to one server, has one exchange on each, and then holds
// them. A number on standard input is how many it should hold; it opens what is
// missing, one after the other, and answers with how many of all are open and
// silent. It ends with its standard input.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"log"
	"os"
	"strconv"
)

func main() {
	log.SetFlags(0)
	addr := flag.String("addr", "127.0.0.1:8080", "address of the server")
	kind := flag.String("kind", "echo", "the exchange: "+kinds)
	flag.Parse()
	h, err := newHolder(*addr, *kind)
	if err != nil {
		log.Fatal("hold: ", err)
	}
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		n, err := strconv.Atoi(in.Text())
		if err == nil {
			err = h.open(n)
		}
		if err != nil {
			log.Fatal("hold: ", err)
		}
		fmt.Println(h.silent())
	}
}
