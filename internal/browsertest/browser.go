//go:build unix

// Package browsertest lets tests look at pages as people do: it drives a headless Chromium
// by the DevTools protocol, over this module's own WebSocket client. A Browser and its pages
// belong to the coroutine of the test, which may have its server on the same loop.
//
// Nothing here sleeps or looks again and again: a page says itself when it has come to be
// as a test wants it. One deadline covers all that a test does; then it says what the pages
// showed.
//
// # Files
//
// browser has Run; page what is done with a page; devtools the protocol; chromium the
// processes.
package browsertest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
)

const (
	// patience is the deadline of all that a test does.
	patience = time.Minute
	// lastLook is how long the pages may take to say what they show, when a test fails.
	lastLook = 5 * time.Second
)

// A Browser is a Chromium with a new, empty profile. It belongs to the coroutine of the test
// that Run was given it by, and ends with that.
type Browser struct {
	t     *testing.T
	co    *loop.Co
	tools *devtools
	pages []*Page
}

// Run starts a Chromium, and has body test with it, on a loop of its own. Without a Chromium
// on PATH the test is skipped. When body returns, all of Chromium's processes have ended
// before Run does.
func Run(t *testing.T, body func(co *loop.Co, b *Browser) error) {
	t.Helper()
	program := find()
	if program == "" {
		t.Skipf("there is no Chromium on PATH (%s)", strings.Join(names[:], ", "))
	}
	l, err := loop.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dir := t.TempDir()
	_, err = loop.RunSync(l, func(co *loop.Co) (none struct{}, err error) {
		c, err := launch(co, command(program, dir))
		if err != nil {
			return none, err
		}
		// In a coroutine of its own, so that t.Fatal does not leave Chromium behind.
		_, err = loop.Await(co, loop.Go(co, func(co *loop.Co) (none struct{}, _ error) {
			co, done := co.WithTimeout(patience)
			defer done()
			return none, test(co, t, c, body)
		}))
		return none, errors.Join(err, c.end(co))
	})
	if err != nil && !errors.Is(err, loop.ErrGoexit) { // who has called t.Fatal has said why
		t.Fatal(err)
	}
}

func test(co *loop.Co, t *testing.T, c *chromium, body func(co *loop.Co, b *Browser) error) error {
	url, err := loop.Await(co, c.url.Future())
	if err != nil {
		return err
	}
	tools, err := dial(co, url)
	if err != nil {
		return err
	}
	defer tools.conn.Abort()
	b := &Browser{t: t, co: co, tools: tools}
	fine := false
	defer func() {
		if !fine || t.Failed() {
			b.tell()
		}
	}()
	err = body(co, b)
	fine = err == nil
	return err
}

// tell has the pages say what they show.
func (b *Browser) tell() {
	_ = loop.Shield(b.co, lastLook, func(co *loop.Co) error {
		for _, p := range b.pages {
			var text string
			if err := p.eval(co, &text, "() => document.body.innerText.slice(-2000)"); err != nil {
				text = err.Error()
			}
			b.t.Logf("page %s shows:\n%s\nand complains: %q", p.url, text, p.complaints)
		}
		return nil
	})
}
