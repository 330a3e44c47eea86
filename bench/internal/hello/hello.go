// Package hello is the exchange every server of this module is measured with:
// one fixed request and the body it is answered with. The load sends the
// request; bench/limit, which parses nothing, is told its length.
package hello

// Request is sent as it stands, once for each request in flight.
// Its Host names no port, so that its length is the same for every server.
const Request = "GET / HTTP/1.1\r\n" +
	"Host: 127.0.0.1\r\n" +
	"User-Agent: " + UserAgent + "\r\n" +
	"Accept: " + Accept + "\r\n" +
	"\r\n"

// UserAgent and Accept are the header values in Request. A second load
// generator needs them to send a request of the same length.
const (
	UserAgent = "zonda-bench/1"
	Accept    = "*/*"
)

// Body is the body of every answer.
const Body = "Hello, World!"
