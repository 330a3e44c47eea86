// Zonda answers every request from a native handler.
package main

import (
	"flag"
	"io"
	"log"
	"strconv"

	"github.com/zonda-go/zonda/bench/internal/answer"
	"github.com/zonda-go/zonda/bench/internal/hello"
	"github.com/zonda-go/zonda/bench/internal/live"
	"github.com/zonda-go/zonda/bench/internal/payload"
	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	kind := flag.String("kind", "hello", answer.Kinds)
	flag.Parse()
	live.Answer()
	h, err := handler(*kind)
	if err == nil {
		srv := &http1.Server{Handler: h}
		err = srv.ListenAndServe(*addr)
	}
	log.Fatal("zonda: ", err)
}

func handler(kind string) (http1.HandlerFunc, error) {
	switch kind {
	case "hello":
		return sayHello, nil
	case "post":
		return readWhole, nil
	case "download":
		return download([]byte(payload.Download())).answer, nil
	}
	return nil, answer.Unknown(kind)
}

func sayHello(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
	w.Header().Set("Content-Type", answer.ContentType)
	_, err := w.WriteString(hello.Body)
	return err
}

func readWhole(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		return err
	}
	if n != payload.PostSize {
		return &http1.HTTPError{Status: 400}
	}
	return sayHello(co, w, r)
}

// download is the body of every answer.
type download []byte

func (d download) answer(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
	w.Header().Set("Content-Type", answer.ContentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(d)))
	_, err := w.Write(d)
	return err
}
