// Package httpwire is the grammar of HTTP/1.1 (RFC 9110, RFC 9112) without
// input or output: bytes go in, offsets and pieces come out, and "need more"
// is a value.
//
// A [Parser] reads request heads and a [ResponseParser] response heads,
// [Chunks] reads bodies in the chunked coding, and the Append functions write
// all of these. None of them keeps a
// reference to the bytes it is shown: a [Span] holds offsets only, so a head
// may move to another buffer between two calls, and a connection that is
// between two requests needs neither a Parser nor a buffer.
//
// What the RFCs leave to the recipient and what two recipients could read
// differently is refused (RFC 9112, 11.1 and 11.2): bare CR or LF, folded
// lines, blanks before a colon, two framings at once. Each refusal is an
// [*Error] that names the rule, the offset and the status that answers it.
//
// Files, each calling only those before it: error, chars, token, target,
// line, message, head, framing, field, request, response; chunk; status, write.
package httpwire
