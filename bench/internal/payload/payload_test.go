package payload

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestPostIsOneWholeRequest(t *testing.T) {
	r := bufio.NewReader(strings.NewReader(Post()))
	req, err := http.ReadRequest(r)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(req.Body)
	if err != nil || len(body) != PostSize || req.ContentLength != PostSize || r.Buffered() != 0 {
		t.Errorf("body of %d bytes, Content-Length %d, %v; %d bytes left", len(body), req.ContentLength, err, r.Buffered())
	}
}

func TestSizes(t *testing.T) {
	if len(Message()) != MessageSize || len(Download()) != DownloadSize {
		t.Errorf("a message of %d bytes and a download of %d", len(Message()), len(Download()))
	}
}
