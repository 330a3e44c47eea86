//go:build unix

package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/internal/browsertest"
	"github.com/zonda-go/zonda/loop"
)

const (
	bySocket  = "connected by WebSocket"
	byPolling = "connected by long polling"
	again     = "connecting again …"

	// withoutSocket runs before a page's scripts, which find a browser that has no WebSocket.
	withoutSocket = `delete window.WebSocket`
)

// A house is a chat on a socket, and those who are there.
type house struct {
	t    *testing.T
	co   *loop.Co
	b    *browsertest.Browser
	chat *chat
	srv  *http1.Server
	addr string
}

// inBrowser runs body with a chat, on the loop of the browser.
func inBrowser(t *testing.T, body func(h *house)) {
	browsertest.Run(t, func(co *loop.Co, b *browsertest.Browser) error {
		h := &house{t: t, co: co, b: b, addr: "127.0.0.1:0"}
		h.begin()
		defer func() { h.srv.Close() }() // the last one
		body(h)
		return nil
	})
}

// begin starts a server, on the address that the last one had.
func (h *house) begin() {
	h.t.Helper()
	h.chat = newChat(h.co.Loop())
	h.srv = &http1.Server{Handler: h.chat}
	a, err := h.srv.Listen(h.co.Loop(), h.addr)
	if err != nil {
		h.t.Fatal(err)
	}
	h.addr = a.String()
}

// A guest is a page in the browser.
type guest struct {
	*browsertest.Page
	t *testing.T
}

// comes opens a page, and gives it a name.
func (h *house) comes(name, state string, before ...string) guest {
	h.t.Helper()
	g := guest{h.b.Open("http://"+h.addr+"/", before...), h.t}
	g.says(name)
	g.state(state)
	return g
}

// says has text typed and sent.
func (g guest) says(text string) {
	g.t.Helper()
	g.Type(text)
	g.Enter()
}

// state waits until the page says that it is so.
func (g guest) state(want string) {
	g.t.Helper()
	g.Until(`want => document.getElementById("state").textContent === want`, want)
}

// reads waits until the newest lines of the page are these: "Ann: hello" for what she says.
func (g guest) reads(want ...string) {
	g.t.Helper()
	g.Until(`(...want) => {
		const line = p => p.classList.contains("say")
			? p.querySelector("b").firstChild.data + ": " + p.lastChild.data
			: p.firstChild.data;
		return JSON.stringify([...document.querySelectorAll("#log p")].slice(-want.length).map(line)) === JSON.stringify(want);
	}`, anys(want)...)
}

// sees waits until these are there.
func (g guest) sees(people ...string) {
	g.t.Helper()
	g.Until(`(...want) => JSON.stringify([...document.querySelectorAll("#people li")].map(li => li.textContent)) === JSON.stringify(want)`, anys(people)...)
}

func anys(s []string) []any {
	all := make([]any, len(s))
	for i := range s {
		all[i] = s[i]
	}
	return all
}

// fine wants no complaints but those about the server's absence.
func (g guest) fine(absent bool) {
	g.t.Helper()
	for _, c := range g.Complaints() {
		if !absent || !strings.Contains(c, "net::ERR") && !strings.Contains(c, "WebSocket connection to ") {
			g.t.Error("the page complains:", c)
		}
	}
}

// TestBrowser has pages in Chromium talk, one of them without WebSocket. Nothing that they say
// is taken for HTML, and nothing that can be typed is too long.
func TestBrowser(t *testing.T) {
	inBrowser(t, func(h *house) {
		bobs, cids := "<i>Bob</i> 🌬️"+strings.Repeat("ü", 25), "Cid"+strings.Repeat("é", 37)
		ann := h.comes("Ann", bySocket)
		bob := h.comes(bobs, bySocket)
		ann.reads("Ann has joined", bobs+" has joined")
		for _, g := range []guest{ann, bob} {
			g.sees(bobs, "Ann")
		}

		const html = `hi & <img src="x" onerror="document.title='taken'"> 👩‍👩‍👧 <script>document.title = "taken"</script>`
		ann.says(html)
		for _, g := range []guest{ann, bob} {
			g.reads("Ann: " + html)
			g.Until(`() => document.title === "chat" && !document.querySelector("#log img, #log script, #log i, #people i")`)
		}
		ann.Until(`() => document.querySelectorAll("#log .mine").length === 1`)
		bob.Until(`() => document.querySelectorAll("#log .mine").length === 0`)

		cid := h.comes(cids, byPolling, withoutSocket)
		cid.reads("Ann has joined", bobs+" has joined", "Ann: "+html, cids+" has joined")
		cid.says("without a socket")
		bob.reads(cids+" has joined", cids+": without a socket")
		long := strings.Repeat("💨", maxText/2) // of which one takes as much room in the page as two others
		for i, g := range []guest{bob, cid} {
			g.says(long)
			for _, g := range []guest{ann, bob, cid} {
				g.reads([]string{bobs, cids}[i] + ": " + long)
				g.sees(bobs, "Ann", cids)
			}
		}

		bob.fine(false)
		bob.Close()
		for _, g := range []guest{ann, cid} {
			g.reads(bobs + " has left")
			g.sees("Ann", cids)
			g.fine(false)
		}
	})
}

// TestBrowserHands: what somebody needs who has no mouse, or does not see the page, and what
// the eyes need.
func TestBrowserHands(t *testing.T) {
	inBrowser(t, func(h *house) {
		ann := h.comes("Ann", bySocket)
		var spoken []string
		ann.Eval(&spoken, `() => [document.getElementById("text").labels[0].textContent, document.activeElement.id,
			document.getElementById("log").role, document.getElementById("state").role]`)
		if want := []string{"Say something", "text", "log", "status"}; !slices.Equal(spoken, want) {
			t.Errorf("label, focus and roles are %q, want %q", spoken, want)
		}
		for range 2 {
			ann.says(strings.Repeat("💨 ", maxText/3))
		}
		ann.Until(`() => document.querySelectorAll(".mine").length === 2`)
		const below = `() => log.scrollHeight - log.scrollTop - log.clientHeight`
		var px int
		if ann.Eval(&px, below); px > 1 {
			t.Errorf("the newest line is %d pixels below what is seen", px)
		}
		// Who reads what is above stays there, until he says something himself.
		ann.Eval(nil, `() => new Promise(ok => { log.addEventListener("scroll", ok, {once: true}); log.scrollTop = 0; })`)
		bob := h.comes("Bob", bySocket)
		ann.reads("Bob has joined")
		if ann.Eval(&px, below); px < 100 {
			t.Errorf("the page has moved to %d pixels from the end", px)
		}
		ann.says("hello")
		ann.reads("Ann: hello")
		if ann.Eval(&px, below); px > 1 {
			t.Errorf("what she said is %d pixels below what is seen", px)
		}
		bob.sees("Ann", "Bob")
		var colours []string
		bob.Eval(&colours, `() => [...document.querySelectorAll("#people .name")].map(e => getComputedStyle(e).color)`)
		if len(colours) != 2 || colours[0] == colours[1] {
			t.Errorf("the names are %q", colours)
		}
		// A second wall: what would be run if somebody got it into the page is not.
		bob.Eval(nil, `() => { const b = document.createElement("b"); document.body.append(b); b.setAttribute("onclick", "document.title = 'taken'"); b.click(); }`)
		bob.Until(`() => document.title === "chat"`)
		if c := bob.Complaints(); len(c) != 1 || !strings.Contains(c[0], "Content Security Policy") {
			t.Errorf("complaints %q", c)
		}
		ann.fine(false)
	})
}

// TestBrowserAgain: pages whose connection is lost, or whose server starts anew, come back,
// and miss nothing. What cannot be sent in between stays where it was typed.
func TestBrowserAgain(t *testing.T) {
	inBrowser(t, func(h *house) {
		ann := h.comes("Ann", bySocket)
		cid := h.comes("Cid", byPolling, withoutSocket)
		ann.reads("Cid has joined")

		for conn := range h.chat.conns { // it is Ann's
			conn.Abort()
		}
		ann.state(again)
		cid.says("who is there?")
		ann.state(bySocket)
		ann.reads("Ann has left", "Cid: who is there?", "Ann has joined")
		cid.reads("Ann has joined")

		h.srv.Close()
		ann.state(again)
		cid.state(again)
		ann.says("is it on?")
		ann.Until(`() => document.getElementById("text").value === "is it on?"`)
		h.begin()
		const news = 20 // more than was said before
		for range news {
			h.chat.add("say", "Eve", "news")
		}
		ann.state(bySocket)
		cid.state(byPolling)
		for _, g := range []guest{ann, cid} {
			g.Until(`n => [...document.querySelectorAll(".say")].filter(p => p.lastChild.data === "news").length === n`, news)
		}
		ann.sees("Ann", "Cid")
		ann.Enter()
		for _, g := range []guest{ann, cid} {
			g.reads("Ann: is it on?")
		}
		cid.says("it is")
		for _, g := range []guest{ann, cid} {
			g.reads("Ann: is it on?", "Cid: it is")
			g.fine(true)
		}
	})
}
