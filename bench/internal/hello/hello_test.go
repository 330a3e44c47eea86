package hello

import (
	"bufio"
	"net/http"
	"strings"
	"testing"
)

func TestRequestIsOneWholeRequest(t *testing.T) {
	r := bufio.NewReader(strings.NewReader(Request))
	req, err := http.ReadRequest(r)
	if err != nil {
		t.Fatal(err)
	}
	if req.UserAgent() != UserAgent || req.Header.Get("Accept") != Accept || req.Host != "127.0.0.1" {
		t.Errorf("parsed as %q, %q, %q", req.UserAgent(), req.Header.Get("Accept"), req.Host)
	}
	if n := r.Buffered(); n != 0 {
		t.Errorf("%d bytes left after the request", n)
	}
}
