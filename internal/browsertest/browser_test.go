//go:build unix

package browsertest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/zonda-go/zonda/loop"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestPage types into a page, and waits for what that does.
func TestPage(t *testing.T) {
	Run(t, func(_ *loop.Co, b *Browser) error {
		p := b.Open(`data:text/html,<input><p></p><script>
			p = document.querySelector("p"); i = document.querySelector("input"); i.focus();
			i.oninput = () => setTimeout(() => p.textContent = early + i.value);
			i.onkeydown = e => setTimeout(() => p.className = e.key);</script>`, `early = "so: "`)
		p.Type("grüß 🌬️")
		p.Until(`want => p.textContent === want`, "so: grüß 🌬️")
		p.Enter()
		p.Until(`() => p.className === "Enter"`)
		var sum int
		if p.Eval(&sum, `async (a, b) => a + b`, 1, 2); sum != 3 {
			t.Errorf("1 + 2 is %d", sum)
		}
		if c := p.Complaints(); len(c) != 0 {
			t.Errorf("complaints %q", c)
		}
		p.Close()
		if len(b.pages) != 0 {
			t.Errorf("%d windows are open", len(b.pages))
		}
		return nil
	})
}

// TestComplaints: what goes wrong is heard, each in its way, and what is fine is not.
func TestComplaints(t *testing.T) {
	Run(t, func(co *loop.Co, b *Browser) error {
		p := b.Open("about:blank")
		p.Eval(nil, `() => { console.log("idle talk"); console.error("a word"); setTimeout(() => { document.body.id = "thrown"; nonsense(); }); }`)
		p.Until(`() => document.body.id === "thrown"`)
		p.Eval(nil, `() => fetch("http://127.0.0.1:1/").catch(() => {})`)
		all := strings.Join(p.Complaints(), "; ")
		for _, want := range []string{"a word", "nonsense is not defined", "net::ERR"} {
			if !strings.Contains(all, want) {
				t.Errorf("no %q in %q", want, all)
			}
		}
		if strings.Contains(all, "idle") || len(p.Complaints()) != 0 {
			t.Errorf("complaints %q", all)
		}
		if err := p.eval(co, nil, `() => { throw Error("on purpose") }`); err == nil || !strings.Contains(err.Error(), "on purpose") {
			t.Errorf("an exception is %v", err)
		}
		if err := p.call(co, "No.such", nil, nil); err == nil || !strings.Contains(err.Error(), "No.such") {
			t.Errorf("no such method: %v", err)
		}
		return nil
	})
}

// TestEnd: children that a program leaves behind end, too; one that does not come up has its
// words in the error.
func TestEnd(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct{ script, url, err string }{
		{"sleep 1000 & echo DevTools listening on ws://here/ >&2; wait", "ws://here/", ""},
		{"sleep 1000 & sleep 1000 & echo DevTools listening on ws://here/ >&2; exit 1", "ws://here/", ""},
		{"echo bad luck >&2; exit 1", "", "bad luck"},
	} {
		program := filepath.Join(dir, "program")
		if err := os.WriteFile(program, []byte("#!/bin/sh\n"+tt.script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		l, err := loop.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = loop.RunSync(l, func(co *loop.Co) (none struct{}, _ error) {
			c, err := launch(co, command(program, dir))
			if err != nil {
				return none, err
			}
			url, err := loop.Await(co, c.url.Future())
			if url != tt.url || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s: %q, %v", tt.script, url, err)
			}
			return none, c.end(co)
		})
		if err != nil {
			t.Errorf("%s: %v", tt.script, err)
		}
		l.Close()
	}
}

// TestNone: where there is no Chromium, none is found.
func TestNone(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if p := find(); p != "" {
		t.Errorf("found %s on an empty PATH", p)
	}
}
