package main

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// readForm hashes files as they come: nothing of them is kept.
func readForm(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
	if !strings.HasPrefix(strings.ToLower(r.Header.Get("Content-Type")), "multipart/") {
		entered, err := r.ParseForm(nil)
		if err != nil {
			return err // 400, 413 or 415
		}
		return sendJSON(w, newForm(entered.Values))
	}
	parts, err := r.Multipart(nil)
	if err != nil {
		return err
	}
	answer := newForm(nil)
	for {
		part, err := parts.Next()
		if err == io.EOF {
			return sendJSON(w, answer)
		}
		if err == nil {
			err = answer.take(part)
		}
		if err != nil {
			return err
		}
	}
}

// take reads one field or file.
func (f form) take(part *http1.Part) error {
	if part.Filename == "" {
		value, err := io.ReadAll(part)
		f.Fields[part.Name] = append(f.Fields[part.Name], string(value))
		return err
	}
	sum := sha256.New()
	n, err := io.Copy(sum, part)
	f.add(part.Name, upload{part.Filename, n, hex.EncodeToString(sum.Sum(nil))})
	return err
}
