package http1_test

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// onSite runs body with a client, and a server at http://site.test on the same loop. The
// network is one in memory; without a Dialer the client uses the machine's.
func onSite(body func(co *loop.Co, client *http1.Client) error) {
	l, err := loop.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	network := &looptest.Network{}
	srv := &http1.Server{Handler: exampleSite(), Network: network}
	if _, err := srv.Listen(l, "127.0.0.1:80"); err != nil {
		log.Fatal(err)
	}
	client := &http1.Client{Dialer: &stream.Dialer{Network: network, Resolver: stream.MapResolver{Hosts: nameOfHosts()}}}
	_, err = loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		defer client.Close()
		return struct{}{}, body(co, client)
	})
	if err != nil {
		fmt.Println(err)
	}
}

func exampleSite() http1.Handler {
	return http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		switch r.Path() {
		case "/upload":
			n, err := io.Copy(io.Discard, r.Body)
			fmt.Fprintf(w, "%d bytes", n)
			return err
		case "/never":
			return loop.Sleep(co, time.Hour)
		case "/gone":
			return &http1.HTTPError{Status: 410}
		}
		_, err := fmt.Fprintf(w, "this is %s", r.Path())
		return err
	})
}

// Three pages at a time.
func ExampleClient_Fetch() {
	onSite(func(co *loop.Co, client *http1.Client) error {
		var pages []*loop.Future[*http1.Response]
		for _, path := range []string{"/a", "/b", "/c"} {
			pages = append(pages, client.Fetch(co, &http1.ClientRequest{URL: "http://site.test" + path}))
		}
		all, err := loop.Await(co, loop.All(co.Loop(), pages...))
		if err != nil {
			return err
		}
		for _, res := range all {
			fmt.Printf("%d %s\n", res.Status, res.Body)
		}
		return nil
	})
	// Output:
	// 200 this is /a
	// 200 this is /b
	// 200 this is /c
}

// Errors tell the phase, and match what package net's would.
func ExampleClient_Get() {
	onSite(func(co *loop.Co, client *http1.Client) error {
		_, err := client.Get(co, "http://site.test/gone")
		var status *http1.StatusError
		if errors.As(err, &status) {
			fmt.Println(status.Response.Status)
		}
		_, err = client.Do(co, &http1.ClientRequest{
			URL:      "http://site.test/never",
			Timeouts: &http1.Timeouts{FirstByte: 10 * time.Millisecond},
		})
		var failed *http1.ClientError
		if errors.As(err, &failed) {
			fmt.Println(failed.Phase, failed.Timeout())
		}
		return nil
	})
	// Output:
	// 410
	// response true
}

// A body that is written while it is sent, as fast as the server takes it.
func ExampleClient_Do() {
	onSite(func(co *loop.Co, client *http1.Client) error {
		res, err := client.Do(co, &http1.ClientRequest{
			Method: "POST",
			URL:    "http://site.test/upload",
			Producer: func(co *loop.Co, w *http1.BodyWriter) error {
				for i := range 1000 {
					if _, err := fmt.Fprintf(w, "line %d\n", i); err != nil {
						return err
					}
				}
				return nil
			},
		})
		if err != nil {
			return err
		}
		fmt.Printf("%s\n", res.Body)
		return nil
	})
	// Output:
	// 8890 bytes
}

// A body that is read piece by piece.
func ExampleClient_Open() {
	onSite(func(co *loop.Co, client *http1.Client) error {
		res, err := client.Open(co, &http1.ClientRequest{URL: "http://site.test/long"})
		if err != nil {
			return err
		}
		defer res.Stream.Close()
		piece := make([]byte, 4)
		n, err := io.ReadFull(res.Stream, piece)
		fmt.Printf("%s, %d of %d bytes\n", piece, n, res.ContentLength)
		return err
	})
	// Output:
	// this, 4 of 13 bytes
}

// Existing code, with http.Client, on the loop's connections.
func ExampleTransport() {
	l, err := loop.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	go func() { _ = l.Run() }()
	defer l.Close()
	client := &http.Client{Transport: &http1.Transport{Client: &http1.Client{}, Loop: l}}
	_, err = client.Get("http://127.0.0.1:1/")
	fmt.Println(err != nil)
	// Output:
	// true
}
