// Package wsclient is a client's half of WebSocket (RFC 6455), as much of it as load,
// hold and limitws need: the handshake, and the frames of short messages.
package wsclient

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Binary begins a frame that is a whole binary message; with Compressed it is
// deflated (RFC 7692, 6).
const (
	Binary     = 0x82
	Compressed = 0x40
)

// Deflate is an offer of compression, each message for itself.
const Deflate = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

// maxShort is the longest payload whose length takes one byte.
const maxShort = 125

// maxHead bounds the head of the answer to a handshake.
const maxHead = 4 << 10

// Shake asks for the protocol and checks the answer. offer is the value of
// Sec-WebSocket-Extensions; "": none is sent. It returns what the server chose, and
// has read nothing behind the answer.
func Shake(rw io.ReadWriter, offer string) (chosen string, err error) {
	const key = "em9uZGEtYmVuY2gta2V5IQ==" // 16 bytes; what they are does not matter
	if offer != "" {
		offer = "Sec-WebSocket-Extensions: " + offer + "\r\n"
	}
	_, err = io.WriteString(rw, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: "+key+"\r\nSec-WebSocket-Version: 13\r\n"+offer+"\r\n")
	if err != nil {
		return "", err
	}
	head, err := readHead(rw)
	if err != nil {
		return "", err
	}
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(head)), nil)
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusSwitchingProtocols || resp.Header.Get("Sec-WebSocket-Accept") != AcceptKey(key) {
		return "", fmt.Errorf("the handshake was answered %q", head)
	}
	return resp.Header.Get("Sec-WebSocket-Extensions"), nil
}

// readHead reads up to the blank line. The server has nothing to say behind it
// before it is spoken to.
func readHead(r io.Reader) ([]byte, error) {
	head := make([]byte, 0, maxHead)
	for len(head) < maxHead {
		n, err := r.Read(head[len(head):maxHead])
		head = head[:len(head)+n]
		if end := bytes.Index(head, []byte("\r\n\r\n")); end >= 0 {
			if end+4 < len(head) {
				return nil, fmt.Errorf("the server spoke first: %q", head[end+4:])
			}
			return head, nil
		}
		if err != nil {
			return nil, fmt.Errorf("the handshake was answered %q: %w", head, err)
		}
	}
	return nil, errors.New("the handshake was answered without end")
}

// AcceptKey is what a server answers to a key (RFC 6455, 4.2.2).
func AcceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Answer is a server's answer to a handshake that Shake has sent without an offer.
func Answer(request []byte) []byte {
	_, key, _ := bytes.Cut(request, []byte("Sec-WebSocket-Key: "))
	key, _, _ = bytes.Cut(key, []byte("\r\n"))
	return []byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: " + AcceptKey(string(key)) + "\r\n\r\n")
}

// Masked is a frame as clients send them. Its mask is always the same, which makes
// no difference to whoever must take it off.
func Masked(first byte, payload string) string {
	mask := [4]byte{0x5a, 0xc3, 0x17, 0xe8}
	var b strings.Builder
	b.Write([]byte{first, 0x80 | short(payload)})
	b.Write(mask[:])
	for i := range len(payload) {
		b.WriteByte(payload[i] ^ mask[i%4])
	}
	return b.String()
}

// Plain is a frame as servers send them.
func Plain(first byte, payload string) string {
	return string([]byte{first, short(payload)}) + payload
}

// ReadPlain reads one frame as servers send them, which must begin with first, and
// gives its payload.
func ReadPlain(r io.Reader, first byte) (string, error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return "", err
	}
	if head[0] != first || head[1] > maxShort {
		return "", fmt.Errorf("the server sent a frame that begins with % x", head)
	}
	payload := make([]byte, head[1])
	_, err := io.ReadFull(r, payload)
	return string(payload), err
}

func short(payload string) byte {
	if len(payload) > maxShort {
		panic("wsclient: a payload that is not short")
	}
	return byte(len(payload))
}
