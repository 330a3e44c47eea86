// Package zonda is the front page of an event loop for Go, after the
// architecture of Tornado: callbacks, timers and I/O events on one goroutine,
// futures, coroutines that read as straight-line code, byte streams with limits,
// and an HTTP/1.1 server and client on them. The package itself exports nothing.
//
// # The one rule
//
// A loop, and everything made from it, belongs to whoever holds the loop: the
// goroutine inside Run, or the coroutine it is resuming. Before, between and
// after Runs it belongs to the goroutine that has it. State that only code on the
// loop touches therefore needs no locks. Any other goroutine goes through the few
// calls that package loop names as safe, most often Post.
//
// The rule has a price: code on the loop must not block. A wait belongs into
// loop.Await, and blocking or CPU-bound work into a goroutine: loop.Offload makes
// a future of its result.
//
// # A server
//
//	package main
//
//	import (
//		"log"
//		"time"
//
//		"github.com/zonda-go/zonda/http1"
//		"github.com/zonda-go/zonda/loop"
//	)
//
//	func main() {
//		srv := &http1.Server{Handler: http1.HandlerFunc(hello)}
//		log.Fatal(srv.ListenAndServe("127.0.0.1:8888"))
//	}
//
//	func hello(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
//		if err := loop.Sleep(co, 100*time.Millisecond); err != nil {
//			return err // the client left, or the server is closing
//		}
//		_, err := w.WriteString("Hello, World!")
//		return err
//	}
//
// # The map of the house
//
// Imports point downwards only; deps_test.go holds the arrows.
//
//	loop                    the kernel: Loop, timers, descriptors, futures, coroutines, locks
//	stream                  bytes in order, with limits: streams, TLS, listeners, servers, dialling
//	http1                   HTTP/1.1 on streams: server, client, adapters to and from net/http
//	websocket               WebSocket in both roles: accept, dial, messages
//	looptest                for tests: a virtual clock, a network in memory, seeds
//	internal/poll           which descriptors are ready, one file per mechanism
//	internal/poll/polltest  the suite that every poll backend must pass
//	internal/sock           socket system calls
//	internal/owner          who holds the loop?
//	internal/httpwire       the HTTP/1.1 grammar: bytes in, events out, no I/O
//	internal/wswire         the grammar of WebSocket: bytes in, events out, no I/O
//	internal/wswire/wscases what an end of a WebSocket connection must make of what it is sent
//	internal/proxyproto     the PROXY protocol: bytes in, addresses out, no I/O
//	internal/browsertest    for tests: a headless Chromium, driven over our own WebSocket client
//	internal/nginxtest      for tests: an nginx of their own
//	examples                small programs, each with a test
//	bench                   a module of its own: measurements beside other libraries
package zonda
