package http1_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/netip"
	"os"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// A server behind a proxy on the same machine, stricter with its clients than it would be
// by default.
func ExampleServer() {
	srv := &http1.Server{
		Handler: http1.HandlerFunc(func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
			_, err := fmt.Fprintf(w, "%s came by %s\n", r.ClientIP(), r.Scheme())
			return err
		}),
		HeadTimeout:     5 * time.Second,
		BodyTimeout:     10 * time.Second,
		IdleTimeout:     time.Minute,
		RequestTimeout:  30 * time.Second,
		MaxBody:         1 << 20,
		MaxConns:        10_000,
		MaxConnsPerAddr: 100,
		TrustProxies:    []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
		AccessLog:       slog.New(slog.NewJSONHandler(os.Stderr, nil)),
	}
	fmt.Println(srv.Close())
	// Output: <nil>
}

// Hints go out before the work begins; what is known only after it goes behind the body.
func ExampleResponseWriter_Inform() {
	h := http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		if err := w.Inform(103, http1.Field{Name: "Link", Value: "</style.css>; rel=preload"}); err != nil {
			return err
		}
		sum := sha256.New()
		w.Header().Set("Trailer", "Sum")
		_, err := io.Copy(io.MultiWriter(w, sum), r.Body)
		w.Trailer().Set("Sum", hex.EncodeToString(sum.Sum(nil)[:4]))
		return err
	})
	log.Fatal((&http1.Server{Handler: h}).ListenAndServe("127.0.0.1:8888"))
}
