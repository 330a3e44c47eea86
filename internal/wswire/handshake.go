package wswire

import (
	"crypto/sha1"
	"encoding/base64"
)

const (
	// Version is the one version of the protocol that is spoken (RFC 6455, 4.1).
	Version = "13"
	// acceptGUID is what the server appends to the key (RFC 6455, 1.3).
	acceptGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
	keySize    = 16
)

// AcceptKey is the value of Sec-WebSocket-Accept that answers a key.
func AcceptKey(key string) string {
	sum := sha1.Sum([]byte(key + acceptGUID))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// EncodeKey is the value of Sec-WebSocket-Key for 16 random bytes.
func EncodeKey(random [keySize]byte) string {
	return base64.StdEncoding.EncodeToString(random[:])
}

// A Hello is what matters of a client's handshake.
type Hello struct {
	Method     string
	Minor      int      // version of HTTP/1
	Body       bool     // it has one: its bytes would be taken for frames
	Connection []string // values of the fields of that name
	Upgrade    []string
	Version    []string // Sec-WebSocket-Version
	Key        []string // Sec-WebSocket-Key
}

// Refusal says why a handshake is refused, and with which status.
type Refusal struct {
	Status int
	Reason string
}

// CheckHello judges a client's handshake (RFC 6455, 4.2.1). A request that does not ask
// for WebSocket is 426, as is one for another version; the rest is 400.
func CheckHello(h *Hello) *Refusal {
	switch {
	case h.Method != "GET":
		return &Refusal{405, "the method of a WebSocket handshake is GET"}
	case h.Minor < 1:
		return &Refusal{400, "a WebSocket handshake needs HTTP/1.1"}
	case h.Body:
		return &Refusal{400, "a WebSocket handshake has no body"}
	case !HasToken(h.Upgrade, "websocket"):
		return &Refusal{426, "this resource speaks WebSocket only"}
	case !HasToken(h.Connection, "upgrade"):
		return &Refusal{400, "Connection does not contain upgrade"}
	case len(h.Version) != 1 || h.Version[0] != Version:
		return &Refusal{426, "the version of WebSocket is not 13"}
	case len(h.Key) != 1 || !validKey(h.Key[0]):
		return &Refusal{400, "Sec-WebSocket-Key is not 16 bytes in base64"}
	}
	return nil
}

func validKey(key string) bool {
	b, err := base64.StdEncoding.Strict().DecodeString(key) // which passes over line breaks
	return err == nil && len(b) == keySize && len(key) == base64.StdEncoding.EncodedLen(keySize)
}

// An Answer is what matters of a server's answer to a handshake.
type Answer struct {
	Minor      int // version of HTTP/1
	Status     int
	Connection []string
	Upgrade    []string
	Accept     []string // Sec-WebSocket-Accept
	Protocol   []string // Sec-WebSocket-Protocol
}

// CheckAnswer judges a server's answer to a key and to the subprotocols that were offered
// (RFC 6455, 4.1), but for extensions. It says what is wrong; "": nothing.
func CheckAnswer(a *Answer, key string, protocols []string) string {
	switch {
	case a.Status != 101:
		return "the server does not switch protocols"
	case a.Minor < 1:
		return "the answer is not HTTP/1.1"
	case len(a.Upgrade) != 1 || !EqualFold(a.Upgrade[0], "websocket"):
		return "Upgrade is not websocket"
	case !HasToken(a.Connection, "upgrade"):
		return "Connection does not contain upgrade"
	case len(a.Accept) != 1 || a.Accept[0] != AcceptKey(key):
		return "Sec-WebSocket-Accept does not answer the key"
	case len(a.Protocol) > 1:
		return "more than one subprotocol"
	case len(a.Protocol) == 1 && !contains(protocols, a.Protocol[0]):
		return "a subprotocol that was not offered"
	}
	return ""
}

func contains(list []string, s string) bool {
	for _, t := range list {
		if t == s {
			return true
		}
	}
	return false
}
