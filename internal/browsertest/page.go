//go:build unix

package browsertest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/zonda-go/zonda/loop"
)

// A Page is a window with a page in it. It belongs to the coroutine of its Browser's test,
// which fails at once when a call cannot be done.
type Page struct {
	b          *Browser
	url        string
	target     string
	session    string
	loaded     *loop.Promise[struct{}]
	complaints []string
}

// Open opens a window on url, and waits until that is loaded. before are scripts that run in
// it before the page's own.
func (b *Browser) Open(url string, before ...string) *Page {
	b.t.Helper()
	p := &Page{b: b, url: url, loaded: loop.NewPromise[struct{}](b.co.Loop())}
	p.loaded.Quiet()
	if err := p.open(b.co, before); err != nil {
		b.t.Fatal(err)
	}
	return p
}

func (p *Page) open(co *loop.Co, before []string) error {
	tools := p.b.tools
	var made struct{ TargetID, SessionID string }
	// A window, and not a tab: those behind another one are not drawn.
	if err := tools.call(co, "", "Target.createTarget", map[string]any{"url": "about:blank", "newWindow": true}, &made); err != nil {
		return err
	}
	if err := tools.call(co, "", "Target.attachToTarget", map[string]any{"targetId": made.TargetID, "flatten": true}, &made); err != nil {
		return err
	}
	p.target, p.session = made.TargetID, made.SessionID
	tools.events[p.session] = p.event
	p.b.pages = append(p.b.pages, p)
	for _, method := range []string{"Page.enable", "Runtime.enable", "Log.enable"} {
		if err := p.call(co, method, nil, nil); err != nil {
			return err
		}
	}
	// Each page thinks that it is the one in front.
	if err := p.call(co, "Emulation.setFocusEmulationEnabled", map[string]any{"enabled": true}, nil); err != nil {
		return err
	}
	for _, script := range before {
		if err := p.call(co, "Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": script}, nil); err != nil {
			return err
		}
	}
	var went struct{ ErrorText string }
	if err := p.call(co, "Page.navigate", map[string]any{"url": p.url}, &went); err != nil {
		return err
	}
	if went.ErrorText != "" {
		return fmt.Errorf("browsertest: %s: %s", p.url, went.ErrorText)
	}
	_, err := loop.Await(co, p.loaded.Future())
	return err
}

func (p *Page) call(co *loop.Co, method string, params, result any) error {
	return p.b.tools.call(co, p.session, method, params, result)
}

// event hears what happens in the page.
func (p *Page) event(method string, params json.RawMessage) {
	var e struct {
		Type             string // of a call of console
		Args             []struct{ Value, Description any }
		ExceptionDetails exception
		Entry            struct{ Level, Text, URL string }
	}
	if err := json.Unmarshal(params, &e); err != nil {
		p.complaints = append(p.complaints, err.Error())
		return
	}
	switch {
	case method == "Page.loadEventFired":
		p.loaded.TrySet(struct{}{})
	case method == "Runtime.exceptionThrown":
		p.complaints = append(p.complaints, e.ExceptionDetails.String())
	case method == "Runtime.consoleAPICalled" && (e.Type == "error" || e.Type == "assert"):
		p.complaints = append(p.complaints, fmt.Sprint("console: ", e.Args))
	case method == "Log.entryAdded" && e.Entry.Level == "error":
		p.complaints = append(p.complaints, strings.TrimSpace(e.Entry.Text+" "+e.Entry.URL))
	}
}

// Complaints is what has gone wrong in the page since the last call: exceptions that nobody
// caught, console.error, and what Chromium itself writes to the console as an error, such as
// a resource that could not be loaded.
func (p *Page) Complaints() []string {
	c := p.complaints
	p.complaints = nil
	return c
}

// An exception is one of JavaScript's.
type exception struct {
	Text      string
	Exception struct{ Description string }
}

func (e exception) String() string { return strings.TrimSpace(e.Text + " " + e.Exception.Description) }

// Eval calls a JavaScript function in the page with args, waits for its promise if it gives
// one, and reads the result into result, which may be nil. Arguments and result go through
// JSON.
func (p *Page) Eval(result any, function string, args ...any) {
	p.b.t.Helper()
	if err := p.eval(p.b.co, result, function, args...); err != nil {
		p.b.t.Fatal(err)
	}
}

// Until waits until a JavaScript function, called with args, gives true. It is called again
// whenever the document changes, so it must not look at anything else.
func (p *Page) Until(function string, args ...any) {
	p.b.t.Helper()
	const until = `(...args) => new Promise(ok => {
		const look = () => { if ((%s)(...args)) { watch.disconnect(); ok(); } };
		const watch = new MutationObserver(look);
		watch.observe(document, {subtree: true, childList: true, characterData: true, attributes: true});
		look();
	})`
	if err := p.eval(p.b.co, nil, fmt.Sprintf(until, function), args...); err != nil {
		p.b.t.Fatalf("%s with %v: %v", function, args, err)
	}
}

func (p *Page) eval(co *loop.Co, result any, function string, args ...any) error {
	list := []byte("[]")
	if len(args) > 0 {
		var err error
		if list, err = json.Marshal(args); err != nil {
			return err
		}
	}
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *exception
	}
	err := p.call(co, "Runtime.evaluate", map[string]any{
		"expression": fmt.Sprintf("(%s)(...%s)", function, list), "awaitPromise": true, "returnByValue": true,
	}, &answer)
	switch {
	case err != nil:
		return err
	case answer.ExceptionDetails != nil:
		return errors.New(answer.ExceptionDetails.String())
	case result == nil:
		return nil
	}
	return json.Unmarshal(answer.Result.Value, result)
}

// Type has text typed, or pasted, where the page has its focus.
func (p *Page) Type(text string) {
	p.b.t.Helper()
	p.Do("Input.insertText", map[string]any{"text": text}, nil)
}

// Enter has the key of that name pressed.
func (p *Page) Enter() {
	p.b.t.Helper()
	key := map[string]any{"type": "keyDown", "key": "Enter", "code": "Enter", "text": "\r", "windowsVirtualKeyCode": 13}
	p.Do("Input.dispatchKeyEvent", key, nil)
	key["type"] = "keyUp"
	delete(key, "text")
	p.Do("Input.dispatchKeyEvent", key, nil)
}

// Do calls any other method of the DevTools protocol for the page. params and result may be
// nil.
func (p *Page) Do(method string, params, result any) {
	p.b.t.Helper()
	if err := p.call(p.b.co, method, params, result); err != nil {
		p.b.t.Fatal(err)
	}
}

// Close closes the window.
func (p *Page) Close() {
	p.b.t.Helper()
	if err := p.b.tools.call(p.b.co, "", "Target.closeTarget", map[string]any{"targetId": p.target}, nil); err != nil {
		p.b.t.Fatal(err)
	}
	delete(p.b.tools.events, p.session)
	p.b.pages = slices.DeleteFunc(p.b.pages, func(q *Page) bool { return q == p })
}
