package main

import (
	"errors"
	"fmt"
	"html"
	"io"
	"net/url"
	"regexp"
	"strings"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// A spider crawls one site. All of it belongs to its loop, so ten workers share the queue
// and the sets without locks.
type spider struct {
	client   http1.Fetcher
	workers  int
	quiet    bool
	out      io.Writer
	progress io.Writer // nil: no progress

	root    *url.URL
	queue   *loop.Queue[string]
	seen    map[string]bool // all that were ever put into the queue
	dead    map[string]error
	fetched int
	bytes   int
}

var errDone = errors.New("done")

// run returns when every page that can be reached has been read.
func (s *spider) run(co *loop.Co, root string) (err error) {
	if s.root, err = url.Parse(root); err != nil {
		return err
	}
	if s.root.Path == "" {
		s.root.Path = "/"
	}
	s.queue = loop.NewQueue[string](co.Loop(), 0)
	s.seen, s.dead = map[string]bool{}, map[string]error{}
	s.found(s.root)
	err = loop.WithGroup(co, func(g *loop.Group) error {
		for range s.workers {
			g.Go(s.worker)
		}
		if _, err := loop.Await(co, s.queue.Join()); err != nil {
			return err
		}
		return errDone // the workers wait for more: this ends them
	})
	if errors.Is(err, errDone) {
		return nil
	}
	return err
}

// found puts a URL into the queue, if it is the first time.
func (s *spider) found(u *url.URL) {
	plain := *u
	plain.Fragment, plain.RawFragment = "", ""
	if name := plain.String(); !s.seen[name] {
		s.seen[name] = true
		s.queue.Put(name) // there is room for any number
	}
}

// worker reads what comes out of the queue, until it is cancelled. A page that cannot be
// had is noted, and the others are read all the same.
func (s *spider) worker(co *loop.Co) error {
	for name := range s.queue.All(co) {
		err := s.read(co, name)
		if co.Err() != nil {
			break
		}
		if err != nil {
			s.dead[name] = err
			s.say("unable to fetch %s: %v", name, err)
		}
		s.queue.TaskDone()
	}
	return loop.Yield(co) // it is cancelled: this says why
}

// read gets a page and puts its links into the queue.
func (s *spider) read(co *loop.Co, name string) error {
	s.say("fetching %s", name)
	res, err := loop.Await(co, s.client.Fetch(co, &http1.ClientRequest{URL: name, MaxBody: 10 << 20}))
	if err != nil {
		return err
	}
	s.fetched++
	s.bytes += len(res.Body)
	s.say("fetched %s", name)
	if kind := res.Header.Get("Content-Type"); kind != "" && !strings.HasPrefix(kind, "text/html") {
		return nil
	}
	for _, link := range links(res.URL, string(res.Body)) {
		if s.within(link) {
			s.found(link)
		}
	}
	return nil
}

// within reports whether a URL lies below the first one.
func (s *spider) within(u *url.URL) bool {
	dir := s.root.Path[:strings.LastIndex(s.root.Path, "/")+1]
	return u.Scheme == s.root.Scheme && u.Host == s.root.Host && strings.HasPrefix(u.Path, dir)
}

// anchor finds links well enough for a demo; a browser would parse the page.
var anchor = regexp.MustCompile(`(?i)<a\s[^>]*?href\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))`)

// links are the URLs that a page at base links to.
func links(base *url.URL, page string) (all []*url.URL) {
	for _, m := range anchor.FindAllStringSubmatch(page, -1) {
		if u, err := base.Parse(html.UnescapeString(m[1] + m[2] + m[3])); err == nil {
			all = append(all, u)
		}
	}
	return all
}

func (s *spider) say(format string, args ...any) {
	if !s.quiet {
		fmt.Fprintf(s.out, format+"\n", args...)
	}
}
