package http1_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// sends is a handler that sends n bytes of a file from offset on, between two texts,
// with a Content-Length of length if that is not negative.
func sends(f *os.File, offset, n, length int64) http1.HandlerFunc {
	return func(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
		if length >= 0 {
			w.Header().Set("Content-Length", strconv.FormatInt(length, 10))
		}
		w.WriteString("<")
		if err := w.SendFile(f, offset, n); err != nil {
			return err
		}
		_, err := w.WriteString(">")
		return err
	}
}

func tempFile(t *testing.T, text string) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestSendFile(t *testing.T) {
	f := tempFile(t, alphabet)
	for _, tt := range []handlerCase{
		{name: "length", handle: sends(f, 1, 3, 5), want: "HTTP/1.1 200 OK|DATE|Content-Length: 5||<bcd><open>"},
		{name: "chunks", handle: sends(f, 1, 3, -1), want: "HTTP/1.1 200 OK|DATE|Transfer-Encoding: chunked||4|<bcd|1|>|0||<open>"},
		{name: "1.0", handle: sends(f, 1, 3, -1), send: "GET / HTTP/1.0||", want: "HTTP/1.1 200 OK|DATE|Connection: close||<bcd><end>"},
		{name: "HEAD", handle: sends(f, 1, 3, 5), send: "HEAD / HTTP/1.1|Host: a||", want: "HTTP/1.1 200 OK|DATE|Content-Length: 5||<open>"},
		{name: "nothing", handle: sends(f, 26, 0, -1), want: "HTTP/1.1 200 OK|DATE|Content-Length: 2||<><open>"},
		{name: "more than the length", handle: sends(f, 1, 3, 3), want: failure + "<open>", log: "differs from its Content-Length"},
		{name: "pipelined", handle: sends(f, 0, 1, 3), send: get + getLast, want: "HTTP/1.1 200 OK|DATE|Content-Length: 3||<a>HTTP/1.1 200 OK|DATE|Content-Length: 3|Connection: close||<a><end>"},
		{name: "no body", want: failure + "<open>", log: "no body", handle: func(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
			w.SetStatus(204)
			return w.SendFile(f, 0, 1)
		}},
		{name: "negative", handle: sends(f, -1, 1, -1), want: failure + "<open>", log: "negative"},
		// What was promised cannot be given: nobody may take it for whole.
		{name: "too short", handle: sends(f, 20, 10, 12), want: "HTTP/1.1 200 OK|DATE|Content-Length: 12||<<reset>"},
		{name: "too short in chunks", handle: sends(f, 20, 10, -1), want: failure + "<open>", log: "4 bytes of the file are missing"},
		{name: "too short in a stream", want: "HTTP/1.1 200 OK|DATE|Transfer-Encoding: chunked||1|x|<end>", log: "4 bytes of the file are missing", handle: func(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
			w.WriteString("x")
			return errors.Join(w.Flush(), w.SendFile(f, 20, 10))
		}},
	} {
		tt.check(t)
	}
}

// TestSendFileSockets: the system copies, on every backend: whole, a range, to a client
// that has closed its half, and behind it the next response.
func TestSendFileSockets(t *testing.T) {
	text := strings.Repeat(bigText, 10)
	f := tempFile(t, text)
	onSockets(t, func() http1.Handler {
		return routes{"/": site["/"], "/whole": sends(f, 0, int64(len(text)), int64(len(text))+2), "/part": sends(f, 26, 100_000, 100_002)}
	}, func(t *testing.T, s *realSite) {
		c := dial(t, s.addr)
		fmt.Fprint(c, wire("GET /whole HTTP/1.1|Host: a||GET /part HTTP/1.1|Host: a||"+getLast))
		if err := c.(*net.TCPConn).CloseWrite(); err != nil {
			t.Error(err)
		}
		got, err := io.ReadAll(c)
		if err != nil {
			t.Error(err)
		}
		want := fmt.Sprintf("HTTP/1.1 200 OK|Content-Length: %d||<%s>HTTP/1.1 200 OK|Content-Length: 100002||<%s>%s",
			len(text)+2, text, text[26:100_026], strings.TrimSuffix(undated(last), "<end>"))
		if got := undated(story(got)); got != want {
			t.Errorf("got %d bytes %s, want %d", len(got), cutShort(got), len(want))
		}
	})
}

// sparse makes a file of n zero bytes that takes no room on the disk.
func sparse(t *testing.T, n int64) (dir, name string) {
	t.Helper()
	dir = t.TempDir()
	name = filepath.Join(dir, "f")
	if err := os.WriteFile(name, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(name, n); err != nil {
		t.Fatal(err)
	}
	return dir, name
}

// TestFileShrinks: a file that gets shorter while it is sent breaks the connection,
// and what came before counts as cut off.
func TestFileShrinks(t *testing.T) {
	const size = 64 << 20 // more than the buffers of two sockets
	dir, name := sparse(t, size)
	onSockets(t, func() http1.Handler { return &http1.Files{Dir: dir} }, func(t *testing.T, s *realSite) {
		if err := os.Truncate(name, size); err != nil {
			t.Fatal(err)
		}
		res, err := newClient(t).Get(s.url + "/f")
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if _, err := io.ReadFull(res.Body, make([]byte, 1000)); err != nil || res.ContentLength != size {
			t.Fatal(err, res.ContentLength)
		}
		if err := os.Truncate(name, 100); err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, res.Body)
		if err == nil || n >= size-1000 {
			t.Errorf("%d bytes more, %v", n, err)
		}
	})
}

// TestFileGrows: what is appended while a file is sent is not, and the connection goes
// on.
func TestFileGrows(t *testing.T) {
	const size = 16 << 20
	dir, name := sparse(t, size)
	onSockets(t, func() http1.Handler { return &http1.Files{Dir: dir} }, func(t *testing.T, s *realSite) {
		if err := os.Truncate(name, size); err != nil {
			t.Fatal(err)
		}
		c := dial(t, s.addr)
		defer c.Close()
		fmt.Fprint(c, wire("GET /f HTTP/1.1|Host: a||HEAD /missing HTTP/1.1|Host: a|Connection: close||"))
		r := countedReader{r: c}
		if _, err := io.ReadFull(&r, make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(name, size+1); err != nil {
			t.Fatal(err)
		}
		rest, err := io.ReadAll(&r)
		if err != nil {
			t.Fatal(err)
		}
		// Behind the zeros the next response stands in full.
		i := strings.LastIndexByte(string(rest), 0)
		if got := string(rest[i+1:]); !strings.HasPrefix(got, "HTTP/1.1 404 ") || !strings.HasSuffix(got, "\r\n\r\n") {
			t.Errorf("behind the file: %q", cutShort(got))
		}
		if zeros := strings.Count(string(rest), "\x00"); zeros > size || zeros < size-1000 {
			t.Errorf("%d zeros", zeros)
		}
	})
}

// TestSendFileCancelled: a handler that is cancelled while a file is sent leaves
// nothing behind that reads from the file, which may be closed now.
func TestSendFileCancelled(t *testing.T) {
	_, name := sparse(t, 16<<20)
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	patience := errors.New("no more patience")
	var failed error
	h := http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
		co.Loop().After(time.Second, func() { co.Cancel(patience) })
		w.Header().Set("Content-Length", strconv.Itoa(16<<20))
		failed = w.SendFile(f, 0, 16<<20)
		return failed // and f is left open, so that a stream that went on could
	})
	serve(t, h, func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.send(co, get)
		if failed != nil {
			t.Error(failed)
		}
		if err := loop.Sleep(co, 2*time.Second); err != nil {
			return err
		}
		if !errors.Is(failed, patience) {
			t.Error(failed)
		}
		if got := c.raw(co); !strings.HasPrefix(got, "HTTP/1.1 200 ") || len(got) > 8<<20 {
			t.Errorf("%d bytes", len(got))
		}
		if got := c.now(co); got != "<reset>" {
			t.Error(got)
		}
		return nil
	})
}

// A countingFS counts what it has open, and fails as it is told.
type countingFS struct {
	fs.FS
	open   int
	opened int   // so far
	err    error // of reading
}

func (c *countingFS) Stat(name string) (fs.FileInfo, error) { return fs.Stat(c.FS, name) }

type countedFile struct {
	fs.File
	io.ReaderAt
	of *countingFS
}

func (c *countingFS) Open(name string) (fs.File, error) {
	f, err := c.FS.Open(name)
	if err != nil {
		return nil, err
	}
	c.open++
	c.opened++
	at, _ := f.(io.ReaderAt)
	return &countedFile{f, at, c}, nil
}

func (f *countedFile) ReadAt(p []byte, offset int64) (int, error) {
	if f.of.err != nil {
		return 0, f.of.err
	}
	return f.ReaderAt.ReadAt(p, offset)
}

func (f *countedFile) Close() error {
	f.of.open--
	return f.File.Close()
}

// TestFilesAreClosed: whatever happens to a response, no file is left open.
func TestFilesAreClosed(t *testing.T) {
	files := &countingFS{FS: fstest.MapFS{
		"a": {Data: []byte(alphabet)}, "big": {Data: []byte(bigText)}, "big.gz": {Data: []byte("x")}, "d/index.html": {Data: []byte("i")}, "e/f": {},
	}}
	h := &http1.Files{FS: files, List: true, Precompressed: []string{"gzip"}}
	serve(t, h, func(co *loop.Co, w *world) error {
		for _, line := range []string{"GET /a", "GET /big", "HEAD /big", "GET /d", "GET /d/", "GET /e/", "GET /a/", "GET /missing", "POST /a"} {
			for _, fields := range []string{"", "If-None-Match: *|", "Range: bytes=99999999-|", "Accept-Encoding: gzip|"} {
				request(co, w, line+" HTTP/1.1|Host: a|"+fields+"|")
				if files.open != 0 {
					t.Fatalf("%s %s: %d files are open", line, fields, files.open)
				}
			}
		}
		c := w.dial(co)
		c.send(co, "GET /big HTTP/1.1|Host: a||")
		if files.open != 1 {
			t.Error("nothing is open while a slow client is served")
		}
		c.Abort()
		settle(co)
		if files.open != 0 {
			t.Error("a file is open after its client has gone")
		}
		files.err = errors.New("the disk is broken")
		if got := request(co, w, "GET /big HTTP/1.1|Host: a||"); !strings.HasPrefix(got, "HTTP/1.1 500 ") || !strings.Contains(w.log.take(), "broken") {
			t.Error(got)
		}
		if files.open != 0 {
			t.Error("a file is open after it could not be read")
		}
		return nil
	})
}

// TestFilesDevices: what is no file is not even opened, which could do something.
func TestFilesDevices(t *testing.T) {
	files := &countingFS{FS: fstest.MapFS{"tape": {Mode: fs.ModeDevice}, "pipe": {Mode: fs.ModeNamedPipe}, "a": {}}}
	checkFiles(t, &http1.Files{FS: files}, []fileCase{{"device", "/tape", "", "404 ", ""}, {"pipe", "/pipe", "", "404 ", ""}})
	if files.opened != 0 {
		t.Errorf("%d were opened", files.opened)
	}
	checkFiles(t, &http1.Files{FS: files}, []fileCase{{"file", "/a", "", "200 ", ""}})
	if files.opened != 1 {
		t.Errorf("a file was opened %d times", files.opened)
	}
}

func ExampleResponseWriter_SendFile() {
	_ = http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		report, size, err := makeReport(co)
		if err != nil {
			return err
		}
		defer report.Close()
		w.Header().Set("Content-Type", "application/pdf")
		w.Header().Set("Content-Length", strconv.FormatInt(size, 10)) // so the system can copy
		return w.SendFile(report, 0, size)
	})
}

func makeReport(*loop.Co) (*os.File, int64, error) { return nil, 0, errors.New("not in an example") }
