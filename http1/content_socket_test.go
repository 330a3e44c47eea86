package http1_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// TestContentSockets: forms, files and compression with net/http's client, several at
// a time, where Offload's goroutines are real.
func TestContentSockets(t *testing.T) {
	dir, temp := folder(t), t.TempDir()
	files := &http1.Files{Dir: dir, Prefix: "/files/"}
	h := http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		switch path := r.Path(); {
		case path == "/form":
			return tells(&http1.FormLimits{TempDir: temp})(co, w, r)
		case path == "/gzip":
			w.Header().Set("Content-Type", "text/plain")
			_, err := w.WriteString(bigText)
			return err
		case strings.HasPrefix(path, "/files/"):
			return files.Serve(co, w, r)
		}
		return w.Error(404, "")
	})
	onSockets(t, func() http1.Handler { return http1.Compress(h, nil) }, func(t *testing.T, s *realSite) {
		client := newClient(t)
		var clients sync.WaitGroup
		for range 8 {
			clients.Go(func() {
				checkUpload(t, client, s.url+"/form")
				for _, path := range []string{"/gzip", "/files/big.txt"} {
					checkDownload(t, client, s.url+path)
				}
			})
		}
		clients.Wait()
	})
	if left, err := os.ReadDir(temp); len(left) > 0 || err != nil {
		t.Error("left behind:", left, err)
	}
}

func checkUpload(t *testing.T, client *http.Client, url string) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	form.WriteField("title", "ä")
	part, err := form.CreateFormFile("photo", "p.jpg")
	if err != nil {
		t.Error(err)
		return
	}
	io.WriteString(part, bigText)
	form.Close()
	res, err := client.Post(url, form.FormDataContentType(), &body)
	if err != nil {
		t.Error(err)
		return
	}
	defer res.Body.Close()
	sum := sha256.Sum256([]byte(bigText))
	want := fmt.Sprintf("\"title\"=[\"ä\"];\"photo\":\"p.jpg\" 260000 %x application/octet-stream;", sum[:4])
	if got, err := io.ReadAll(res.Body); string(got) != want || err != nil {
		t.Errorf("got %s, want %s: %v", got, want, err)
	}
}

// checkDownload gets a text compressed, as the client asks for by itself, and a part
// of it as it is, as it does with ranges.
func checkDownload(t *testing.T, client *http.Client, url string) {
	for _, part := range []string{"", "bytes=26-51"} {
		req, err := http.NewRequest("GET", url, nil)
		if err != nil {
			t.Error(err)
			return
		}
		want, status := bigText, 200
		if part != "" {
			req.Header.Set("Range", part)
			if strings.HasSuffix(url, ".txt") {
				want, status = alphabet, 206
			}
		}
		res, err := client.Do(req)
		if err != nil {
			t.Error(err)
			return
		}
		got, err := io.ReadAll(res.Body)
		res.Body.Close()
		if string(got) != want || err != nil || res.StatusCode != status || res.Uncompressed != (part == "") {
			t.Errorf("%s %s: %d, %d bytes, uncompressed: %v, %v", url, part, res.StatusCode, len(got), res.Uncompressed, err)
		}
	}
}
