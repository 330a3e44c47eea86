// Package payload is what is exchanged beyond hello: the message that is echoed, a
// request that brings something, and an answer that does. Load and servers agree on
// them here.
package payload

import "strings"

// MessageSize is the length of Message, PostSize that of Post's body and
// DownloadSize that of the answer to Download, in bytes.
const (
	MessageSize  = 64
	PostSize     = 10 << 10
	DownloadSize = 100 << 10
)

// Message is echoed, and sent to all.
func Message() string { return filled(MessageSize) }

// Post is a request whose body the handler reads whole. Its answer is that to a
// hello request, so that bench/limit can be its floor too.
func Post() string {
	return "POST / HTTP/1.1\r\n" +
		"Host: 127.0.0.1\r\n" +
		"User-Agent: zonda-bench/1\r\n" +
		"Accept: */*\r\n" +
		"Content-Type: application/octet-stream\r\n" +
		"Content-Length: 10240\r\n" +
		"\r\n" + filled(PostSize)
}

// Download is the body of the answer to a hello request that is to bring something.
func Download() string { return filled(DownloadSize) }

// filled has n bytes. Its period is odd, so that a page that is lost or sent twice
// shows.
func filled(n int) string {
	const filler = "abcdefghijklmnopqrstuvwxyz-0123456789"
	return strings.Repeat(filler, n/len(filler)+1)[:n]
}
