//go:build linux

package main

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/zonda-go/zonda/bench/internal/payload"
	"github.com/zonda-go/zonda/bench/internal/wsclient"
)

// messageOnce changes to WebSocket and has one message sent back.
func messageOnce(c net.Conn) error {
	if _, err := wsclient.Shake(c, ""); err != nil {
		return err
	}
	return sendOnce(c, wsclient.Masked(wsclient.Binary, payload.Message()), wsclient.Plain(wsclient.Binary, payload.Message()))
}

// tail is the end of the empty block that a compressed message leaves out (RFC 7692,
// 7.2.1), final an empty one after which nothing comes.
const (
	tail  = "\x00\x00\xff\xff"
	final = "\x01\x00\x00\xff\xff"
)

// deflatedOnce is messageOnce with compression, which the server must use too.
func deflatedOnce(c net.Conn) error {
	chosen, err := wsclient.Shake(c, wsclient.Deflate)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(chosen, "permessage-deflate") {
		return fmt.Errorf("the server chose the extensions %q", chosen)
	}
	// A repeated message is one that is worth compressing.
	message := strings.Repeat("zonda-bench hold", 4)
	packed, err := deflated(message)
	if err != nil {
		return err
	}
	const first = wsclient.Binary | wsclient.Compressed
	if _, err := io.WriteString(c, wsclient.Masked(first, packed)); err != nil {
		return err
	}
	back, err := wsclient.ReadPlain(c, first)
	if err != nil {
		return err
	}
	plain, err := io.ReadAll(flate.NewReader(strings.NewReader(back + tail + final)))
	if err == nil && string(plain) != message {
		err = fmt.Errorf("the server sent back %q", plain)
	}
	return err
}

func deflated(message string) (string, error) {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestSpeed)
	if err != nil {
		return "", err
	}
	if _, err := io.WriteString(w, message); err != nil {
		return "", err
	}
	if err := w.Flush(); err != nil {
		return "", err
	}
	return strings.TrimSuffix(b.String(), tail), nil
}
