// Package answer has the net/http handlers of this module, so that every server that
// serves such handlers is given the very same ones.
package answer

import (
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/zonda-go/zonda/bench/internal/hello"
	"github.com/zonda-go/zonda/bench/internal/payload"
)

// ContentType is that of every answer.
const ContentType = "text/plain; charset=utf-8"

// Kinds are what a handler can do, for the usage of a flag.
const Kinds = "hello, post (reads the request's body whole) or download (answers 100 KiB)"

// Of returns the handler of a kind.
func Of(kind string) (http.Handler, error) {
	switch kind {
	case "hello":
		return http.HandlerFunc(sayHello), nil
	case "post":
		return http.HandlerFunc(readWhole), nil
	case "download":
		return download([]byte(payload.Download())), nil
	}
	return nil, Unknown(kind)
}

// Unknown is the error of a kind that is none.
func Unknown(kind string) error {
	return fmt.Errorf("no kind %q of answer; there are hello, post, download", kind)
}

func sayHello(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", ContentType)
	io.WriteString(w, hello.Body)
}

// readWhole does nothing with what it reads: how an application keeps a body is its
// own affair.
func readWhole(w http.ResponseWriter, r *http.Request) {
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil || n != payload.PostSize {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	sayHello(w, r)
}

// download is the body of every answer.
type download []byte

func (d download) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", ContentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(d)))
	w.Write(d)
}
