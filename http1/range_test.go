package http1_test

import (
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// TestRanges: RFC 9110, 14, on 26 bytes.
func TestRanges(t *testing.T) {
	files := fstest.MapFS{
		"a":     {Data: []byte(alphabet), ModTime: modified},
		"empty": {ModTime: modified},
	}
	part := func(from, to int) (want, end string) {
		return "206 Partial Content|", fmt.Sprintf("|Content-Range: bytes %d-%d/26|DATE|Content-Length: %d||%s", from, to, to-from+1, alphabet[from:to+1])
	}
	const whole, none = "200 OK|", "416 Range Not Satisfiable|Content-Type: text/plain; charset=utf-8|Content-Range: bytes */26|X-Content-Type-Options: nosniff|"
	huge := strings.Repeat("9", 40)
	var cases []fileCase
	add := func(name, fields, want, end string) {
		cases = append(cases, fileCase{name, "/a", fields, want, end})
	}
	for _, tt := range []struct {
		spec     string
		from, to int
	}{
		{"0-9", 0, 9}, {"0-0", 0, 0}, {"25-25", 25, 25}, {"22-", 22, 25}, {"-4", 22, 25}, {"1-10000000", 1, 25},
		{"0-", 0, 25}, {"-26", 0, 25}, {"-27", 0, 25}, {"-" + huge, 0, 25}, {"5-" + huge, 5, 25}, {"0-" + huge, 0, 25},
		{" 3-4 ", 3, 4}, {"3-4,", 3, 4}, {", 3-4", 3, 4}, {"3-4,26-", 3, 4}, {"-0,3-4", 3, 4}, {"007-008", 7, 8},
	} {
		want, end := part(tt.from, tt.to)
		add(tt.spec, "Range: bytes="+tt.spec+"|", want, end)
	}
	want, end := part(1, 2)
	add("case of the unit", "Range: BYTES=1-2|", want, end)
	for _, spec := range []string{
		"26-", "26-30", "-0", "10-3", huge + "-", huge + "-" + huge, "", ",", "-", "a-b", "1", "1-2-3", "--1", "+1-2", "1 - 2", "0x1-2", "1-2x", "1.0-2", "26-,27-", "10-3,0-0", "0-0,a-b",
	} {
		add(spec, "Range: bytes="+spec+"|", none, "||416 Range Not Satisfiable\n")
	}
	for _, v := range []string{"asdf", "lines=1-2", "bytes", "bytes 1-2", "bytes =1-2", "bytes=0-25,0-1", "bytes=0-,1-", "bytes=" + strings.Repeat("0-0,", 65), "bytes=" + strings.Repeat("30-,", 65) + "1-2"} {
		add(v, "Range: "+v+"|", whole, alphabet)
	}
	want, end = part(1, 2)
	add("if-range", "Range: bytes=1-2|If-Range: "+tag(26)+"|", want, end)
	add("if-range date", "Range: bytes=1-2|If-Range: "+at+"|", want, end)
	for _, v := range []string{`"x"`, "W/" + tag(26), tag(26) + ", " + tag(26), before, after, "garbage", "*"} {
		add("if-range "+v, "Range: bytes=1-2|If-Range: "+v+"|", whole, alphabet)
	}
	add("304 first", "Range: bytes=1-2|If-None-Match: "+tag(26)+"|", "304 ", "")
	add("412 first", "Range: bytes=1-2|If-Match: \"x\"|", "412 ", "")
	cases = append(cases,
		fileCase{"HEAD has none", "HEAD /a", "Range: bytes=1-2|", "200 OK|", "|Content-Length: 26||"},
		fileCase{"empty", "/empty", "Range: bytes=0-|", "200 OK|", "|Content-Length: 0||"},
		fileCase{"empty suffix", "/empty", "Range: bytes=-1|", "200 OK|", "||"})
	checkFiles(t, &http1.Files{FS: files}, cases)
}

// TestRangesMany: several ranges come as multipart/byteranges, which net/http's client
// and mime/multipart can read, with the length that was said.
func TestRangesMany(t *testing.T) {
	files := &http1.Files{Dir: folder(t)}
	serve(t, files, func(co *loop.Co, w *world) error {
		for _, file := range []struct{ name, text string }{{"a.txt", alphabet}, {"big.txt", bigText}} {
			got := request(co, w, "GET /"+file.name+" HTTP/1.1|Host: a|Range: bytes=-1, 0-0 ,3-5,100000000-,3-5|Connection: close||")
			res, err := http.ReadResponse(newReader([]byte(wire(got))), nil)
			if err != nil {
				t.Fatal(err, got)
			}
			if res.StatusCode != 206 || res.Header.Get("Content-Range") != "" {
				t.Error(res.Status, res.Header)
			}
			kind, params, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
			if err != nil || kind != "multipart/byteranges" {
				t.Fatal(kind, err)
			}
			counted := &countedReader{r: res.Body}
			parts := multipart.NewReader(counted, params["boundary"])
			n := len(file.text)
			for i, want := range []struct{ at, text string }{
				{fmt.Sprintf("%d-%d", n-1, n-1), "z"}, {"0-0", "a"}, {"3-5", "def"}, {"3-5", "def"},
			} {
				p, err := parts.NextPart()
				if err != nil {
					t.Fatal(err)
				}
				text, err := io.ReadAll(p)
				if string(text) != want.text || err != nil || p.Header.Get("Content-Range") != fmt.Sprintf("bytes %s/%d", want.at, n) ||
					p.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
					t.Errorf("part %d: %q, %v, %v", i, text, p.Header, err)
				}
			}
			if p, err := parts.NextPart(); err != io.EOF {
				t.Error(p, err)
			}
			if _, err := io.Copy(io.Discard, counted); err != nil || counted.n != res.ContentLength {
				t.Errorf("%d bytes, and said %d: %v", counted.n, res.ContentLength, err)
			}
		}
		return nil
	})
}

type countedReader struct {
	r io.Reader
	n int64
}

func (c *countedReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
