package http1_test

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

const alphabet = "abcdefghijklmnopqrstuvwxyz"

// bigText is more than is read in one piece, and than is sent in one.
var bigText = strings.Repeat(alphabet, 10_000)

// folder makes a folder with files, and one beside it that nobody may reach.
func folder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "root")
	for name, text := range map[string]string{
		"a.txt":                 alphabet,
		"empty.txt":             "",
		"big.txt":               bigText,
		"page.html":             "<p>",
		"noext":                 "<!doctype html>",
		"data":                  "\x00\x01",
		"with space & \"q\".js": "js",
		"ü.txt":                 "ü",
		".secret":               "secret",
		".well-known/x":         "well known",
		"a/.well-known/x":       "secret",
		"sub/index.html":        "index",
		"list/b.txt":            "b",
		"list/c/d.txt":          "d",
		"list/.hidden":          "secret",
		"evil/http:/index.html": "index",
		"z.js":                  "plain",
		"z.js.gz":               "gzipped",
		"z.js.br":               "brotli",
		"../outside.txt":        "secret",
		"../root-2/f.txt":       "secret",
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, modified, modified); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// request sends one request, whole, and gives all that comes.
func request(co *loop.Co, w *world, text string) string {
	c := w.dial(co)
	c.send(co, text)
	got := c.now(co)
	c.Abort()
	return got
}

// fileCase is a request for a file, in short.
type fileCase struct {
	name   string
	path   string
	fields string
	want   string // the beginning of the response
	end    string // its end, before <open>
}

func checkFiles(t *testing.T, files http1.Handler, cases []fileCase) {
	t.Helper()
	serve(t, files, func(co *loop.Co, w *world) error {
		for _, tt := range cases {
			method, path, ok := strings.Cut(tt.path, " ")
			if !ok {
				method, path = "GET", tt.path
			}
			got := request(co, w, method+" "+path+" HTTP/1.1|Host: a|"+tt.fields+"|")
			if !strings.HasPrefix(got, "HTTP/1.1 "+tt.want) || !strings.HasSuffix(got, tt.end+"<open>") {
				t.Errorf("%s %s\n got %s\nwant %s...%s<open>", tt.name, tt.path, cutShort(got), tt.want, cutShort(tt.end))
			}
			if strings.Contains(got, "secret") {
				t.Errorf("%s %s: a secret was sent", tt.name, tt.path)
			}
		}
		return nil
	})
}

func cutShort(s string) string {
	if len(s) > 1000 {
		return s[:500] + "..." + s[len(s)-500:]
	}
	return s
}

// tag is the entity tag of a file of the folder.
func tag(size int) string { return fmt.Sprintf(`"%x-%x"`, modified.UnixNano(), size) }

func TestFiles(t *testing.T) {
	head := func(kind string, size int) string {
		return "200 OK|Content-Type: " + kind + "|Accept-Ranges: bytes|ETag: " + tag(size) +
			"|Last-Modified: Fri, 31 Dec 1999 12:00:00 GMT|DATE|Content-Length: " + fmt.Sprint(size) + "||"
	}
	text, html := "text/plain; charset=utf-8", "text/html; charset=utf-8"
	checkFiles(t, &http1.Files{Dir: folder(t)}, []fileCase{
		{"small", "/a.txt", "", head(text, 26) + alphabet, ""},
		{"empty", "/empty.txt", "", head(text, 0), "||"},
		{"big", "/big.txt", "", head(text, len(bigText)) + "abc", "xyz" + bigText[26:]},
		{"HEAD", "HEAD /a.txt", "", head(text, 26), "||"},
		{"HEAD big", "HEAD /big.txt", "", head(text, len(bigText)), "||"},
		{"sniffed", "/noext", "", head(html, 15), "<!doctype html>"},
		{"sniffed bytes", "/data", "", head("application/octet-stream", 2), "\x00\x01"},
		{"escaped", "/with%20space%20&%20%22q%22.js", "", head("text/javascript; charset=utf-8", 2), "js"},
		{"UTF-8", "/%C3%BC.txt", "", head(text, 2), "ü"},
		{"query", "/a.txt?v=1", "", head(text, 26), alphabet},
		{"absolute target", "http://b/a.txt", "", head(text, 26), alphabet},
		{"index", "/sub/", "", head(html, 5), "index"},
		{"index by name", "/sub/index.html", "", head(html, 5), "index"},
		{"well-known", "/.well-known/x", "", head("text/plain; charset=utf-8", 10), "well known"},
		{"folder", "/sub", "", "301 Moved Permanently|Location: ./sub/|", "\n"},
		{"folder and query", "/sub?a=b", "", "301 Moved Permanently|Location: ./sub/?a=b|", "\n"},
		{"folder like a scheme", "/evil/http:", "", "301 Moved Permanently|Location: ./http:/|", "\n"},
		{"no index", "/list/", "", "404 ", ""},
		{"root", "/", "", "404 ", ""},
		{"missing", "/missing", "", "404 ", ""},
		{"below a file", "/a.txt/b", "", "404 ", ""},
		{"a file as folder", "/a.txt/", "", "404 ", ""},
		{"hidden", "/.secret", "", "404 ", ""},
		{"hidden folder", "/a/.well-known/x", "", "404 ", ""},
		{"POST", "POST /a.txt", "", "405 Method Not Allowed|Allow: GET, HEAD|", "\n"},
		{"OPTIONS *", "OPTIONS *", "", "405 ", ""},
		{"not modified", "/a.txt", "If-None-Match: " + tag(26) + "|", "304 Not Modified|ETag: " + tag(26) + "|DATE||", ""},
		{"not modified by date", "/a.txt", "If-Modified-Since: " + at + "|", "304 ", ""},
		{"tag beats date", "/a.txt", "If-None-Match: \"x\"|If-Modified-Since: " + at + "|", head(text, 26), ""},
		{"HEAD not modified", "HEAD /a.txt", "If-None-Match: *|", "304 ", ""},
		{"not that one", "/a.txt", `If-Match: "x"|`, "412 Precondition Failed|", "||"},
	})
}

// TestFilesNoWayOut: whatever the path, nothing beside the folder is sent. That the
// secrets can be reached by other means is TestFilesFollowLinks.
func TestFilesNoWayOut(t *testing.T) {
	dir := folder(t)
	links(t, dir)
	long := strings.Repeat("x", 300)
	var cases []fileCase
	for _, path := range []string{
		"/../outside.txt", "/sub/../../outside.txt", "/sub/../a.txt", "/./a.txt", "/sub/.", "/..",
		"/%2e%2e/outside.txt", "/%2E%2e/outside.txt", "/.%2e/outside.txt", "/..%2foutside.txt", "/%2e%2e%2foutside.txt",
		"/sub%2findex.html", "/sub%2Findex.html", "/..%5coutside.txt", "/..\\outside.txt", "/%5c..%5coutside.txt",
		"//a.txt", "//outside.txt", "/sub//index.html", "//evil.example/..", "/sub//",
		"/a.txt%00", "/a%00.txt", "/%00", "/%", "/%zz", "/%ff", "/..%c0%af..", "/%252e%252e/outside.txt",
		"/" + filepath.ToSlash(dir) + "/../outside.txt", "/../root-2/f.txt", "/c:/windows", "/c:", "/file:///etc/passwd",
		"/" + long, "/" + long + ".txt/" + long, "/" + strings.Repeat("y/", 5000), "/" + strings.Repeat("../", 5000) + "outside.txt",
		"/out.txt", "/outdir/f.txt", "/absolute.txt", "/loop", "/dangling",
		"http://b/../outside.txt", "http://b?/../outside.txt",
	} {
		cases = append(cases, fileCase{path: path, want: "404 "})
	}
	cases = append(cases, fileCase{path: "/in.txt", want: "200 ", end: alphabet}, fileCase{path: "/indir/index.html", want: "200 ", end: "index"})
	checkFiles(t, &http1.Files{Dir: dir}, cases)
}

// links makes symbolic links that stay inside and that lead out.
func links(t *testing.T, dir string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Log("without symbolic links: Windows wants a privilege for them")
		return
	}
	for name, to := range map[string]string{
		"in.txt": "a.txt", "indir": "sub", "out.txt": "../outside.txt", "outdir": "../root-2",
		"absolute.txt": filepath.Join(dir, "a.txt"), "loop": "loop", "dangling": "nothing",
	} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFilesFollowLinks(t *testing.T) {
	dir := folder(t)
	links(t, dir)
	serve(t, &http1.Files{Dir: dir, FollowLinks: true}, func(co *loop.Co, w *world) error {
		for path, want := range map[string]string{
			"/out.txt": "200 ", "/outdir/f.txt": "200 ", "/absolute.txt": "200 ", "/in.txt": "200 ",
			"/loop": "404 ", "/dangling": "404 ", "/../outside.txt": "404 ", "/%2e%2e/outside.txt": "404 ",
		} {
			if got := request(co, w, "GET "+path+" HTTP/1.1|Host: a||"); !strings.HasPrefix(got, "HTTP/1.1 "+want) {
				t.Errorf("%s: %s", path, got)
			}
		}
		return nil
	})
}

func TestFilesOptions(t *testing.T) {
	dir := folder(t)
	t.Run("prefix", func(t *testing.T) {
		for _, prefix := range []string{"/static/", "/static"} {
			checkFiles(t, &http1.Files{Dir: dir, Prefix: prefix}, []fileCase{
				{"below", "/static/a.txt", "", "200 ", alphabet},
				{"folder", "/static/sub", "", "301 Moved Permanently|Location: ./sub/|", ""},
				{"beside", "/a.txt", "", "404 ", ""},
				{"begins like it", "/statica.txt", "", "404 ", ""},
				{"out of it", "/static/../a.txt", "", "404 ", ""},
			})
		}
	})
	t.Run("cache", func(t *testing.T) {
		checkFiles(t, &http1.Files{Dir: dir, CacheControl: "max-age=60"}, []fileCase{
			{"200", "/a.txt", "", "200 OK|Cache-Control: max-age=60|", ""},
			{"304", "/a.txt", "If-None-Match: *|", "304 Not Modified|Cache-Control: max-age=60|", ""},
		})
	})
	t.Run("index", func(t *testing.T) {
		checkFiles(t, &http1.Files{Dir: dir, Index: "a.txt"}, []fileCase{{"root", "/", "", "200 ", alphabet}, {"sub", "/sub/", "", "404 ", ""}})
		checkFiles(t, &http1.Files{Dir: dir, Index: "-"}, []fileCase{{"sub", "/sub/", "", "404 ", ""}})
	})
	t.Run("hidden", func(t *testing.T) {
		serve(t, &http1.Files{Dir: dir, Hidden: true}, func(co *loop.Co, w *world) error {
			if got := request(co, w, "GET /.secret HTTP/1.1|Host: a||"); !strings.HasSuffix(got, "||secret<open>") {
				t.Error(got)
			}
			return nil
		})
	})
	t.Run("no folder", func(t *testing.T) {
		serve(t, &http1.Files{Dir: filepath.Join(dir, "missing")}, func(co *loop.Co, w *world) error {
			if got := request(co, w, "GET /a HTTP/1.1|Host: a||"); !strings.HasPrefix(got, "HTTP/1.1 503 ") || !strings.Contains(w.log.take(), "missing") {
				t.Error(got)
			}
			return nil
		})
	})
}

func TestFilesList(t *testing.T) {
	const page = "<!doctype html>\n<meta charset=\"utf-8\">\n<pre>\n"
	checkFiles(t, &http1.Files{Dir: folder(t), List: true}, []fileCase{
		{"list", "/list/", "", "200 OK|Content-Type: text/html; charset=utf-8|DATE|",
			page + "<a href=\"b.txt\">b.txt</a>\n<a href=\"c/\">c/</a>\n</pre>\n"},
		{"escaped", "/", "", "200 ", "</pre>\n"},
		{"like a scheme", "/evil/", "", "200 ", "<a href=\"./http:/\">http:/</a>\n</pre>\n"},
		{"index first", "/sub/", "", "200 ", "index"},
		{"HEAD", "HEAD /list/", "", "200 ", "||"},
	})
	serve(t, &http1.Files{Dir: folder(t), List: true}, func(co *loop.Co, w *world) error {
		got := request(co, w, "GET / HTTP/1.1|Host: a||")
		if !strings.Contains(got, `<a href="with%20space%20&amp;%20%22q%22.js">with space &amp; &#34;q&#34;.js</a>`) {
			t.Error(got)
		}
		return nil
	})
}

func TestFilesPrecompressed(t *testing.T) {
	dir := folder(t)
	coded := func(coding, end string) fileCase {
		return fileCase{"", "/z.js", "", "200 OK|Vary: Accept-Encoding|Content-Encoding: " + coding + "|Content-Type: text/javascript; charset=utf-8|", end}
	}
	with := func(c fileCase, fields string) fileCase { c.name, c.fields = fields, fields; return c }
	plain := fileCase{"", "/z.js", "", "200 OK|Vary: Accept-Encoding|Content-Type: text/javascript; charset=utf-8|", "plain"}
	checkFiles(t, &http1.Files{Dir: dir, Precompressed: []string{"br", "gzip", "zstd"}}, []fileCase{
		plain,
		with(coded("gzip", "gzipped"), "Accept-Encoding: gzip|"),
		with(coded("gzip", "gzipped"), "Accept-Encoding: X-GZIP|"),
		with(coded("br", "brotli"), "Accept-Encoding: gzip, deflate, br|"),
		with(coded("gzip", "gzipped"), "Accept-Encoding: gzip, br;q=0.5|"),
		with(coded("gzip", "gzipped"), "Accept-Encoding: zstd, gzip;q=0.9, br;q=0.899|"),
		with(coded("br", "brotli"), "Accept-Encoding: *|"),
		with(coded("gzip", "gzipped"), "Accept-Encoding: br;q=0|Accept-Encoding: *|"),
		with(plain, "Accept-Encoding: gzip;q=0|"),
		with(plain, "Accept-Encoding: gzip;q=0.000, br;q=2.|"),
		with(plain, "Accept-Encoding: gzip;q=0.5, identity|"),
		with(plain, "Accept-Encoding:|"),
		with(plain, "Accept-Encoding: zstd|"),
		with(plain, "Accept-Encoding: gzippy, xgzip|"),
		{"no variants", "/a.txt", "Accept-Encoding: gzip|", "200 OK|Vary: Accept-Encoding|Content-Type: text/plain; charset=utf-8|", alphabet},
		{"range of the coded", "/z.js", "Accept-Encoding: gzip|Range: bytes=0-3|", "206 ", "gzip"},
		{"tag of the plain", "/z.js", "Accept-Encoding: gzip|If-None-Match: " + tag(5) + "|", "200 ", "gzipped"},
		{"tag of the coded", "/z.js", "Accept-Encoding: gzip|If-None-Match: " + tag(7)[:len(tag(7))-1] + "-gzip\"|", "304 Not Modified|Vary: Accept-Encoding|ETag: ", ""},
		{"by its own name", "/z.js.br", "", "200 ", "brotli"},
	})
	checkFiles(t, &http1.Files{Dir: dir}, []fileCase{{"off", "/z.js", "Accept-Encoding: gzip|", "200 OK|Content-Type: text/javascript", "plain"}})
}

// fsFile hides what a file can do besides.
type fsFile struct{ fs.File }

type plainFS struct{ fs.FS }

// seekFS gives files that can be read and sought in.
type seekFS struct{ fs.FS }

type seekFile struct {
	fs.File
	io.Seeker
}

func (p seekFS) Open(name string) (fs.File, error) {
	f, err := p.FS.Open(name)
	if s, ok := f.(io.Seeker); ok {
		f = seekFile{f, s}
	}
	return f, err
}

func (p plainFS) Open(name string) (fs.File, error) {
	f, err := p.FS.Open(name)
	return fsFile{f}, err
}

func TestFilesFS(t *testing.T) {
	files := fstest.MapFS{
		"a.txt":   {Data: []byte(alphabet), ModTime: modified},
		"big.txt": {Data: []byte(bigText), ModTime: modified},
		"old.txt": {Data: []byte(alphabet)},
		"big":     {Data: []byte(bigText)},
		"d/e.txt": {Data: []byte("e")},
	}
	checkFiles(t, &http1.Files{FS: files, List: true}, []fileCase{
		{"small", "/a.txt", "", "200 OK|Content-Type: text/plain; charset=utf-8|Accept-Ranges: bytes|ETag: " + tag(26), alphabet},
		{"big", "/big.txt", "", "200 ", bigText},
		{"range", "/big.txt", "Range: bytes=26-51|", "206 ", alphabet},
		{"no time", "/old.txt", "", "200 OK|Content-Type: text/plain; charset=utf-8|Accept-Ranges: bytes|DATE|", alphabet},
		{"list", "/d/", "", "200 ", "<a href=\"e.txt\">e.txt</a>\n</pre>\n"},
		{"missing", "/x", "", "404 ", ""},
		{"out", "/../x", "", "404 ", ""},
	})
	checkFiles(t, &http1.Files{FS: seekFS{files}}, []fileCase{
		{"big", "/big.txt", "", "200 ", bigText},
		{"range", "/big.txt", "Range: bytes=26-51|", "206 ", alphabet},
	})
	checkFiles(t, &http1.Files{FS: plainFS{files}}, []fileCase{
		{"small", "/a.txt", "Range: bytes=0-0|", "206 ", "a"},
		{"big", "/big.txt", "", "200 ", bigText},
		{"big and sniffed", "/big", "", "200 OK|Content-Type: text/plain; charset=utf-8|DATE|", bigText},
		{"no ranges", "/big.txt", "Range: bytes=0-0|", "200 OK|Content-Type: text/plain; charset=utf-8|ETag: ", bigText},
	})
}

// TestFilesErrorPage: a page that tells of an error is neither cut nor left out.
func TestFilesErrorPage(t *testing.T) {
	files := &http1.Files{Dir: folder(t)}
	checkFiles(t, http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		w.SetStatus(404)
		return files.ServeName(co, w, r, "page.html")
	}), []fileCase{
		{"plain", "/x", "", "404 ", "<p>"},
		{"range", "/x", "Range: bytes=0-0|", "404 ", "<p>"},
		{"condition", "/x", "If-None-Match: *|", "404 ", "<p>"},
	})
}

func TestFilesServeName(t *testing.T) {
	files := &http1.Files{Dir: folder(t)}
	serve(t, http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		return files.ServeName(co, w, r, r.Query())
	}), func(co *loop.Co, w *world) error {
		for name, want := range map[string]string{"page.html": "200 ", "sub": "404 ", "../outside.txt": "404 ", "/a.txt": "404 ", "": "404 "} {
			if got := request(co, w, "GET /any/path?"+name+" HTTP/1.1|Host: a||"); !strings.HasPrefix(got, "HTTP/1.1 "+want) {
				t.Errorf("%s: %s", name, got)
			}
		}
		return nil
	})
}

func ExampleFiles() {
	files := &http1.Files{
		Dir:           "public",
		Prefix:        "/static/",
		Precompressed: []string{"br", "gzip"},
		CacheControl:  "max-age=3600",
	}
	_ = &http1.Server{Handler: http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		switch path := r.Path(); {
		case path == "/":
			return files.ServeName(co, w, r, "index.html")
		case strings.HasPrefix(path, "/static/"):
			return files.Serve(co, w, r)
		}
		return w.Error(404, "")
	})}
}

func ExampleResponseWriter_Preconditions() {
	type article struct {
		version int
		changed time.Time
		text    string
	}
	a := article{version: 7, changed: time.Now(), text: "..."}
	_ = http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		if w.Preconditions(r, fmt.Sprintf(`"%d"`, a.version), a.changed) {
			return nil // the client has it already
		}
		_, err := w.WriteString(a.text)
		return err
	})
}
