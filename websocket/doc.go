// Package websocket speaks WebSocket (RFC 6455) in both roles, with compression
// (permessage-deflate, RFC 7692), on streams.
//
//	func serve(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
//		conn, err := websocket.Accept(co, w, r, nil)
//		if err != nil {
//			return err // it is answered: 400, 403 or 426
//		}
//		conn.OnMessage(func(co *loop.Co, m websocket.Message) error {
//			return conn.Write(co, m.Type, m.Data)
//		})
//		return nil
//	}
//
// Accept takes a connection in, in a handler of http1; AcceptNetHTTP in one of net/http, on
// whichever server; Dial makes one.
//
// # Two styles
//
// A coroutine reads (Read, Messages, or NextReader for messages too large to be kept) and
// writes in straight-line code, and is there as long as the connection is: about 3 KB. Or
// OnMessage has a function called with each message, in a coroutine that is there only
// meanwhile. Take the second where connections are idle most of the time and there are
// thousands of them: an idle one then holds its struct and its stream, and nothing else.
//
// # Writing
//
// Write waits while the peer is slow; Send does not, and Options.Slow says what becomes of
// messages that are too many. What is written in one iteration of the loop goes out in one
// write. A Prepared message is encoded, and compressed, once for many connections.
//
// Everything here belongs to the loop it was made on, but for AcceptNetHTTP, which is called
// on a goroutine of net/http; see package loop.
//
// # Files
//
// errors, options and local, which connections share; conn; inbound, read, messagereader and
// onmessage for what comes; outbound, write, messagewriter and prepared for what goes; close,
// ping and compress; accept, nethttp, dial and dialproxy make connections.
package websocket
