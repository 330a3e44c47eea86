package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// pages is a site of n pages below /site/, each linking to two others, to one that is
// not there, and to places outside.
func pages(n int) http1.HandlerFunc {
	return func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		var i int
		if _, err := fmt.Sscanf(r.Path(), "/site/%d", &i); (err != nil && r.Path() != "/site/") || i >= n {
			return &http1.HTTPError{Status: 404}
		}
		if err := loop.Sleep(co, time.Second); err != nil {
			return err
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, err := fmt.Fprintf(w, `<a href="%d">one</a> <A class=x HREF='/site/%d#top'>two</A> <a href="/site/">home</a>
			<a href=missing>gone</a> <a href="http://elsewhere.test/">away</a> <a href="/outside">up</a> <a href="mailto:x@y">mail</a>`, 2*i+1, 2*i+2)
		return err
	}
}

// Every page is read once, ten at a time; what is missing is told of.
func TestSpider(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		n := &looptest.Network{}
		now, most := 0, 0
		count := func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
			now++
			most = max(most, now)
			defer func() { now-- }()
			return pages(100)(co, w, r)
		}
		srv := &http1.Server{Handler: http1.HandlerFunc(count), Network: n}
		if _, err := srv.Listen(co.Loop(), "127.0.0.1:80"); err != nil {
			return err
		}
		defer srv.Close()
		client := &http1.Client{Dialer: &stream.Dialer{Network: n}}
		defer client.Close()
		var out bytes.Buffer
		s := &spider{client: client, workers: 10, out: &out}
		if err := s.run(co, "http://127.0.0.1/site/"); err != nil {
			return err
		}
		// The pages from 100 on that are linked to, and the missing one.
		if s.fetched != 100 || len(s.dead) != 102 || most != 10 {
			t.Errorf("%d pages, %d dead, at most %d at a time", s.fetched, len(s.dead), most)
		}
		for line := range strings.Lines(out.String()) {
			if strings.HasPrefix(line, "fetched") && strings.Count(out.String(), line) != 1 {
				t.Errorf("twice: %s", line)
			}
		}
		if strings.Contains(out.String(), "elsewhere") || strings.Contains(out.String(), "outside") {
			t.Error("it left the site")
		}
		return nil
	})
}

// Cancelled at any moment it ends, with the cause.
func TestSpiderCancelled(t *testing.T) {
	looptest.Explore(t, 20, func(co *loop.Co) error {
		n := &looptest.Network{}
		srv := &http1.Server{Handler: pages(1000), Network: n}
		if _, err := srv.Listen(co.Loop(), "127.0.0.1:80"); err != nil {
			return err
		}
		defer srv.Close()
		client := &http1.Client{Dialer: &stream.Dialer{Network: n}}
		defer client.Close()
		scope, cancel := co.WithCancel()
		co.Loop().After(time.Duration(co.Loop().Rand().IntN(5000))*time.Millisecond, func() { cancel(errInterrupted) })
		s := &spider{client: client, workers: 10, out: &bytes.Buffer{}}
		if err := s.run(scope, "http://127.0.0.1/site/"); !errors.Is(err, errInterrupted) {
			return fmt.Errorf("it ended with %v", err)
		}
		return nil
	})
}

func TestLinks(t *testing.T) {
	base, err := url.Parse("http://a.test/b/c")
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(links(base, `<a href="d?x=1&amp;y">.. <a title="x" href='../e'> <a href=f#g> <abbr href=no> <a name=no> <a href="%zz">`))
	if want := "[http://a.test/b/d?x=1&y http://a.test/e http://a.test/b/f#g]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// The whole program, on real sockets, against a server of net/http.
func TestCrawl(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("sockets are not built for Windows")
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/gone" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<a href="/a">a</a><a href="/b">b</a><a href="/gone">c</a>`)
	}))
	defer srv.Close()
	var out, progress bytes.Buffer
	if err := crawl(&spider{workers: 2, out: &out, progress: &progress, quiet: true}, srv.URL, time.Minute); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); !strings.HasPrefix(got, "Done in ") || !strings.HasSuffix(got, " seconds, fetched 3 URLs.\nUnable to fetch 1 URLs.\n") {
		t.Errorf("%s", got)
	}
	if err := crawl(&spider{workers: 1, out: &out}, "http://127.0.0.1:1/", time.Minute); err != nil || !strings.Contains(out.String(), "refused") {
		t.Errorf("%v, %s", err, &out)
	}
}
