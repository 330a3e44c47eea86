package http1_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// tells is a handler that answers with the form it was sent.
func tells(limits *http1.FormLimits) http1.HandlerFunc {
	return func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		form, err := r.ParseForm(limits)
		if again, err2 := r.ParseForm(nil); again != form || err2 != err {
			return errors.New("not the same")
		}
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(form.Values)) {
			fmt.Fprintf(w, "%q=%q;", name, form.Values[name])
		}
		for _, name := range slices.Sorted(maps.Keys(form.Files)) {
			for _, f := range form.Files[name] {
				h := sha256.New()
				if n, err := io.Copy(h, f.Open()); err != nil || n != f.Size {
					return fmt.Errorf("%d bytes: %w", n, err)
				}
				fmt.Fprintf(w, "%q:%q %d %x %s;", name, f.Filename, f.Size, h.Sum(nil)[:4], f.Header.Get("Content-Type"))
			}
		}
		return nil
	}
}

// post is a request with a body; chunked: without its length.
func post(kind, body string, chunked bool) string {
	s := "POST / HTTP/1.1\r\nHost: a\r\n"
	if kind != "" {
		s += "Content-Type: " + kind + "\r\n"
	}
	switch {
	case chunked && body == "":
		return s + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
	case chunked:
		return s + fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(body), body)
	}
	return s + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)
}

// exchange sends bytes, cut in pieces, and gives the status and body that come.
func (w *world) exchange(co *loop.Co, sent string, cut int) (status int, body string) {
	w.t.Helper()
	c := w.dial(co)
	defer c.Abort()
	for len(sent) > 0 {
		n := min(cut, len(sent))
		c.Write([]byte(sent[:n]))
		sent = sent[n:]
		settle(co)
	}
	got := c.raw(co)
	head, body, ok := strings.Cut(got, "\r\n\r\n")
	if !ok || len(head) < 12 {
		return 0, got
	}
	status, _ = strconv.Atoi(head[9:12])
	return status, body
}

const (
	urlencoded = "application/x-www-form-urlencoded"
	formData   = "multipart/form-data; boundary=B"
)

// field is a part of a form in wire notation.
func field(name, value string) string {
	return "--B|Content-Disposition: form-data; name=\"" + name + "\"||" + value + "|"
}

func file(name, filename, value string) string {
	return "--B|Content-Disposition: form-data; name=\"" + name + "\"; filename=\"" + filename + "\"|Content-Type: text/x||" + value + "|"
}

func TestForm(t *testing.T) {
	sum := func(s string) string { h := sha256.Sum256([]byte(s)); return fmt.Sprintf("%x", h[:4]) }
	type formCase struct {
		name, kind, body string
		want             string // the body, or a status
	}
	cases := []formCase{
		{"fields", urlencoded, "a=1&b=2&a=3", `"a"=["1" "3"];"b"=["2"];`},
		{"empty values", urlencoded, "foo=&foo=&bar", `"bar"=[""];"foo"=["" ""];`}, // H08
		{"escapes", urlencoded, "a+b=%C3%A9+%26&c=%e9", `"a b"=["é &"];"c"=["\xe9"];`},
		{"raw bytes", urlencoded, "a=\xc4\xe3&b=é", `"a"=["\xc4\xe3"];"b"=["é"];`}, // H11
		{"with a charset", "Application/X-WWW-Form-Urlencoded; charset=utf-8", "a=1", `"a"=["1"];`},
		{"empty", urlencoded, "", ``},
		{"nothing", "", "", ``},
		{"bad escape", urlencoded, "a=%zz", "400"}, // H51
		{"semicolon", urlencoded, "a=1;b=2", "400"},
		{"no type", "", "a=1", "415"},
		{"json", "application/json", "{}", "415"},
		{"mixed", "multipart/mixed; boundary=B", "--B--", "415"},
		{"no type at all", "=", "a=1", "415"},

		{"multipart", formData, field("a", "1") + file("f", "x.txt", "hello") + field("a", "2") + "--B--|", `"a"=["1" "2"];"f":"x.txt" 5 ` + sum("hello") + ` text/x;`}, // U03
		{"UTF-8", formData, field("é", "ü") + file("ß", "ñ.txt", "x") + "--B--", `"é"=["ü"];"ß":"ñ.txt" 1 ` + sum("x") + ` text/x;`},                                    // H05
		{"byte E9", formData, field("\xe9", "\xe9") + "--B--", `"\xe9"=["\xe9"];`},
		{"quoted boundary", `multipart/form-data; boundary="B"`, field("a", "1") + "--B--|", `"a"=["1"];`},
		{"blank in the boundary", `multipart/form-data; boundary="B C"`, "--B C|Content-Disposition: form-data; name=a||1|--B C--|", `"a"=["1"];`},
		{"unquoted names", formData, "--B|Content-Disposition: form-data; name=a; filename=f.txt||1|--B--|", `"a":"f.txt" 1 ` + sum("1") + ` ;`},
		{"special names", formData, file("a", `a;b\"c\\d 	e.txt`, "1") + "--B--|", `"a":"a;b\"c\\d \te.txt" 1 ` + sum("1") + ` text/x;`},
		{"folders", formData, file("a", "../../etc/passwd", "1") + "--B--|", `"a":"passwd" 1 ` + sum("1") + ` text/x;`},
		{"filename*", formData, "--B|Content-Disposition: form-data; name=a; filename=\"b\"; filename*=UTF-8''%C3%A9||1|--B--|", `"a":"é" 1 ` + sum("1") + ` ;`}, // U04
		{"empty file name", formData, file("a", "", "") + "--B--|", `"a"=[""];`},
		{"empty file", formData, file("a", "f", "") + "--B--|", `"a":"f" 0 ` + sum("") + ` text/x;`},
		{"lines that look like it", formData, field("a", "-B|--C|--B-|") + "--B--|", `"a"=["-B\r\n--C\r\n--B-\r\n"];`},
		{"lines", formData, field("a", "x|y|--C|") + "--B--|", `"a"=["x\r\ny\r\n--C\r\n"];`},
		{"preamble and more behind", formData, "hello|" + field("a", "1") + "--B--|" + field("b", "2"), `"a"=["1"];`}, // U08
		{"no parts", formData, "--B--|", ``},
		{"boundary missing", "multipart/form-data", field("a", "1"), "400"},
		{"boundary empty", `multipart/form-data; boundary=""`, field("a", "1"), "400"},
		{"long boundary", "multipart/form-data; boundary=" + strings.Repeat("B", 70), strings.ReplaceAll(field("a", "1")+"--B--|", "--B", "--"+strings.Repeat("B", 70)), `"a"=["1"];`},
		{"boundary too long", "multipart/form-data; boundary=" + strings.Repeat("B", 71), strings.ReplaceAll(field("a", "1")+"--B--|", "--B", "--"+strings.Repeat("B", 71)), "400"},
		{"another boundary", "multipart/form-data; boundary=C", field("a", "1") + "--B--|", "400"},
		{"nothing in it", formData, "", "400"},
		{"cut off in a head", formData, "--B|Content-Disp", "400"},
		{"cut off in a value", formData, "--B|Content-Disposition: form-data; name=a||1", "400"},
		{"cut off before the end", formData, field("a", "1"), "400"},
		{"cut off in a file", formData, "--B|Content-Disposition: form-data; name=a; filename=b||1", "400"},
		{"no head", formData, "--B||1|--B--|", "400"},                                // U06
		{"no name", formData, "--B|Content-Disposition: form-data||1|--B--|", "400"}, // U07
		{"another disposition", formData, "--B|Content-Disposition: attachment; name=a||1|--B--|", "400"},
		{"bad disposition", formData, "--B|Content-Disposition: form-data; name=\"a||1|--B--|", "400"},
		{"no colon", formData, "--B|Content-Disposition||1|--B--|", "400"},
		{"CR in a name", formData, field("a\rb", "1") + "--B--|", "400"},
		{"NUL in a name", formData, field("a\x00b", "1") + "--B--|", "400"},
		{"many parameters", formData, "--B|Content-Disposition: form-data" + strings.Repeat(`; x="`, 1500) + "||1|--B--|", "400"}, // U09
	}
	serve(t, tells(nil), func(co *loop.Co, w *world) error {
		for _, tt := range cases {
			sent := tt.body
			if strings.HasPrefix(tt.kind, "multipart") {
				sent = wire(sent)
			}
			wantStatus, wantBody := 200, tt.want
			if n, err := strconv.Atoi(tt.want); err == nil {
				wantStatus, wantBody = n, ""
			}
			for _, chunked := range []bool{false, true} {
				if chunked && tt.kind == "" && tt.body == "" {
					continue // a body of unknown length is one
				}
				text := post(tt.kind, sent, chunked)
				for _, cut := range []int{len(text), 7} {
					if cut == 7 && len(text) > 1000 {
						continue
					}
					status, body := w.exchange(co, text, cut)
					if status != wantStatus || wantStatus == 200 && body != wantBody {
						t.Errorf("%s (chunked: %v, in pieces of %d)\n got %d %s\nwant %d %s", tt.name, chunked, cut, status, body, wantStatus, wantBody)
					}
				}
			}
		}
		return nil
	})
}

// TestFormLimits: each limit holds, and one less is let through.
func TestFormLimits(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	const overhead = 200 // of a field
	for _, tt := range []struct {
		name       string
		limits     http1.FormLimits
		kind       string
		most, more string // in wire notation
	}{
		{"body", http1.FormLimits{MaxBody: 10}, urlencoded, "a=" + x(8), "a=" + x(9)},
		{"memory", http1.FormLimits{MaxMemory: 10}, urlencoded, "a=" + x(8), "a=" + x(9)},
		{"default memory", http1.FormLimits{}, urlencoded, "a=" + x(1<<20-2), "a=" + x(1<<20-1)},
		{"fields", http1.FormLimits{MaxParts: 3}, urlencoded, "a&a&a", "a&a&a&a"},
		{"default fields", http1.FormLimits{}, urlencoded, "a" + strings.Repeat("&a", 999), "a" + strings.Repeat("&a", 1000)},
		{"many ampersands", http1.FormLimits{}, urlencoded, "a", strings.Repeat("&", 1000)},

		{"parts", http1.FormLimits{MaxParts: 3}, formData, strings.Repeat(field("a", ""), 3) + "--B--|", strings.Repeat(field("a", ""), 4) + "--B--|"}, // U10
		{"default parts", http1.FormLimits{}, formData, strings.Repeat(field("a", ""), 1000) + "--B--|", strings.Repeat(field("a", ""), 1001) + "--B--|"},
		{"value", http1.FormLimits{MaxMemory: overhead + 10}, formData, field("a", x(9)) + "--B--|", field("a", x(10)) + "--B--|"},
		{"values", http1.FormLimits{MaxMemory: 2*overhead + 10}, formData, strings.Repeat(field("a", x(4)), 2) + "--B--|", strings.Repeat(field("a", x(5)), 2) + "--B--|"},
		{"names", http1.FormLimits{MaxMemory: overhead + 10}, formData, field(x(10), "") + "--B--|", field(x(11), "") + "--B--|"},
		{"part head", http1.FormLimits{MaxPartHead: 100}, formData, "--B|Content-Disposition: form-data; name=a|X: " + x(55) + "||--B--|", "--B|Content-Disposition: form-data; name=a|X: " + x(56) + "||--B--|"},
		{"part head that never ends", http1.FormLimits{}, formData, field("a", "") + "--B--|", "--B|X: " + x(100_000)},
		{"part heads", http1.FormLimits{}, formData, field("a", "") + "--B--|", "--B|" + strings.Repeat("X: y|", 20_000)},
		{"preamble", http1.FormLimits{}, formData, x(100) + "|" + field("a", "") + "--B--|", strings.Repeat(x(100)+"|", 1000) + field("a", "") + "--B--|"},
		{"multipart body", http1.FormLimits{MaxBody: 200}, formData, file("a", "b", x(106)) + "--B--|", file("a", "b", x(107)) + "--B--|"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			serve(t, tells(&tt.limits), func(co *loop.Co, w *world) error {
				for _, chunked := range []bool{false, true} {
					for body, want := range map[string]int{tt.most: 200, tt.more: 413} {
						if tt.kind == formData {
							body = wire(body)
						}
						text := post(tt.kind, body, chunked)
						if status, got := w.exchange(co, text, len(text)); status != want {
							t.Errorf("%d bytes, chunked: %v: %d %s, want %d", len(body), chunked, status, cutShort(got), want)
						}
					}
				}
				return nil
			})
		})
	}
}

// TestFormNotAskedFor: a client that waits for 100 (Continue) is not told to send what
// will be refused.
func TestFormNotAskedFor(t *testing.T) {
	serve(t, tells(&http1.FormLimits{MaxBody: 10}), func(co *loop.Co, w *world) error {
		for _, kind := range []string{urlencoded, formData, "text/plain"} {
			got := request(co, w, "POST / HTTP/1.1|Host: a|Content-Type: "+kind+"|Content-Length: 11|Expect: 100-continue||")
			if !strings.HasPrefix(got, "HTTP/1.1 41") {
				t.Error(got)
			}
		}
		return nil
	})
}

// TestFormLeaves: a client that leaves in the middle is no malformed form.
func TestFormLeaves(t *testing.T) {
	var failed error
	h := http1.HandlerFunc(func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		_, failed = r.ParseForm(nil)
		return failed
	})
	serve(t, h, func(co *loop.Co, w *world) error {
		for _, tt := range []struct{ kind, body string }{{urlencoded, "a=1"}, {formData, "--B|Content-D"}, {formData, field("a", "1")}, {formData, file("a", "b", "x")}} {
			failed = nil
			c := w.dial(co)
			c.send(co, "POST / HTTP/1.1|Host: a|Content-Type: "+tt.kind+"|Content-Length: 100000||"+tt.body)
			c.Abort()
			settle(co)
			var he *http1.HTTPError
			if !errors.Is(failed, http1.ErrClientGone) || errors.As(failed, &he) {
				t.Errorf("%q: %v", tt.body, failed)
			}
		}
		return nil
	})
}

// TestFormFiles: a large file goes to the disk and can be read from there; nothing of
// it is left when the handler has returned, whatever its end.
func TestFormFiles(t *testing.T) {
	dir, saved := t.TempDir(), t.TempDir()
	limits := &http1.FormLimits{TempDir: dir}
	var kept *http1.FormFile
	h := routes{
		"/tell": tells(limits),
		"/keep": func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
			form, err := r.ParseForm(limits)
			if err != nil {
				return err
			}
			for i, name := range []string{"small", "big"} {
				kept = form.Files[name][0]
				to := filepath.Join(saved, name)
				if err := kept.Save(to); err != nil {
					return err
				}
				if err := kept.Save(to); !errors.Is(err, os.ErrExist) {
					t.Error(err)
				}
				got, err := os.ReadFile(to)
				if err != nil || string(got) != []string{"x", bigText}[i] {
					t.Error(len(got), err)
				}
				piece := make([]byte, 26)
				if n, err := kept.ReadAt(piece, kept.Size-1); n != 1 || err != io.EOF {
					t.Error(n, err)
				}
			}
			return nil
		},
		"/panic": func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
			if _, err := r.ParseForm(limits); err != nil {
				return err
			}
			panic("after the form")
		},
	}
	body := wire(field("a", "1") + file("small", "s", "x") + file("big", "b", bigText) + "--B--|")
	sum := sha256.Sum256([]byte(bigText))
	serve(t, h, func(co *loop.Co, w *world) error {
		for _, tt := range []struct {
			path, body string
			want       int
		}{
			{"/tell", body, 200}, {"/keep", body, 200}, {"/panic", body, 500}, {"/tell", body[:len(body)-10], 400}, {"/tell", body[:len(body)-100_000], 400},
		} {
			text := strings.Replace(post(formData, tt.body, false), " / ", " "+tt.path+" ", 1)
			status, got := w.exchange(co, text, len(text))
			if status != tt.want {
				t.Errorf("%s: %d %s", tt.path, status, got)
			}
			if want := fmt.Sprintf(`"big":"b" 260000 %x text/x;"small"`, sum[:4]); tt.path == "/tell" && status == 200 && !strings.Contains(got, want) {
				t.Errorf("got %s, want %s", got, want)
			}
			settle(co)
			if left, err := os.ReadDir(dir); len(left) > 0 || err != nil {
				t.Error("left behind:", left, err)
			}
		}
		if _, err := loop.Await(co, loop.Go(co, func(*loop.Co) (int, error) { return kept.ReadAt(make([]byte, 1), 0) })); !errors.Is(err, os.ErrClosed) {
			t.Error("a file is open after its handler:", err)
		}
		return nil
	})
	serve(t, tells(&http1.FormLimits{TempDir: filepath.Join(dir, "missing")}), func(co *loop.Co, w *world) error {
		text := post(formData, body, false)
		if status, _ := w.exchange(co, text, len(text)); status != 500 || !strings.Contains(w.log.take(), "missing") {
			t.Error("no folder for the file, and the status is", status)
		}
		return nil
	})
}

// TestFormSmallFiles: a small file goes to the disk as well when memory is used up; here
// there is no folder for it.
func TestFormSmallFiles(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	for memory, want := range map[int64]int{2000: 200, 600: 500} {
		serve(t, tells(&http1.FormLimits{MaxMemory: memory, TempDir: missing}), func(co *loop.Co, w *world) error {
			text := post(formData, wire(file("a", "b", pages[:1000])+"--B--|"), false)
			if status, got := w.exchange(co, text, len(text)); status != want {
				t.Errorf("with %d bytes: %d %s", memory, status, got)
			}
			return nil
		})
	}
}

// TestMultipart: parts come before the body is whole; the client waits for who reads
// them, and what is not read is skipped.
func TestMultipart(t *testing.T) {
	var story []string
	h := http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		m, err := r.Multipart(&http1.FormLimits{MaxMemory: 1})
		if err != nil {
			return err
		}
		for {
			p, err := m.Next()
			if err == io.EOF {
				story = append(story, "end")
				return nil
			}
			if err != nil {
				return err
			}
			story = append(story, p.Name+" "+p.Filename)
			if p.Name == "skip" {
				continue
			}
			text, err := io.ReadAll(p)
			if err != nil {
				return err
			}
			story = append(story, strconv.Itoa(len(text)))
		}
	})
	serve(t, h, func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.send(co, "POST / HTTP/1.1|Host: a|Content-Type: "+formData+"|Transfer-Encoding: chunked||")
		want := []string{}
		for _, step := range []struct{ send, want string }{
			{"--B|Content-Disposition: form-data; name=a; filename=f||12", "a f"},
			{"345|--B|", "5"},
			{"Content-Disposition: form-data; name=skip||", "skip "},
			{bigText + "|--B|Content-Disposition: form-data; name=b||", "b "},
			{bigText + "|--B", "260000"},
			{"--|", "end"},
		} {
			sent := wire(step.send)
			c.Write([]byte(fmt.Sprintf("%x\r\n%s\r\n", len(sent), sent)))
			settle(co)
			if step.want == "260000" {
				continue // the boundary's line is not whole
			}
			if step.want == "end" {
				want = append(want, "260000")
			}
			want = append(want, step.want)
			if !slices.Equal(story, want) {
				t.Errorf("after %s: %q, want %q", cutShort(step.send), story, want)
			}
		}
		c.send(co, "0||")
		if got := c.now(co); !strings.HasPrefix(got, "HTTP/1.1 200 ") {
			t.Error(got)
		}
		return nil
	})
}

func TestQueryValues(t *testing.T) {
	h := http1.HandlerFunc(func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		v, err := r.QueryValues()
		fmt.Fprintf(w, "%v", v)
		return err
	})
	serve(t, h, func(co *loop.Co, w *world) error {
		for target, want := range map[string]string{
			"/": "map[]", "/?": "map[]", "/?foo=&foo=": "map[foo:[ ]]", "/?a=%C3%A9&b=+": "map[a:[é] b:[ ]]", "/?a=\xc3\xa9": "map[a:[é]]",
			"/?a=%zz": "400 Bad Request\n", "http://h?a=1": "map[a:[1]]",
		} {
			got := request(co, w, "GET "+target+" HTTP/1.1|Host: a||")
			if !strings.HasSuffix(got, "||"+want+"<open>") {
				t.Errorf("%s: %s", target, got)
			}
		}
		return nil
	})
}

// FuzzForm: whatever comes as a form gets an answer, and where mime/multipart reads one
// without limits, so do we.
func FuzzForm(f *testing.F) {
	f.Add([]byte(wire(field("a", "1") + file("b", "c", "x") + "--B--|")))
	f.Add([]byte("--B--"))
	f.Add([]byte(wire("--B|X: y||--B|Content-Disposition: form-data; name=a||")))
	f.Fuzz(func(t *testing.T, body []byte) {
		want := http1.FormLimits{MaxParts: 10, TempDir: t.TempDir()}
		serve(t, tells(&want), func(co *loop.Co, w *world) error {
			text := post(formData, string(body), false)
			status, got := w.exchange(co, text, len(text))
			std, err := multipart.NewReader(bytes.NewReader(body), "B").ReadForm(1 << 20)
			if status != 200 && status != 400 && status != 413 {
				t.Errorf("status %d: %s", status, got)
			}
			if status == 200 && err != nil {
				t.Errorf("accepted, and net/http says %v", err)
			}
			if err == nil {
				defer std.RemoveAll()
			}
			return nil
		})
	})
}

func ExampleRequest_ParseForm() {
	_ = http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		form, err := r.ParseForm(&http1.FormLimits{MaxBody: 8 << 20})
		if err != nil {
			return err // 400, 413 or 415
		}
		for _, photo := range form.Files["photo"] {
			sum := sha256.New()
			if _, err := io.Copy(sum, photo.Open()); err != nil {
				return err
			}
			fmt.Fprintf(w, "%s: %d bytes, %x\n", form.Values.Get("title"), photo.Size, sum.Sum(nil))
		}
		return nil
	})
}

func ExampleRequest_Multipart() {
	_ = http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		parts, err := r.Multipart(nil)
		if err != nil {
			return err
		}
		for {
			p, err := parts.Next()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			n, err := io.Copy(io.Discard, p) // or to wherever it belongs, as it comes
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "%s %s: %d bytes\n", p.Name, p.Filename, n)
		}
	})
}

// TestFormEncoded: a form in a content coding is not decoded unasked.
func TestFormEncoded(t *testing.T) {
	serve(t, tells(nil), func(co *loop.Co, w *world) error {
		for kind, body := range map[string]string{urlencoded: "a=1", formData: wire(field("a", "1") + "--B--|")} {
			text := strings.Replace(post(kind, gzipped(body), false), "\r\n\r\n", "\r\nContent-Encoding: gzip\r\n\r\n", 1)
			if status, got := w.exchange(co, text, len(text)); status != 415 {
				t.Errorf("%s: %d %s", kind, status, got)
			}
		}
		return nil
	})
}
