package http1_test

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// A body of JSON, and a request with limits of its own.
func ExampleClientRequest() {
	onSite(func(co *loop.Co, client *http1.Client) error {
		text, err := json.Marshal(map[string]string{"name": "zonda"})
		if err != nil {
			return err
		}
		r := &http1.ClientRequest{
			Method:   "POST",
			URL:      "http://site.test/upload",
			Body:     text,
			Timeouts: &http1.Timeouts{Connect: 2 * time.Second, Whole: time.Minute},
		}
		r.Header.Set("Content-Type", "application/json")
		res, err := client.Do(co, r)
		if err != nil {
			return err
		}
		fmt.Printf("%d %s\n", res.Status, res.Body)
		return nil
	})
	// Output:
	// 200 16 bytes
}

// A file, with a look at how far it is. Of a body whose length nobody knows Total is -1.
func ExampleClient_Download() {
	dir, err := os.MkdirTemp("", "zonda")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "page")
	onSite(func(co *loop.Co, client *http1.Client) error {
		_, err := client.Download(co, &http1.ClientRequest{
			URL:      "http://site.test/page",
			MaxBody:  -1,                         // as long as it is
			Timeouts: &http1.Timeouts{Whole: -1}, // as long as it takes
			OnProgress: func(p http1.Progress) {
				if p.Ended {
					fmt.Printf("%d of %d bytes\n", p.Done, p.Total)
				}
			},
		}, path)
		return err
	})
	text, err := os.ReadFile(path)
	fmt.Printf("%s, %v\n", text, err)
	// Output:
	// 13 of 13 bytes
	// this is /page, <nil>
}

// A hundred requests, of which at most ten run at a time; one that fails does not end the
// others.
func ExampleClient() {
	onSite(func(co *loop.Co, client *http1.Client) error {
		client.MaxPerHost = 10 // before the first use
		var all []*loop.Future[*http1.Response]
		for i := range 100 {
			path := fmt.Sprintf("/%d", i)
			if i%10 == 0 {
				path = "/gone"
			}
			all = append(all, client.Fetch(co, &http1.ClientRequest{URL: "http://site.test" + path}))
		}
		got, failed := 0, 0
		for _, f := range all {
			if _, err := loop.Await(co, f); err != nil {
				failed++
			} else {
				got++
			}
		}
		fmt.Println(got, failed, client.Stats().Open <= 10)
		return nil
	})
	// Output:
	// 90 10 true
}
