// Package wswire is the grammar of WebSocket (RFC 6455) and of its extension
// permessage-deflate (RFC 7692) without input or output: bytes go in, events and pieces
// come out, and "need more" is a value.
//
// A [Reader] reads frames in either role, and needs no buffer: it shows the payload where
// it lies, unmasked in place, piece by piece as it comes. Between two messages it is in
// its first state again, so a connection that is idle need not keep one. [AppendHeader]
// and [Mask] write frames. What one end may not send is refused with an [*Error], which
// names the rule, and the code and the reason of the close frame that answers it.
//
// The rules of the handshake, header fields and parameters of the extension included, are
// functions of strings.
//
// Files, each calling only those before it: error, code, mask, utf8, header, reader;
// list, handshake, deflate; response.
package wswire
